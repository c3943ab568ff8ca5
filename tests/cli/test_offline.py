"""Recovery and the desk without a server: from exported files alone."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.crypto import armor, fingerprint, identity_file, keyring, recovery
from app.crypto.alias import alias
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.receipt import Receipt
from app.domain import Kind
from app.services import triage
from app.services.export import export
from tests.cli.runner import environment, quietline, refused, worked
from tests.services.letters import BODY, officer, remove, reply, send
from tests.support import PASSWORD, Person, Place, enrol, make_person

STEERING = "\x1b[2J\u202eboo"


@dataclass(frozen=True)
class Offline:
    """Another machine: an export and Olivia's identity file in a folder."""

    folder: Path
    place: Place
    receipt: Receipt
    export: Path

    @property
    def words(self) -> str:
        return " ".join(recovery.words(self.place.recovery.seed))


@pytest.fixture
def offline(place: Place, tmp_path: Path) -> Offline:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, f"We have it. {STEERING}", acknowledge=True)
    reply(place, place.olivia, receipt, "Ask the north office.", Kind.NOTE)
    write_export(place, folder / "export.jsonl")
    write_identity(place.olivia, folder / "olivia.age")
    write_identity(place.nathan, folder / "nathan.age")
    return Offline(folder, place, receipt, folder / "export.jsonl")


def write_export(place: Place, path: Path) -> None:
    path.write_bytes(b"".join(export(place.ctx, place.id)))


def write_identity(person: Person, path: Path) -> None:
    sealed = identity_file.seal(person.keys, person.secrets.unlock.recipient)
    path.write_bytes(b"".join(armor.encode([sealed])))


