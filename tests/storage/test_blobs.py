"""One contract for every store of sealed files: ours in a folder, and S3 over the network."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.crypto.encoding import new_id
from app.domain import AttachmentId, OrganisationId
from app.errors import BlobMissing, FormatError, StorageBusy
from app.services.stores import open_blobs
from app.storage import files
from app.storage.blobs import BlobStore
from app.storage.blobs_local import LocalBlobs
from app.storage.blobs_s3 import S3Blobs
from tests.s3 import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server
from tests.support import make_settings

PIECE = 256 * 1024
ORG = OrganisationId(new_id())
LARGE = 48 * 1024 * 1024

Stage = Callable[[bytes], Path]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return LocalBlobs(tmp_path / "blobs")
    server: S3Server = request.getfixturevalue("s3")
    return open_blobs(make_settings(tmp_path, **server.settings(new_id())))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    def make(data: bytes) -> Path:
        path = tmp_path / new_id()
        path.write_bytes(data)
        return path

    return make


def name() -> AttachmentId:
    return AttachmentId(new_id())


def read(blobs: BlobStore, file: AttachmentId, org: OrganisationId = ORG) -> bytes:
    length, pieces = blobs.read(org, file)
    data = b"".join(pieces)
    assert length == len(data)
    return data


def test_what_was_put_is_read_and_is_no_longer_staged(blobs: BlobStore, stage: Stage) -> None:
    file, staged = name(), stage(b"sealed bytes")
    blobs.put(ORG, file, staged)
    assert read(blobs, file) == b"sealed bytes"
    assert not staged.exists()
    assert blobs.has(ORG, file)


def test_a_file_that_is_there_can_be_confirmed(blobs: BlobStore, stage: Stage) -> None:
    file = name()
    with pytest.raises(BlobMissing):
        blobs.confirm(ORG, file)
    blobs.put(ORG, file, stage(b"sealed bytes"))
    blobs.confirm(ORG, file)
    assert read(blobs, file) == b"sealed bytes"


def test_where_the_folder_cannot_be_synced_a_file_is_staged_again(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, file, staged = LocalBlobs(tmp_path / "blobs"), name(), stage(b"sealed bytes")
    blobs.put(ORG, name(), stage(b"another"))

    def broken(folder: Path) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as disk, pytest.raises(OSError, match="broken"):
        disk.setattr(files, "sync_folder", broken)
        blobs.put(ORG, file, staged)
    assert not blobs.has(ORG, file)
    blobs.put(ORG, file, staged)
    assert read(blobs, file) == b"sealed bytes"


def test_a_large_file_comes_back_whole_in_small_pieces(blobs: BlobStore, stage: Stage) -> None:
    data = os.urandom(11 * 1024 * 1024 + 17)
    file = name()
    blobs.put(ORG, file, stage(data))
    length, pieces = blobs.read(ORG, file)
    listed = list(pieces)
    assert length == len(data)
    assert b"".join(listed) == data
    assert 0 < max(map(len, listed)) <= PIECE


def test_a_file_that_is_not_there_is_missing(blobs: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        blobs.read(ORG, name())
    assert not blobs.has(ORG, name())


def test_nothing_staged_is_nothing_put(blobs: BlobStore, tmp_path: Path) -> None:
    file = name()
    with pytest.raises(FileNotFoundError):
        blobs.put(ORG, file, tmp_path / "nothing")
    assert not blobs.has(ORG, file)


def test_what_is_deleted_is_gone_and_deleting_again_is_no_error(blobs: BlobStore, stage: Stage) -> None:
    file, other = name(), name()
    blobs.put(ORG, file, stage(b"one"))
    blobs.put(ORG, other, stage(b"two"))
    for _ in range(2):
        blobs.delete(ORG, file)
    with pytest.raises(BlobMissing):
        blobs.read(ORG, file)
    assert list(blobs.names(ORG)) == [other]


def test_each_organisation_has_its_own_names(blobs: BlobStore, stage: Stage) -> None:
    other, file = OrganisationId(new_id()), name()
    assert list(blobs.names(ORG)) == []
    blobs.put(ORG, file, stage(b"ours"))
    blobs.put(other, file, stage(b"theirs"))
    blobs.delete(other, file)
    assert read(blobs, file) == b"ours"
    assert list(blobs.names(other)) == []


def test_all_names_are_listed(blobs: BlobStore, stage: Stage) -> None:
    files = [name() for _ in range(25)]
    for file in files:
        blobs.put(ORG, file, stage(file.encode()))
    assert sorted(blobs.names(ORG)) == sorted(files)


def test_putting_a_name_again_replaces_it_in_one_step(blobs: BlobStore, stage: Stage) -> None:
    file = name()
    blobs.put(ORG, file, stage(b"first"))
    blobs.put(ORG, file, stage(b"second, and longer"))
    assert read(blobs, file) == b"second, and longer"
    assert list(blobs.names(ORG)) == [file]


def test_many_who_put_one_name_at_once_leave_one_whole_file(blobs: BlobStore, stage: Stage) -> None:
    file = name()
    staged = [stage(bytes([number]) * 300_000) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: blobs.put(ORG, file, path), staged))
    data = read(blobs, file)
    assert len(data) == 300_000
    assert len(set(data)) == 1
    assert not any(path.exists() for path in staged)


def test_a_reader_gets_nothing_of_a_file_that_replaces_it_meanwhile(blobs: BlobStore, stage: Stage) -> None:
    file = name()
    blobs.put(ORG, file, stage(b"a" * 6_000_000))
    _, pieces = blobs.read(ORG, file)
    got = [next(pieces)]
    blobs.put(ORG, file, stage(b"b" * 6_000_000))
    try:
        got += pieces
    except StorageBusy:
        assert isinstance(blobs, S3Blobs)  # which gives out no more of a file that is another now
    assert set(b"".join(got)) == {ord("a")}


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "", ".", "..", "a" * 25, "A" * 26, "a" * 25 + "/", "a" * 27, "a" * 26 + "\n", "/" * 26]
)
def test_what_is_no_id_is_no_name(blobs: BlobStore, stage: Stage, path: str) -> None:
    staged = stage(b"x")
    for org, file in ((ORG, AttachmentId(path)), (OrganisationId(path), name())):
        for call in (blobs.has, blobs.read, blobs.delete):
            with pytest.raises(FormatError):
                call(org, file)
        with pytest.raises(FormatError):
            blobs.put(org, file, staged)
    with pytest.raises(FormatError):
        blobs.names(OrganisationId(path))
    assert staged.exists()


def test_a_large_file_takes_no_memory(blobs: BlobStore, tmp_path: Path) -> None:
    """In a process of its own, which passes a file of 48 MiB both ways: its peak may grow by less than half of that."""
    place = f"LocalBlobs(Path({str(tmp_path / 'blobs')!r}))"
    if isinstance(blobs, S3Blobs):
        endpoint = blobs._config["endpoint"]
        keys = f"region='us-east-1', access_key={ACCESS_KEY!r}, secret_key={SECRET_KEY!r}"
        place = f"S3Blobs(bucket={BUCKET!r}, prefix='memory', endpoint={endpoint!r}, {keys})"
    with (tmp_path / "staged").open("wb") as file:
        for _ in range(LARGE // PIECE):
            file.write(os.urandom(PIECE))
    script = f"""
