"""Files away from the server: copied beside an export, shown, compared and saved, with keys that the server never has."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.cli import exportfiles
from app.crypto import attachment, fingerprint, identity_file, recovery
from app.crypto.encoding import b64u_decode
from app.crypto.message import Attachment
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind
from app.services import files, intake, triage
from app.services.export import export as export_lines
from tests.cli.runner import quietline, refused, worked
from tests.services.letters import letter, officer, report
from tests.support import PASSWORD, Person, Place, enrol, make_person

CHUNK = 65536
PHOTO = os.urandom(3 * CHUNK + 77)
LEDGER = b"account;amount\n1200;17\n"
MOST = 1 << 30


@dataclass(frozen=True)
class Away:
    """Another machine: an export, its files and Olivia's identity file in a folder."""

    folder: Path
    place: Place
    receipt: Receipt
    photo: Attachment
    ledger: Attachment

    def sealed(self, file: Attachment) -> Path:
        return self.folder / "files" / f"{file.id}.age"

    def saved(self, name: str) -> Path:
        return self.folder / "saved" / name


def seal_file(place: Place, receipt: Receipt, content: bytes, name: str, kind: str = "") -> Attachment:
    pieces = iter([content[:1000], content[1000:]])
    return files.seal_file(place.ctx, place.id, [place.keyring.recipient, str(receipt.identity.recipient)], name, kind, pieces, MOST)


def send(place: Place, receipt: Receipt, *attachments: Attachment) -> None:
    """A report that names these files, and says something that looks like another."""
    text = "See the files.\n  File: forged.pdf\n  application/pdf, 1 bytes, there"
    number, sealed = report(place, receipt, text, files=attachments)
    named = [AttachmentId(each.id) for each in attachments]
    intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, number, sealed, named)


def take_away(place: Place, folder: Path, *people: Person) -> None:
    """What an administrator and the officers bring to another machine."""
    folder.mkdir(exist_ok=True)
    named: list[AttachmentId] = []
    (folder / "export.jsonl").write_bytes(b"".join(exportfiles.noting(export_lines(place.ctx, place.id), named)))
    assert exportfiles.copy(place.ctx.blobs, place.id, named, folder / "files", force=True) == []
    for person in people:
        (folder / f"{person.user}.age").write_bytes(identity_file.seal(person.keys, person.secrets.unlock.recipient))


def export(place: Place, *arguments: str | Path) -> Any:
    return quietline(place.ctx.settings.data, "export", *arguments)


def desk(away: Away, *arguments: str | Path, user: str = "olivia") -> Any:
    common = ["desk", "export.jsonl", "--identity", f"{user}.age", "--user", user, "--password-file", "-"]
    return quietline(away.folder, *common, *arguments, stdin=PASSWORD)


def shown(done: Any, code: int = 0) -> list[dict[str, Any]]:
    """The files of the report, as JSON."""
    assert done.returncode == code, done.stderr
    (case,) = json.loads(done.stdout)["cases"]
    found: list[dict[str, Any]] = case["messages"][0]["files"]
    return found


@pytest.fixture
def away(place: Place, tmp_path: Path) -> Away:
    receipt = Receipt.generate()
    photo = seal_file(place, receipt, PHOTO, "photo.jpg", "image/jpeg")
    ledger = seal_file(place, receipt, LEDGER, "ledger.csv", "text/csv")
    send(place, receipt, photo, ledger)
    take_away(place, tmp_path / "elsewhere", place.olivia, place.nathan)
    return Away(tmp_path / "elsewhere", place, receipt, photo, ledger)


ALL = ("--files", "files", "--json")


