"""Sealed files in an S3-compatible store, through obstore. Only a portal that is told to imports this."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from app.domain import AttachmentId, OrganisationId
from app.errors import BlobMissing, StorageBusy
from app.storage import files

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ClientConfig, S3Config

_PART: Final = 5 * 1024 * 1024
"""Bytes of a part on the way in: the least that S3 takes. Two at a time are in memory."""

_PARTS: Final = 9000
"""S3 takes 10,000."""

_RANGE: Final = 2 * 1024 * 1024
"""Bytes asked for at a time on the way out, so that a slow reader keeps no connection to the store open."""


class S3Blobs:
    """`<prefix>/<organisation>/<id>` in a bucket. See BlobStore."""

    def __init__(self, *, bucket: str, prefix: str, endpoint: str, region: str, access_key: str, secret_key: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._config: S3Config = {"region": region, "access_key_id": access_key, "secret_access_key": secret_key}
        if endpoint:
            self._config["endpoint"] = endpoint
        self._options: ClientConfig = {"allow_http": endpoint.startswith("http://"), "connect_timeout": "10s", "timeout": "300s"}
        self._made: tuple[int, S3Store] | None = None

    def __repr__(self) -> str:
        return f"S3Blobs({self._bucket!r})"

    def put(self, organisation: OrganisationId, name: AttachmentId, staged: Path) -> None:
        path, length = _path(organisation, name), staged.stat().st_size
        with _told(), staged.open("rb") as file:
            obstore.put(self._store, path, file, use_multipart=True, chunk_size=max(_PART, length // _PARTS), max_concurrency=2)
            if obstore.head(self._store, path)["size"] != length:
                raise StorageBusy
        staged.unlink(missing_ok=True)

    def confirm(self, organisation: OrganisationId, name: AttachmentId) -> None:
        """What an S3-compatible store shows is durable."""
        if not self.has(organisation, name):
            raise BlobMissing

    def read(self, organisation: OrganisationId, name: AttachmentId) -> tuple[int, Iterator[bytes]]:
        path = _path(organisation, name)
        with _told():
            found = obstore.head(self._store, path)
        return found["size"], self._pieces(path, found["size"], found["e_tag"])

    def has(self, organisation: OrganisationId, name: AttachmentId) -> bool:
        try:
            with _told():
                obstore.head(self._store, _path(organisation, name))
        except BlobMissing:
            return False
        return True

    def delete(self, organisation: OrganisationId, name: AttachmentId) -> None:
        try:
            with _told():
                obstore.delete(self._store, _path(organisation, name))
        except BlobMissing:
            return

    def names(self, organisation: OrganisationId) -> Iterator[AttachmentId]:
        files.require_name(organisation)
        return self._names(organisation)

    @property
    def _store(self) -> S3Store:
        """The connection of this process: its threads do not survive a fork."""
        if self._made is None or self._made[0] != os.getpid():
            store = S3Store(self._bucket, prefix=self._prefix or None, config=self._config, client_options=self._options)
            self._made = (os.getpid(), store)
        return self._made[1]

    def _pieces(self, path: str, length: int, version: str | None) -> Iterator[bytes]:
        for start in range(0, length, _RANGE):
            with _told():
                options: GetOptions = {"range": (start, min(start + _RANGE, length)), "if_match": version}
                part = obstore.get(self._store, path, options=options).bytes().to_bytes()
            for offset in range(0, len(part), files.PIECE):
                yield part[offset : offset + files.PIECE]

    def _names(self, organisation: OrganisationId) -> Iterator[AttachmentId]:
        with _told():
            for found in obstore.list(self._store, prefix=organisation, chunk_size=1000):
                for each in found:
                    name = each["path"].rpartition("/")[2]
                    if files.is_name(name):
                        yield AttachmentId(name)


def _path(organisation: OrganisationId, name: AttachmentId) -> str:
    files.require_name(organisation, name)
    return f"{organisation}/{name}"


@contextmanager
def _told() -> Iterator[None]:
    """What the store or the way to it raises, without what it says: that could hold addresses and keys."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise BlobMissing from None
    except BaseError:
        raise StorageBusy from None