import resource
from pathlib import Path
from app.storage.blobs_local import LocalBlobs
from app.storage.blobs_s3 import S3Blobs
blobs, small = {place}, Path({str(tmp_path / "small")!r})
def through(path, name):
    blobs.put("{ORG}", name, path)
    return sum(map(len, blobs.read("{ORG}", name)[1]))
small.write_bytes(bytes(100_000))
through(small, "{new_id()}")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert through(Path({str(tmp_path / "staged")!r}), "{new_id()}") == {LARGE}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < LARGE // 2, f"{int(done.stdout)} KiB more"


def test_our_files_are_private(tmp_path: Path, stage: Stage) -> None:
    before = os.umask(0)
    try:
        blobs, file = LocalBlobs(tmp_path / "data" / "blobs"), name()
        blobs.put(ORG, file, stage(b"sealed"))
    finally:
        os.umask(before)
    for folder in (tmp_path / "data", tmp_path / "data" / "blobs", tmp_path / "data" / "blobs" / ORG):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_reading_leaves_no_time_behind(tmp_path: Path, stage: Stage) -> None:
    blobs, file = LocalBlobs(tmp_path / "blobs"), name()
    staged = stage(b"sealed")
    os.utime(staged, (0, 0))
    blobs.put(ORG, file, staged)
    read(blobs, file)
    found = (tmp_path / "blobs" / ORG / file).stat()
    assert (found.st_atime, found.st_mtime) == (0, 0)


def test_a_deleted_file_is_overwritten_before_it_goes(tmp_path: Path, stage: Stage) -> None:
    blobs, file = LocalBlobs(tmp_path / "blobs"), name()
    blobs.put(ORG, file, stage(b"sealed" * 100_000))
    again = tmp_path / "the-same-file"
    again.hardlink_to(tmp_path / "blobs" / ORG / file)
    blobs.delete(ORG, file)
    assert again.read_bytes() == bytes(600_000)


def test_a_file_left_unread_is_closed(tmp_path: Path, stage: Stage) -> None:
    blobs, file = LocalBlobs(tmp_path / "blobs"), name()
    blobs.put(ORG, file, stage(b"x" * 600_000))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        _, pieces = blobs.read(ORG, file)
        next(pieces)
        del pieces
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_links_are_not_followed(tmp_path: Path) -> None:
    blobs, file = LocalBlobs(tmp_path / "blobs"), name()
    secret = tmp_path / "secret"
    secret.write_bytes(b"not a sealed file")
    folder = tmp_path / "blobs" / ORG
    folder.mkdir(parents=True)
    (folder / file).symlink_to(secret)
    with pytest.raises(OSError, match="symbolic link"):
        blobs.read(ORG, file)
    with pytest.raises(OSError, match="symbolic link"):
        blobs.delete(ORG, file)
    assert secret.read_bytes() == b"not a sealed file"


def test_a_store_out_of_reach_is_busy_and_tells_no_secret(tmp_path: Path) -> None:
    place = {"bucket": BUCKET, "prefix": "p", "endpoint": "http://127.0.0.1:9", "region": "us-east-1"}
    blobs = S3Blobs(**place, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    (tmp_path / "staged").write_bytes(b"sealed")
    with pytest.raises(StorageBusy) as told:
        blobs.put(ORG, name(), tmp_path / "staged")
    assert (tmp_path / "staged").exists()
    for text in (repr(blobs), repr(told.value), str(told.value), str(told.value.parameters)):
        assert "127.0.0.1" not in text
        assert SECRET_KEY not in text
        assert ACCESS_KEY not in text
    assert told.value.__suppress_context__


def test_a_portal_without_s3_does_not_load_its_library(tmp_path: Path) -> None:
    script = "import sys, app.factory; print([name for name in sys.modules if 'obstore' in name])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