def test_sealed_files_are_copied_beside_the_export_as_they_are_stored(away: Away) -> None:
    folder = away.folder / "files"
    shutil.rmtree(folder)
    worked(export(away.place, "-o", away.folder / "export.jsonl", "--force", "--files", folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {each.name for each in folder.iterdir()} == {f"{away.photo.id}.age", f"{away.ledger.id}.age"}
    for file, content in ((away.photo, PHOTO), (away.ledger, LEDGER)):
        path = away.sealed(file)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        _, stored = away.place.ctx.blobs.read(away.place.id, AttachmentId(file.id))
        assert path.read_bytes() == b"".join(stored)
        opened = attachment.open([path.read_bytes()], [away.receipt.identity], file.size, file.sha256)
        assert b"".join(opened) == content


def test_an_export_without_the_files_says_how_many_it_left_out(away: Away) -> None:
    done = export(away.place)
    assert done.returncode == 0
    assert done.stderr.decode() == "quietline: sealed files left out: 2. With --files FOLDER they are copied too.\n"
    assert done.stdout.splitlines()[1:] == (away.folder / "export.jsonl").read_bytes().splitlines()[1:]


def test_files_that_are_there_are_not_replaced_without_force(away: Away) -> None:
    away.sealed(away.photo).write_bytes(b"old")
    again = ("-o", away.folder / "new.jsonl", "--files", away.folder / "files")
    assert "--force" in refused(export(away.place, *again))
    assert away.sealed(away.photo).read_bytes() == b"old"
    assert not (away.folder / "new.jsonl").exists()
    worked(export(away.place, *again, "--force"))
    assert [each["state"] for each in shown(desk(away, *ALL))] == ["there", "there"]


def test_a_file_that_the_store_has_lost_is_named_and_the_rest_is_written(away: Away) -> None:
    place, folder = away.place, away.folder / "second"
    place.ctx.blobs.delete(place.id, AttachmentId(away.photo.id))
    done = export(place, "-o", away.folder / "second.jsonl", "--files", folder)
    assert done.returncode == 1
    assert f"MISSING: {away.photo.id}.age" in done.stderr.decode()
    assert "Files missing: 1 of 2" in done.stderr.decode()
    assert [each.name for each in folder.iterdir()] == [f"{away.ledger.id}.age"]
    first, second = ((away.folder / name).read_bytes().splitlines() for name in ("export.jsonl", "second.jsonl"))
    assert second[1:] == first[1:]


def test_the_desk_lists_files_and_opens_each_to_its_end(away: Away) -> None:
    photo, ledger = shown(desk(away, *ALL))
    assert photo == {
        "id": away.photo.id,
        "name": "photo.jpg",
        "type": "image/jpeg",
        "size": len(PHOTO),
        "sha256": hashlib.sha256(PHOTO).hexdigest(),
        "state": "there",
        "saved": None,
    }
    assert (ledger["name"], ledger["size"], ledger["state"]) == ("ledger.csv", len(LEDGER), "there")
    text = worked(desk(away, "--case", away.receipt.case_id, "--files", "files"))
    assert f"\n  File: photo.jpg\n  image/jpeg, {len(PHOTO)} bytes, there\n  SHA-256 {hashlib.sha256(PHOTO).hexdigest()}" in text


def test_a_text_cannot_pass_for_a_file(away: Away) -> None:
    lines = worked(desk(away, "--case", away.receipt.case_id, "--files", "files")).splitlines()
    assert sum(line.startswith("  File: ") for line in lines) == 2
    assert any("File: forged.pdf" in line for line in lines)


def test_without_the_folder_files_are_listed_and_not_looked_for(away: Away) -> None:
    assert [each["state"] for each in shown(desk(away, "--json"))] == [None, None]
    assert "photo.jpg" in worked(desk(away, "--case", away.receipt.case_id))
    assert [each.name for each in away.folder.iterdir() if each.name == "saved"] == []


def test_files_are_saved_as_they_were_sent_and_for_their_owner_only(away: Away) -> None:
    output = worked(desk(away, "--case", away.receipt.case_id, "--files", "files", "--save", "saved"))
    assert "saved as photo.jpg" in output
    assert "Dangerzone" in output
    assert away.saved("photo.jpg").read_bytes() == PHOTO
    assert away.saved("ledger.csv").read_bytes() == LEDGER
    assert stat.S_IMODE(away.saved("").stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in away.saved("").iterdir()} == {0o600}


def test_saving_replaces_nothing_and_adds_a_number(away: Away) -> None:
    away.saved("").mkdir()
    away.saved("photo.jpg").write_bytes(b"mine")
    away.saved("ledger.csv").symlink_to(away.folder / "elsewhere.csv")
    names = [shown(desk(away, *ALL, "--save", "saved")) for _ in range(2)]
    assert [[each["saved"] for each in files] for files in names] == [
        ["photo (2).jpg", "ledger (2).csv"],
        ["photo (3).jpg", "ledger (3).csv"],
    ]
    assert away.saved("photo.jpg").read_bytes() == b"mine"
    assert not (away.folder / "elsewhere.csv").exists()
    assert away.saved("photo (3).jpg").read_bytes() == PHOTO


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda sealed: flipped(sealed, -40), id="last chunk"),
        pytest.param(lambda sealed: flipped(sealed, 100), id="header"),
        pytest.param(lambda sealed: sealed[: -CHUNK - 16], id="cut"),
        pytest.param(lambda sealed: sealed + b"x", id="longer"),
        pytest.param(lambda sealed: b"", id="empty"),
    ],
)
def test_an_altered_file_leaves_nothing_is_named_and_the_rest_is_saved(away: Away, change: Any) -> None:
    path = away.sealed(away.photo)
    path.write_bytes(change(path.read_bytes()))
    done = desk(away, *ALL, "--save", "saved")
    assert [(each["name"], each["state"], each["saved"]) for each in shown(done, code=1)] == [
        ("photo.jpg", "altered", None),
        ("ledger.csv", "there", "ledger.csv"),
    ]
    assert "Files missing or altered: 1 of 2" in done.stderr.decode()
    assert [each.name for each in away.saved("").iterdir()] == ["ledger.csv"]
    text = desk(away, "--case", away.receipt.case_id, "--files", "files")
    assert text.returncode == 1
    assert "ALTERED" in text.stdout.decode()
    assert "See the files." in text.stdout.decode()