def alter(path: Path, change: Any) -> None:
    """Let a hostile server write the export."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        change(line)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def desk(offline: Offline, *arguments: str, user: str = "olivia", password: str = PASSWORD) -> Any:
    common = ["desk", "export.jsonl", "--identity", f"{user}.age", "--user", user, "--password-file", "-"]
    return quietline(offline.folder, *common, *arguments, stdin=password)


def recover(offline: Offline, person: Person, *arguments: str, words: str | None = None) -> Any:
    member = person.member
    facts = {"id": member.id, "name": member.name, "recipient": member.recipient, "verify": member.verify}
    (offline.folder / "new.json").write_text(json.dumps(facts))
    chosen = arguments or ("--fingerprint", fingerprint.officer(member.recipient, member.verify))
    common = ["recover", "export.jsonl", "--officer", "new.json", "--words-file", "-"]
    return quietline(offline.folder, *common, *chosen, stdin=offline.words if words is None else words)


def test_the_desk_lists_cases_with_what_was_opened(offline: Offline) -> None:
    output = worked(desk(offline))
    assert f"{alias(offline.receipt.case_id)}  {offline.receipt.case_id}  2026-11-21  acknowledged  Ethics team  3 messages" in output
    assert "CHECK" not in output


def test_one_case_is_shown_in_full_with_its_marks(offline: Offline) -> None:
    output = worked(desk(offline, "--case", alias(offline.receipt.case_id)))
    assert BODY in " ".join(output.split())
    assert "1. reporter, written on 2026-11-21: verified" in output
    assert "2. officer Olivia Officer, written on 2026-11-21: verified" in output
    assert "3. officer Olivia Officer, note for the team only, written on 2026-11-21: verified" in output
    assert "What is it about?" in output


def test_what_people_wrote_cannot_steer_the_terminal(offline: Offline) -> None:
    for output in (worked(desk(offline, "--case", offline.receipt.case_id)), worked(desk(offline, "--json"))):
        assert "[2J" in output
        assert "\x1b" not in output
        assert "\u202e" not in output


def test_programs_get_everything_as_json(offline: Offline) -> None:
    (case,) = json.loads(worked(desk(offline, "--json")))["cases"]
    assert (case["case"], case["state"], case["channel"]) == (offline.receipt.case_id, "acknowledged", "Ethics team")
    report, answer, note = case["messages"]
    assert (report["mark"], report["problems"], report["body"]) == ("verified", [], BODY)
    assert report["answers"] == [{"question": "category", "label": "What is it about?", "value": "Fraud"}]
    assert answer["author"] == {"role": "officer", "id": offline.place.olivia.id, "name": "Olivia Officer"}
    assert STEERING in answer["body"]
    assert note["kind"] == "note"


def test_an_officer_of_another_channel_opens_nothing(offline: Offline) -> None:
    assert "(not one of your channels)" in worked(desk(offline, user="nathan"))
    (case,) = json.loads(worked(desk(offline, "--json", user="nathan")))["cases"]
    assert case["messages"] is None


def test_a_wrong_password_or_user_opens_nothing(offline: Offline) -> None:
    assert "does not open" in refused(desk(offline, password="wrong horse battery staple"))
    (offline.folder / "nathan.age").write_bytes((offline.folder / "olivia.age").read_bytes())
    assert "does not open" in refused(desk(offline, user="nathan"))
    assert "A password has 14 to" in refused(desk(offline, password="short"))


def test_a_message_altered_by_the_server_is_shown_and_marked(offline: Offline) -> None:
    def swap(line: dict[str, Any]) -> None:
        if line["type"] == "case":
            sealed = bytearray(b64u_decode(line["messages"][1]["sealed"]))
            sealed[-1] ^= 1
            line["messages"][1]["sealed"] = b64u_encode(bytes(sealed))

    alter(offline.export, swap)
    assert "OF 3 DO NOT CHECK" in worked(desk(offline))
    (case,) = json.loads(worked(desk(offline, "--json")))["cases"]
    assert [(each["mark"], each["problems"]) for each in case["messages"]][1] == ("unreadable", ["unreadable"])
    assert "CANNOT BE OPENED" in worked(desk(offline, "--case", offline.receipt.case_id))


def test_a_message_hidden_by_the_server_is_noticed(offline: Offline) -> None:
    reply(offline.place, offline.place.olivia, offline.receipt, "One more question.")
    write_export(offline.place, offline.export)

    def hide(line: dict[str, Any]) -> None:
        if line["type"] == "case":
            del line["messages"][1]

    alter(offline.export, hide)
    (case,) = json.loads(worked(desk(offline, "--json")))["cases"]
    assert case["messages"][-1]["problems"] == ["seen"]
    assert "a message was hidden, added or moved" in worked(desk(offline, "--case", offline.receipt.case_id))


def test_a_removed_message_is_shown_with_its_notice(offline: Offline) -> None:
    posted = reply(offline.place, offline.place.olivia, offline.receipt, "Bo Example told us.")
    found = triage.case(offline.place.ctx, officer(offline.place, offline.place.olivia), offline.receipt.case_id)
    remove(offline.place, offline.place.olivia, offline.receipt, found.messages[posted.number - 1].id, body=f"A name. {STEERING}")
    write_export(offline.place, offline.export)
    assert "CHECK" not in worked(desk(offline))
    output = worked(desk(offline, "--case", offline.receipt.case_id))
    assert (
        "4. message: removed, and a signed notice says so\n    Removed by officer Olivia Officer, notice of removal, written on" in output
    )
    assert "Took away message 4" in output
    assert "Bo Example" not in output
    assert "\x1b" not in output
    (case,) = json.loads(worked(desk(offline, "--json")))["cases"]
    gone, notice = case["messages"][3:]
    assert (gone["mark"], gone["problems"], gone["notice"]["removed"], "body" in gone) == ("removed", [], found.messages[3].id, False)
    assert (notice["kind"], notice["mark"], notice["removed"]) == ("removed", "verified", found.messages[3].id)


def test_a_message_that_the_server_says_was_removed_is_noticed(offline: Offline) -> None:
    def hide(line: dict[str, Any]) -> None:
        if line["type"] == "case":
            line["messages"][1]["sealed"] = ""

    alter(offline.export, hide)
    assert "OF 3 DO NOT CHECK" in worked(desk(offline))
    assert "somebody may be hiding it" in worked(desk(offline, "--case", offline.receipt.case_id))


@pytest.mark.parametrize("wrong", [5, ["x"], [5], "x", {}, ["a" * 26] * 65])
def test_a_list_of_files_that_is_none_is_no_export(offline: Offline, wrong: object) -> None:
    def swap(line: dict[str, Any]) -> None:
        if line["type"] == "case":
            line["messages"][1]["attachments"] = wrong

    alter(offline.export, swap)
    assert "is not what quietline export writes" in refused(desk(offline))


def test_a_file_that_no_message_names_is_said(offline: Offline) -> None:
    def add(line: dict[str, Any]) -> None:
        if line["type"] == "case":
            line["messages"][1]["attachments"] = ["a" * 26]

    alter(offline.export, add)
    assert f"The server also lists {'a' * 26}.age here. The message does not name it." in worked(
        desk(offline, "--case", offline.receipt.case_id)
    )


def test_a_keyring_that_disagrees_with_the_server_stops_the_desk(offline: Offline) -> None:
    other = keyring.new_keyring(
        offline.place.id,
        offline.place.ethics_id,
        offline.place.keyring.made_on,
        [offline.place.olivia.member],
        [str(offline.place.recovery.recipient)],
    )

    def swap(line: dict[str, Any]) -> None:
        if line.get("slug") == "ethics":
            line["keyring"]["sealed"] = b64u_encode(keyring.seal(other))

    alter(offline.export, swap)
    assert "ALARM" in refused(desk(offline))


def made_up(offline: Offline) -> str:
    """A host swaps the whole channel for one of its own, keys and all; the fingerprint of what it made."""
    place = offline.place
    ring = keyring.new_keyring(place.id, place.ethics_id, place.keyring.made_on, [place.olivia.member], [str(place.recovery.recipient)])

    def swap(line: dict[str, Any]) -> None:
        if line.get("slug") == "ethics":
            line.update(recipient=ring.recipient, verify=ring.verify)
            line["keyring"]["sealed"] = b64u_encode(keyring.seal(ring))

    alter(offline.export, swap)
    return fingerprint.channel(ring.recipient, ring.verify)


@pytest.mark.parametrize("view", [(), ("--case",), ("--json",)])
def test_every_view_shows_the_fingerprint_of_the_keyring_itself_to_compare(offline: Offline, view: tuple[str, ...]) -> None:
    arguments = (*view, offline.receipt.case_id) if view == ("--case",) else view
    true = fingerprint.channel(offline.place.keyring.recipient, offline.place.keyring.verify)
    output = worked(desk(offline, *arguments))
    assert true in output
    assert "Compare with the channel's poster or paper" in output
    forged = made_up(offline)
    output = worked(desk(offline, *arguments))
    assert forged in output
    assert true not in output


def test_a_made_up_channel_is_told_from_the_given_fingerprint_and_nothing_is_shown(offline: Offline) -> None:
    true = fingerprint.channel(offline.place.keyring.recipient, offline.place.keyring.verify)
    given = ("--fingerprint", "abcd " * 8, "--fingerprint", true.upper().replace(" ", ""))
    assert offline.receipt.case_id in worked(desk(offline, *given))
    forged = made_up(offline)
    for view in ((), ("--case", offline.receipt.case_id), ("--json",)):
        sentence = refused(desk(offline, *given, *view))
        assert f"the keys of ethics have the fingerprint {forged}" in sentence
        assert "Nothing was shown" in sentence


def test_an_officer_who_opens_no_channel_is_shown_no_fingerprint(offline: Offline) -> None:
    assert "poster" not in worked(desk(offline, user="nathan"))
    assert json.loads(worked(desk(offline, "--json", user="nathan")))["channels"] == []
    assert "poster" not in worked(desk(offline, "--case", offline.receipt.case_id, user="nathan"))


def test_a_keyring_of_another_channel_stops_the_desk(offline: Offline) -> None:
    ring = replace(offline.place.keyring, channel=offline.place.audit_id)

    def swap(line: dict[str, Any]) -> None:
        if line.get("slug") == "ethics":
            line["keyring"]["sealed"] = b64u_encode(keyring.seal(ring))

    alter(offline.export, swap)
    assert "ALARM" in refused(desk(offline))


@pytest.mark.parametrize("line", ["hello", "[]", '{"type":"case"}', '{"type":"case","id":5}', "[" * 100000, "\xff"])
def test_a_line_that_is_not_of_an_export_is_named(offline: Offline, line: str) -> None:
    with offline.export.open("a") as file:
        file.write(line + "\n")
    assert "Line 5 is not what quietline export writes" in refused(desk(offline))


def test_a_file_that_is_no_export_is_said(offline: Offline) -> None:
    for content in ("", "{}\n", '{"type":"quietline/export","v":2}\n'):
        offline.export.write_text(content)
        assert "Line 1 is not what quietline export writes" in refused(desk(offline))


def test_recovery_gives_a_new_officer_the_channel(offline: Offline) -> None:
    place = offline.place
    rosa = make_person(place.id, "rosa", "Rosa Recovered")
    output = worked(recover(offline, rosa))
    path = offline.folder / "keyring-ethics-2.age"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "quietline keyring install --channel ethics --version 2 keyring-ethics-2.age" in output
    opened = keyring.open(path.read_bytes(), [rosa.keys.identity], place.keyring.verify)
    assert (opened.version, opened.epochs) == (2, place.keyring.epochs)
    assert [member.name for member in opened.officers] == ["Olivia Officer", "Rosa Recovered"]
    assert keyring.open(path.read_bytes(), [place.recovery]).recovery == place.keyring.recovery


def test_a_recovered_keyring_is_installed_and_the_new_officer_reads_on(offline: Offline) -> None:
    place = offline.place
    rosa = make_person(place.id, "rosa", "Rosa Recovered")
    enrol(place.ctx, rosa, place.ethics_id)
    worked(recover(offline, rosa))
    install: list[str | Path] = ["keyring", "install", "--channel", "ethics", "--version", "2", offline.folder / "keyring-ethics-2.age"]
    assert worked(quietline(place.ctx.settings.data, *install)) == "Keyring version 2 of ethics is in force.\n"
    assert "does not follow" in refused(quietline(place.ctx.settings.data, *install))
    write_export(place, offline.export)
    write_identity(rosa, offline.folder / "rosa.age")
    (case,) = json.loads(worked(desk(offline, "--json", user="rosa")))["cases"]
    assert case["messages"][0]["body"] == BODY


def test_the_wrong_words_open_nothing(offline: Offline) -> None:
    rosa = make_person(offline.place.id, "rosa", "Rosa")
    other = " ".join(recovery.words(bytes(32)))
    assert "do not open this keyring" in refused(recover(offline, rosa, words=other))
    assert "24 are needed" in refused(recover(offline, rosa, words=offline.words.rpartition(" ")[0]))
    typo = refused(recover(offline, rosa, words="zzzz " + offline.words.partition(" ")[2]))
    assert "number 1" in typo
    assert "zzzz" not in typo
    assert sorted(each.name for each in offline.folder.iterdir()) == ["export.jsonl", "nathan.age", "new.json", "olivia.age"]


def test_keys_that_are_not_those_of_the_fingerprint_get_nothing(offline: Offline) -> None:
    rosa, mallory = make_person(offline.place.id, "rosa", "Rosa"), make_person(offline.place.id, "mallory", "Rosa")
    read_out = fingerprint.officer(rosa.member.recipient, rosa.member.verify)
    assert "not that of these keys" in refused(recover(offline, mallory, "--fingerprint", read_out))
    assert "--fingerprint" in refused(recover(offline, rosa, "--channel", "ethics"))


def test_an_existing_keyring_file_is_kept(offline: Offline) -> None:
    rosa = make_person(offline.place.id, "rosa", "Rosa")
    (offline.folder / "keyring-ethics-2.age").write_bytes(b"old")
    assert "--force" in refused(recover(offline, rosa))
    assert (offline.folder / "keyring-ethics-2.age").read_bytes() == b"old"


def test_a_keyring_file_alone_can_be_recovered(offline: Offline) -> None:
    (offline.folder / "ring.age").write_bytes(keyring.seal(offline.place.keyring))
    member = make_person(offline.place.id, "rosa", "Rosa").member
    facts = [
        "--officer-id",
        member.id,
        "--officer-name",
        "Rosa",
        "--officer-recipient",
        member.recipient,
        "--officer-verify",
        member.verify,
    ]
    shown = fingerprint.officer(member.recipient, member.verify).upper().replace(" ", "")
    common = ["recover", "ring.age", *facts, "--fingerprint", shown, "-o", "new.age", "--channel", "ethics"]
    worked(quietline(offline.folder, *common, stdin=offline.words + "\n"))
    assert keyring.open((offline.folder / "new.age").read_bytes(), [offline.place.olivia.keys.identity]).version == 2
    wrong = quietline(offline.folder, *common, "--force", "--verify", member.verify, stdin=offline.words)
    assert "signature does not check" in refused(wrong)


def test_no_secret_is_taken_as_an_argument(offline: Offline) -> None:
    for command in ("desk", "recover", "open", "recovery"):
        options = re.findall(r"--[a-z-]+", worked(quietline(offline.folder, command, "--help")))
        assert not {"--password", "--words", "--secret", "--passphrase"} & set(options)


def test_on_a_terminal_the_password_is_asked_for_and_not_shown(offline: Offline) -> None:
    command = [sys.executable, "-m", "app.cli", "desk", "export.jsonl", "--identity", "olivia.age", "--user", "olivia"]
    ours, theirs = pty.openpty()
    settings = environment(offline.folder)
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=offline.folder, env=settings, start_new_session=True
    ) as process:
        os.close(theirs)
        output = until(ours, b"Password:")
        os.write(ours, PASSWORD.encode() + b"\n")
        output += until(ours, None)
    os.close(ours)
    assert process.returncode == 0
    assert offline.receipt.case_id.encode() in output
    assert PASSWORD.encode() not in output


def until(terminal: int, expected: bytes | None) -> bytes:
    """What a terminal shows, up to the expected text or the end."""
    shown = b""
    while expected is None or expected not in shown:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # Linux answers EIO once the other end is closed
            break
    return shown
