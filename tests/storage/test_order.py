"""The order on the way in, as the kernel sees it: bytes, fsync, rename, the folder's fsync; then the commit; then the answer."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.crypto.encoding import b64u_encode, new_id
from app.crypto.receipt import Receipt
from tests.portal import Portal, clean_environment
from tests.services.letters import report
from tests.services.sealed_files import readers, seal_for
from tests.support import SECRET_KEY, Clock, Place, make_context, make_place
from tests.tracing import Call, calls, first, last, strace

WRITE, SYNC, SEND, RENAME = "write pwrite64 writev", "fsync fdatasync", "sendto sendmsg", "rename renameat renameat2"
TUS = {"Tus-Resumable": "1.0.0"}
pytestmark = pytest.mark.only_sqlite  # whose commits are this process's own calls


def settled(log: Path, wanted: str) -> list[Call]:
    """The calls, once one with this text is among them; strace writes a moment later than the program runs."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = calls(log)
        if any(wanted in call.arguments for call in found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"{wanted} is not in {log.read_text()[-2000:]}")


def test_our_store_syncs_the_file_renames_it_and_syncs_the_folder(tmp_path: Path) -> None:
    script = f"""
import os
from pathlib import Path
from app.storage.blobs_local import LocalBlobs
folder = Path({str(tmp_path)!r})
(folder / "staged").write_bytes(b"sealed bytes")
LocalBlobs(folder / "blobs").put("{(org := new_id())}", "{(file := new_id())}", folder / "staged")
os.write(1, b"it is there")
"""
    log = tmp_path / "trace"
    done = subprocess.run([*strace(log), sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"it is there"
    found = settled(log, "it is there")
    written = first(found, -1, WRITE, "sealed bytes")
    synced = first(found, written, SYNC, f"{tmp_path}/staged")
    renamed = first(found, synced, RENAME, f"{tmp_path}/blobs/{org}/{file}")
    folder = first(found, renamed, SYNC, f"{tmp_path}/blobs/{org}>")
    said = first(found, folder, WRITE, "it is there")
    assert written < synced < renamed < folder < said
    made = [first(found, -1, SYNC, f"<{parent}>") for parent in (tmp_path, tmp_path / "blobs")]
    assert max(made) < renamed  # the folders themselves are durable too


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[tuple[Portal, Place, Path]]:
    """A portal with one worker, watched, and where that is written to."""
    place = make_place(make_context(tmp_path / "data", Clock()))
    settings = {"DATA": str(tmp_path / "data"), "MODE": "testing", "KDF_PROFILE": "testing", "SECRET_KEY": SECRET_KEY, "WORKERS": "1"}
    environment = clean_environment(**{f"QUIETLINE_{name}": value for name, value in settings.items()})
    log = tmp_path / "trace"
    with Portal(environment, tmp_path / "log", under=strace(log)) as portal:
        yield portal, place, log
    place.ctx.database.dispose()


def ask(portal: Portal, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=60)
    connection.request(method, path, body, {"Origin": portal.url, **headers})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.only_sqlite  # PostgreSQL syncs in a process of its own
def test_a_named_file_is_durable_before_its_message_and_that_before_the_answer(traced: tuple[Portal, Place, Path]) -> None:
    portal, place, log = traced
    receipt = Receipt.generate()
    sealed = seal_for(readers(place, receipt), b"What the meeting decided.")
    begun = ask(portal, "POST", "/uploads", {**TUS, "Upload-Length": str(len(sealed))})
    assert begun.status == 201
    location = str(begun.headers["Location"])
    body = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert ask(portal, "PATCH", location, body, sealed).status == 204
    file = location.rpartition("/")[2]
    message, letter = report(place, receipt)
    fields = {"case": receipt.case_id, "mailbox": b64u_encode(receipt.mailbox_key), "message": message, "sealed": b64u_encode(letter)}
    named = json.dumps({**fields, "attachments": [file]}).encode()
    assert ask(portal, "POST", "/report/ethics/sealed", {"Content-Type": "application/json"}, named).status == 200
    found = settled(log, "acknowledge_by")

    staged, blob = f"/staging/{place.id}/{file}", f"/blobs/{place.id}/{file}"
    arrived = last(found, len(found), WRITE, staged)
    synced = first(found, arrived, SYNC, staged)
    renamed = first(found, synced, RENAME, blob)
    folder = first(found, renamed, SYNC, f"/blobs/{place.id}>")
    whole = first(found, folder, SYNC, "quietline.db-wal")
    told = first(found, whole, SEND, "HTTP/1.1 204")
    stored = first(found, told, SYNC, "quietline.db-wal")
    answered = first(found, stored, SEND, "HTTP/1.1 200")
    assert arrived < synced < renamed < folder < whole < told < stored < answered
    # nothing was written to the journal between its last sync and the answer: the commit was complete
    assert not any(call.name in WRITE.split() and "quietline.db-wal" in call.arguments for call in found[stored + 1 : answered])
    # and no sync of the journal came between the file's bytes and its folder's sync
    assert not any("quietline.db-wal" in call.arguments for call in found[arrived:folder])
    assert not any(call.name in SEND.split() and "HTTP/1.1 2" in call.arguments for call in found[arrived:whole])
