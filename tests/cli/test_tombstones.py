"""A backup is restored: what was deleted since is deleted again, from the command and at the start of the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import insert

from app.cli import serve
from app.crypto.receipt import Receipt
from app.domain import Kind
from app.errors import NoConversation
from app.services import followup, triage
from app.storage.models import Case, Message
from tests.cli.runner import quietline, refused, worked
from tests.services.letters import officer, remove, reply, send
from tests.services.test_tombstones import Backup
from tests.support import Place, make_settings


@pytest.fixture
def folder(place: Place) -> Path:
    return place.ctx.settings.data


def test_a_restored_backup_is_made_to_delete_again(place: Place, folder: Path, tmp_path: Path) -> None:
    gone, stays = Receipt.generate(), Receipt.generate()
    for receipt in (gone, stays):
        send(place, receipt)
        reply(place, place.olivia, receipt, "We have it.")
    reply_id = triage.case(place.ctx, officer(place, place.olivia), stays.case_id).messages[1].id
    backup = Backup(place)
    followup.withdraw(place.ctx, place.id, gone.mailbox_key)
    remove(place, place.olivia, stays, reply_id)
    printed = worked(quietline(folder, "tombstones"))
    assert [set(json.loads(line)) for line in printed.splitlines()] == [{"organisation", "mark", "day"}] * 2
    assert not any(secret in printed for secret in (gone.case_id, stays.case_id, reply_id))
    backup.restore()
    kept = tmp_path / "tombstones.jsonl"
    kept.write_text(printed)
    assert worked(quietline(folder, "tombstones", "--apply", str(kept))) == "Deleted again: 1 cases, and 1 messages of others.\n"
    assert worked(quietline(folder, "tombstones", "--apply", "-", stdin=printed)) == "Deleted again: 0 cases, and 0 messages of others.\n"
    with pytest.raises(NoConversation):
        followup.open_sealed(place.ctx, place.id, gone.mailbox_key)
    assert [each.removed for each in followup.open_sealed(place.ctx, place.id, stays.mailbox_key).messages] == [False, True]
    assert worked(quietline(folder, "tombstones")) == printed


def test_the_server_deletes_again_what_came_back_beside_its_own(place: Place, folder: Path) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "A note.", Kind.NOTE)
    backup = Backup(place)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    printed = worked(quietline(folder, "tombstones"))
    backup.restore()
    worked(quietline(folder, "tombstones", "--apply", "-", stdin=printed))
    with place.ctx.database.write() as session:
        session.execute(insert(Case), backup.cases)
        session.execute(insert(Message), backup.messages)
    serve._prepare(make_settings(folder))
    with pytest.raises(NoConversation):
        followup.open_sealed(place.ctx, place.id, receipt.mailbox_key)


@pytest.mark.parametrize("wrong", ["x\n", "{}\n", '{"organisation":"x","mark":"AA","day":"2026-11-21"}\n', "\xff"])
def test_a_file_of_something_else_deletes_nothing(place: Place, folder: Path, tmp_path: Path, wrong: str) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    backup = Backup(place)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    printed = worked(quietline(folder, "tombstones"))
    backup.restore()
    kept = tmp_path / "tombstones.jsonl"
    kept.write_bytes(printed.encode() + wrong.encode("latin-1"))
    assert "Nothing was deleted" in refused(quietline(folder, "tombstones", "--apply", str(kept)))
    assert followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).case == receipt.case_id


def test_lines_of_other_organisations_are_said(place: Place, folder: Path) -> None:
    line = '{"organisation":"aaaaaaaaaaaaaaaaaaaaaaaaaa","mark":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","day":"2026-11-21"}\n'
    done = quietline(folder, "tombstones", "--apply", "-", stdin=line)
    assert (done.returncode, done.stdout) == (0, b"Deleted again: 0 cases, and 0 messages of others.\n")
    assert b"1 lines are of organisations that are not in this database" in done.stderr
