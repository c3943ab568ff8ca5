"""Flipped, cut and lost files under a portal that runs: the officer sees which, the rest opens, and quietline check finds them all."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from app.crypto import identity_file
from app.domain import AttachmentId
from tests.cli.runner import quietline, worked
from tests.faults.reporting import Reporter
from tests.services.test_checkup import flip
from tests.support import PASSWORD
from tests.web.served import Served, serve

pytestmark = pytest.mark.both_databases
SIZES = (10, 65_536, 65_537, 200_000, 300_000, 700_000)


def seen_by_the_officer(served: Served, folder: Path) -> dict[str, str]:
    """What the desk without a server says of every file, having opened those that it can."""
    person = served.place.olivia
    folder.mkdir()
    (folder / "me.age").write_bytes(identity_file.seal(person.keys, person.secrets.unlock.recipient))
    exported = quietline(served.place.ctx.settings.data, "export", "-o", folder / "export.jsonl", "--files", folder / "files")
    assert (folder / "export.jsonl").exists(), exported.stderr
    common = ["desk", "export.jsonl", "--identity", "me.age", "--user", person.user, "--password-file", "-", "--files", "files", "--json"]
    done = quietline(folder, *common, stdin=PASSWORD)
    cases = json.loads(done.stdout)["cases"]
    return {file["id"]: file["state"] for case in cases for message in case["messages"] for file in message.get("files", ())}


def test_flipped_cut_and_lost_files_are_all_found(database_kind: str, tmp_path: Path) -> None:
    draw = random.Random(17)
    with serve(tmp_path) as served:
        reporter = Reporter(served.portal, served.place)
        cases = [reporter.send(*SIZES) for _ in range(3)]
        data = served.place.ctx.settings.data
        every = sorted(file for case in cases for file in case.files)
        flipped, cut, lost = _apart(every, draw)
        assert seen_by_the_officer(served, tmp_path / "before") == dict.fromkeys(every, "there")
        assert worked(quietline(data, "check")) == "Nothing found.\n"
        for file in flipped:
            path = blob(served, file)
            flip(path, draw.randrange(path.stat().st_size))
        for file in cut:
            path = blob(served, file)
            os.truncate(path, draw.randrange(path.stat().st_size))
        for file in lost:
            blob(served, file).unlink()
        found = seen_by_the_officer(served, tmp_path / "after")
        wrong = {**dict.fromkeys([*flipped, *cut], "altered"), **dict.fromkeys(lost, "missing")}
        assert found == {**dict.fromkeys(every, "there"), **wrong}
        done = quietline(data, "check")
        lines = done.stdout.decode().splitlines()
        assert done.returncode == 1
        assert {line.split("/")[1].split(":")[0] for line in lines} == set(wrong)
        assert len(lines) == len(wrong)
        for case in cases:
            if not set(case.files) & set(wrong):
                reporter.open(case)


def _apart(every: list[AttachmentId], draw: random.Random) -> tuple[list[AttachmentId], list[AttachmentId], list[AttachmentId]]:
    """Some of the files, each once."""
    some = draw.sample(every, 12)
    return some[:5], some[5:9], some[9:]


def blob(served: Served, file: AttachmentId) -> Path:
    return served.place.ctx.settings.data / "blobs" / served.place.id / file
