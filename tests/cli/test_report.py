from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from app.crypto import fingerprint
from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from tests.cli.runner import quietline, refused, worked
from tests.services.letters import send
from tests.services.sealed_files import upload_for
from tests.support import Clock, Place


@pytest.fixture
def folder(place: Place) -> Path:
    """The data folder of a place with one report in it."""
    send(place, Receipt.generate())
    return place.ctx.settings.data


def test_status_counts_without_content(place: Place, folder: Path) -> None:
    output = worked(quietline(folder, "status"))
    assert "ethics (Ethics team), open: 1 new, 0 acknowledged, 0 in progress, 0 closed" in output
    assert "audit (Audit committee), not yet open" in output


def test_status_for_programs_is_json(place: Place, folder: Path) -> None:
    place.ctx.cut_journal()  # or the command does it, and the file has grown when it is measured again
    found = json.loads(worked(quietline(folder, "status", "--json")))
    assert found["organisation"] == place.id
    assert found["channels"][0]["cases"] == {"new": 1, "acknowledged": 0, "in_progress": 0, "closed": 0}
    assert found["database_bytes"] == place.ctx.database.size()


def test_quiet_status_speaks_only_of_what_is_overdue(place: Place, clock: Clock) -> None:
    send(place, Receipt.generate())
    assert worked(quietline(place.ctx.settings.data, "status", "--quiet")) == ""
    clock.move(days=-3650)
    send(place, Receipt.generate())
    assert "1 overdue to acknowledge" in worked(quietline(place.ctx.settings.data, "status", "--quiet"))


def test_fingerprints_of_channels_and_recovery_are_printed(place: Place, folder: Path) -> None:
    output = worked(quietline(folder, "fingerprint"))
    assert f"{fingerprint.channel(place.keyring.recipient, place.keyring.verify)}  Ethics team" in output
    assert "not yet open  Audit committee" in output
    assert f"{fingerprint.recovery(str(place.recovery.recipient))}  Recovery recipient 1" in output


def test_an_officers_public_keys_can_be_printed(place: Place, folder: Path) -> None:
    found = json.loads(worked(quietline(folder, "fingerprint", "--officer", "Olivia", "--json")))
    member = place.olivia.member
    assert (found["id"], found["recipient"], found["verify"]) == (member.id, member.recipient, member.verify)
    assert found["fingerprint"] == fingerprint.officer(member.recipient, member.verify)
    assert "no officer" in refused(quietline(folder, "fingerprint", "--officer", "nobody"))


def test_the_organisation_can_be_named(place: Place, folder: Path) -> None:
    worked(quietline(folder, "status", "--organisation", place.id))
    assert "There is no such organisation" in refused(quietline(folder, "status", "--organisation", "a" * 26))


def test_an_export_goes_to_standard_output_or_to_a_private_file(place: Place, folder: Path) -> None:
    printed = worked(quietline(folder, "export"))
    worked(quietline(folder, "export", "-o", "export.jsonl"))
    first, *rest = (folder / "export.jsonl").read_text().splitlines()
    assert rest == printed.splitlines()[1:]
    assert json.loads(first)["organisation"] == place.id
    assert stat.S_IMODE((folder / "export.jsonl").stat().st_mode) == 0o600
    assert "--force" in refused(quietline(folder, "export", "-o", "export.jsonl"))
    worked(quietline(folder, "export", "-o", "export.jsonl", "--force"))


def test_status_tells_of_the_room_for_files_once_a_limit_is_set(place: Place, folder: Path) -> None:
    upload_for(place, Receipt.generate(), bytes(60_000))
    used = sum(place.ctx.blobs.read(place.id, AttachmentId(name))[0] for name in place.ctx.blobs.names(place.id))
    assert "storage" not in worked(quietline(folder, "status"))
    found = json.loads(worked(quietline(folder, "status", "--json", STORAGE_BYTES="1000000")))
    assert found["storage"] == {"used_bytes": used, "limit_bytes": 1000000}
    assert worked(quietline(folder, "status", "--quiet", STORAGE_BYTES="1000000")) == ""
    assert "FILLING UP" in worked(quietline(folder, "status", "--quiet", STORAGE_BYTES=str(used * 5 // 4)))