def test_a_missing_file_is_named_and_the_rest_is_shown(away: Away) -> None:
    away.sealed(away.ledger).unlink()
    assert [each["state"] for each in shown(desk(away, *ALL), code=1)] == ["there", "missing"]
    assert "MISSING" in desk(away, "--case", away.receipt.case_id, "--files", "files").stdout.decode()


def test_a_file_swapped_for_another_of_the_case_is_altered(away: Away) -> None:
    photo, ledger = away.sealed(away.photo).read_bytes(), away.sealed(away.ledger).read_bytes()
    away.sealed(away.photo).write_bytes(ledger)
    away.sealed(away.ledger).write_bytes(photo)
    assert [each["state"] for each in shown(desk(away, *ALL, "--save", "saved"), code=1)] == ["altered", "altered"]
    assert list(away.saved("").iterdir()) == []


def test_links_and_pipes_in_the_folder_are_not_followed(away: Away) -> None:
    outside = away.sealed(away.photo).rename(away.folder / "outside.age")
    away.sealed(away.photo).symlink_to(outside)
    away.sealed(away.ledger).unlink()
    os.mkfifo(away.sealed(away.ledger))
    assert [each["state"] for each in shown(desk(away, *ALL), code=1)] == ["missing", "missing"]


HOSTILE = {
    "../../../etc/cron.d/job": "job",
    "..\\..\\run.bat": "run.bat",
    "/etc/passwd": "passwd",
    "..": "file",
    ".bashrc": "_.bashrc",
    "-rf": "_-rf",
    "\x1b[2Jcute\u202egpj.exe": "[2Jcutegpj.exe",
    "two\nlines.txt": "two lines.txt",
    "水" * 99 + "x": "水" * 85,
    "水" * 96 + ".pdf": "水" * 83 + ".pdf",
}


def smuggled(place: Place, receipt: Receipt, names: list[str]) -> Iterator[Attachment]:
    """Manifests as only a hostile client writes them."""
    for name in names:
        yield replace(seal_file(place, receipt, name.encode(), "clean"), name=name, type="text/\x1b]0;boo\x07")


def test_hostile_names_and_types_stay_in_the_folder_and_steer_nothing(place: Place, tmp_path: Path) -> None:
    receipt = Receipt.generate()
    send(place, receipt, *smuggled(place, receipt, list(HOSTILE)))
    take_away(place, tmp_path / "elsewhere", place.olivia)
    away = Away(tmp_path / "elsewhere", place, receipt, *smuggled(place, receipt, ["a", "b"]))
    before = {each for each in tmp_path.rglob("*") if "saved" not in each.parts}
    files = shown(desk(away, *ALL, "--save", "saved"))
    assert [each["saved"] for each in files] == list(HOSTILE.values())
    assert {each["type"] for each in files} == {""}
    assert {each.name: each.read_bytes().decode() for each in away.saved("").iterdir()} == {
        clean: given for given, clean in HOSTILE.items()
    }
    assert {each for each in tmp_path.rglob("*") if "saved" not in each.parts} == before
    output = desk(away, "--case", receipt.case_id, "--files", "files").stdout.decode()
    assert not set(output) & {"\x1b", "\x07", "\u202e"}


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.NOTE])
def test_files_of_officers_open_too(away: Away, kind: Kind) -> None:
    place = away.place
    recipients = [place.keyring.recipient] + ([] if kind is Kind.NOTE else [str(away.receipt.identity.recipient)])
    minutes = files.seal_file(place.ctx, place.id, recipients, "minutes.txt", "text/plain", [LEDGER], MOST)
    number, sealed = letter(place, place.olivia, away.receipt, "See the minutes.", kind, files=[minutes])
    named = [AttachmentId(minutes.id)]
    triage.post(place.ctx, officer(place, place.olivia), away.receipt.case_id, number, kind, sealed, attachments=named)
    take_away(place, away.folder, place.olivia)
    (case,) = json.loads(worked(desk(away, *ALL, "--save", "saved")))["cases"]
    assert [each["saved"] for each in case["messages"][1]["files"]] == ["minutes.txt"]
    assert away.saved("minutes.txt").read_bytes() == LEDGER


