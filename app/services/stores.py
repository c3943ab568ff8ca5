"""Which blob store the settings mean."""

from __future__ import annotations

import importlib
from pathlib import Path

from app.errors import SettingsError
from app.settings import S3Settings, Settings
from app.storage.blobs import BlobStore
from app.storage.blobs_local import LocalBlobs


def open_blobs(settings: Settings) -> BlobStore:
    """The store for sealed files. SettingsError when staged files could not be renamed into it."""
    if isinstance(settings.blobs, S3Settings):
        return _s3(settings.blobs)
    if _device(settings.blobs) != _device(settings.staging):
        raise SettingsError(
            f"{settings.blobs} and {settings.staging} are on two file systems, so that no file could be moved from the one to the other: "
            "set QUIETLINE_BLOBS to a folder outside QUIETLINE_DATA, which then holds both."
        )
    return LocalBlobs(settings.blobs)


def _s3(place: S3Settings) -> BlobStore:
    # Loaded only where it is asked for: a portal without it starts sooner.
    make = importlib.import_module("app.storage.blobs_s3").S3Blobs
    store: BlobStore = make(
        bucket=place.bucket,
        prefix=place.prefix,
        endpoint=place.endpoint,
        region=place.region,
        access_key=place.access_key,
        secret_key=place.secret_key,
    )
    return store


def _device(folder: Path) -> int:
    """The file system that a folder is on, or will be once it is made."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev
