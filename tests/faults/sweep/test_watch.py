"""The watch itself: it sees whatever is written, to whatever it is, and says so where it could not see."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.sweep import watch
from tests.faults.sweep.canaries import Canaries
from tests.faults.sweep.searcher import Searcher

WRITER = """
import mmap, os, socket, sys, tempfile
sys.stdin.readline()
secret, folder = sys.argv[1].encode(), sys.argv[2]
way = sys.argv[3]
if way == "unlinked":
    with tempfile.TemporaryFile(dir=folder) as file: file.write(b"some " + secret)
elif way == "in two":
    file = os.open(folder + "/two", os.O_CREAT | os.O_WRONLY)
    os.pwrite(file, b"x" + secret[:9], 0), os.writev(file, [secret[9:], b"y"])
elif way == "name":
    os.mkdir(folder + "/" + sys.argv[1])
elif way == "pipe":
    os.write(1, secret)
elif way == "memory":
    os.write(os.memfd_create("notes"), b"\\n\\"\\x00\\xff" + secret)
elif way == "socket":
    here, there = socket.socketpair(); here.sendall(secret); os.write(here.fileno(), secret)
elif way == "sendfile":
    source, target = open(folder + "/source", "wb+"), open(folder + "/target", "wb")
    os.sendfile(target.fileno(), source.fileno(), 0, 10)
elif way == "mapped":
    file = os.open(folder + "/mapped", os.O_CREAT | os.O_RDWR); os.ftruncate(file, 4096)
    mmap.mmap(file, 4096)[:20] = secret[:20]
elif way == "journal":
    try: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect("/run/systemd/journal/socket")
    except OSError: pass
"""


@contextmanager
def writer(secret: str, folder: Path, way: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WRITER, secret, str(folder), way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


def watched(way: str, folder: Path, canaries: Canaries) -> watch.Watched:
    log = folder / "calls"
    (folder / "there").mkdir()
    with writer(canaries["body"], folder / "there", way) as process:
        try:
            with watch.watching([process.pid], log):
                process.communicate(b"go\n", timeout=30)
        except RuntimeError as refused:
            process.kill()
            pytest.skip(str(refused))
    assert process.returncode == 0
    return watch.read(log, Searcher(canaries.needles()))


@pytest.mark.parametrize("way", ["unlinked", "in two", "name", "pipe", "memory"])
def test_whatever_is_written_is_seen(way: str, tmp_path: Path) -> None:
    found = watched(way, tmp_path, Canaries())
    assert found.total.kinds == {"body"}
    assert found.amiss == []


def test_what_goes_to_a_socket_is_left_to_it(tmp_path: Path) -> None:
    assert watched("socket", tmp_path, Canaries()).total.kinds == set()


@pytest.mark.parametrize(("way", "said"), [("sendfile", "sendfile"), ("journal", "journal")])
def test_ways_around_a_write_are_said(way: str, said: str, tmp_path: Path) -> None:
    found = watched(way, tmp_path, Canaries())
    assert len(found.amiss) == 1
    assert said in found.amiss[0]


def test_a_file_that_is_written_as_memory_is_named(tmp_path: Path) -> None:
    assert watched("mapped", tmp_path, Canaries()).mapped == {os.fspath(tmp_path / "there" / "mapped")}