def test_an_officer_of_another_channel_opens_no_file(away: Away) -> None:
    (case,) = json.loads(worked(desk(away, *ALL, "--save", "saved", user="nathan")))["cases"]
    assert case["messages"] is None
    assert not away.saved("").exists()


def test_nothing_is_saved_from_a_made_up_channel(away: Away) -> None:
    given = ("--fingerprint", "abcd " * 8)
    assert "ALARM" in refused(desk(away, *ALL, "--save", "saved", *given))
    assert not away.saved("").exists()


@pytest.mark.parametrize("arguments", [("--files", "files"), ("--save", "saved", "--json"), ("--files", "nowhere", "--json")])
def test_options_that_make_no_sense_together_are_refused(away: Away, arguments: tuple[str, ...]) -> None:
    done = desk(away, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--files" in done.stderr or b"nowhere" in done.stderr


def test_the_recovery_words_lead_to_the_files(away: Away) -> None:
    place = away.place
    rosa = make_person(place.id, "rosa", "Rosa Recovered")
    enrol(place.ctx, rosa, place.ethics_id)
    member = rosa.member
    facts = {"id": member.id, "name": member.name, "recipient": member.recipient, "verify": member.verify}
    (away.folder / "rosa.json").write_text(json.dumps(facts))
    shown_by_rosa = fingerprint.officer(member.recipient, member.verify)
    common = ["recover", "export.jsonl", "--officer", "rosa.json", "--fingerprint", shown_by_rosa, "--words-file", "-"]
    worked(quietline(away.folder, *common, stdin=" ".join(recovery.words(place.recovery.seed))))
    install: list[str | Path] = ["keyring", "install", "--channel", "ethics", "--version", "2", away.folder / "keyring-ethics-2.age"]
    worked(quietline(place.ctx.settings.data, *install))
    take_away(place, away.folder, rosa)
    assert [each["state"] for each in shown(desk(away, *ALL, "--save", "saved", user="rosa"))] == ["there", "there"]
    assert away.saved("photo.jpg").read_bytes() == PHOTO


def test_the_words_the_keyring_and_the_size_are_all_that_a_plain_age_program_needs(away: Away) -> None:
    words = " ".join(recovery.words(away.place.recovery.seed))
    worked(quietline(away.folder, "recovery", "identity", "--words-file", "-", "-o", "paper.txt", stdin=words))
    assert stat.S_IMODE((away.folder / "paper.txt").stat().st_mode) == 0o600
    channels = [json.loads(line) for line in (away.folder / "export.jsonl").read_text().splitlines()]
    (sealed,) = (each["keyring"]["sealed"] for each in channels if each.get("slug") == "ethics")
    ring = worked(quietline(away.folder, "open", "--identity", "paper.txt", stdin=b64u_decode(sealed)))
    (epoch,) = json.loads(json.loads(ring)["signed"])["epochs"]
    (away.folder / "team.txt").write_text(epoch["identity"])
    opened = quietline(away.folder, "open", "--identity", "team.txt", stdin=away.sealed(away.photo).read_bytes())
    assert opened.stdout[: away.photo.size] == PHOTO
    assert "--force" in refused(quietline(away.folder, "recovery", "identity", "--words-file", "-", "-o", "paper.txt", stdin=words))


def key_file(away: Away) -> Path:
    path = away.folder / "team.txt"
    path.write_text(f"{away.place.keyring.current.identity}\n")
    return path


def test_one_sealed_file_opens_alone_and_is_cut_at_its_size(away: Away) -> None:
    sealed = away.sealed(away.photo).read_bytes()
    whole = quietline(away.folder, "open", "--identity", key_file(away), stdin=sealed)
    assert whole.stdout == PHOTO.ljust(len(whole.stdout), b"\0")
    assert len(whole.stdout) > len(PHOTO)
    cut = quietline(away.folder, "open", "--identity", key_file(away), "--size", str(len(PHOTO)), stdin=sealed)
    assert (cut.returncode, cut.stdout, cut.stderr) == (0, PHOTO, b"")


@pytest.mark.parametrize(("size", "sentence"), [(len(LEDGER) - 1, "not padding"), (CHUNK + 1, "shorter than this size")])
def test_a_size_that_is_not_the_files_is_refused(away: Away, size: int, sentence: str) -> None:
    sealed = away.sealed(away.ledger).read_bytes()
    done = quietline(away.folder, "open", "--identity", key_file(away), "--size", str(size), stdin=sealed)
    assert done.returncode == 1
    assert sentence in done.stderr.decode()
