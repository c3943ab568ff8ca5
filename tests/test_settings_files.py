"""Where sealed files lie, and how large they may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain import LIMITS
from app.errors import SettingsError
from app.services import stores
from app.services.stores import open_blobs
from app.settings import S3Settings, Settings, from_env
from app.storage.blobs_local import LocalBlobs

ACCESS, SECRET = "an-access-key", "a-secret-key-that-nobody-may-see"
S3 = {"QUIETLINE_BLOBS": "s3://sealed-files/north/wind", "QUIETLINE_S3_ACCESS_KEY": ACCESS, "QUIETLINE_S3_SECRET_KEY": SECRET}


def read(env: dict[str, str]) -> Settings:
    return from_env(env, {"/run/access": ACCESS + "\n", "/run/secret": SECRET + "\n"}.__getitem__, serving=False)


def test_by_default_files_lie_in_the_data_folder() -> None:
    settings = read({"QUIETLINE_DATA": "/srv/line"})
    assert (settings.blobs, settings.staging) == (Path("/srv/line/blobs"), Path("/srv/line/staging"))
    assert (settings.upload_bytes, settings.form_upload_bytes) == (LIMITS.attachment_bytes, LIMITS.multipart_bytes)
    assert (LIMITS.attachment_bytes, LIMITS.multipart_bytes) == (2 * 1024**3, 500 * 1024**2)


def test_in_a_folder_of_their_own_they_are_staged_there_too() -> None:
    settings = read({"QUIETLINE_DATA": "/srv/line", "QUIETLINE_BLOBS": "/mnt/large"})
    assert (settings.blobs, settings.staging) == (Path("/mnt/large"), Path("/mnt/large/staging"))


def test_on_an_s3_store_they_are_staged_in_the_data_folder() -> None:
    settings = read({"QUIETLINE_DATA": "/srv/line", **S3})
    assert settings.blobs == S3Settings("sealed-files", "north/wind", "", "us-east-1", ACCESS, SECRET)
    assert settings.staging == Path("/srv/line/staging")


def test_the_keys_of_a_store_come_from_files_and_are_not_shown() -> None:
    env = {"QUIETLINE_BLOBS": "s3://sealed-files", "QUIETLINE_S3_ENDPOINT": "https://s3.example:9000", "QUIETLINE_S3_REGION": "eu-1"}
    settings = read({**env, "QUIETLINE_S3_ACCESS_KEY_FILE": "/run/access", "QUIETLINE_S3_SECRET_KEY_FILE": "/run/secret"})
    assert settings.blobs == S3Settings("sealed-files", "", "https://s3.example:9000", "eu-1", ACCESS, SECRET)
    assert ACCESS not in repr(settings)
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"QUIETLINE_BLOBS": "s3://"}, "must be a folder, or s3://BUCKET/PREFIX"),
        ({"QUIETLINE_BLOBS": "ftp://sealed-files"}, "must be a folder, or s3://BUCKET/PREFIX"),
        ({"QUIETLINE_BLOBS": "s3://key:secret@bucket/x"}, "must be a folder, or s3://BUCKET/PREFIX"),
        ({"QUIETLINE_BLOBS": "s3://bucket/a?b"}, "must be a folder, or s3://BUCKET/PREFIX"),
        ({"QUIETLINE_BLOBS": " "}, "QUIETLINE_BLOBS is empty"),
        ({"QUIETLINE_BLOBS": "s3://sealed-files"}, "QUIETLINE_S3_ACCESS_KEY_FILE is not set"),
        ({"QUIETLINE_BLOBS": "s3://sealed-files", "QUIETLINE_S3_ACCESS_KEY": ACCESS}, "QUIETLINE_S3_SECRET_KEY_FILE is not set"),
        ({**S3, "QUIETLINE_S3_SECRET_KEY_FILE": "/run/secret"}, "both set"),
        ({**S3, "QUIETLINE_S3_ENDPOINT": "s3.example"}, "QUIETLINE_S3_ENDPOINT must be https"),
        ({**S3, "QUIETLINE_S3_ENDPOINT": "https://user:pass@s3.example"}, "QUIETLINE_S3_ENDPOINT must be https"),
        ({"QUIETLINE_S3_REGION": "eu-1"}, "QUIETLINE_S3_REGION is for QUIETLINE_BLOBS=s3://BUCKET/PREFIX only"),
        ({"QUIETLINE_UPLOAD_BYTES": "2G"}, "QUIETLINE_UPLOAD_BYTES must be a whole number of bytes"),
        ({"QUIETLINE_UPLOAD_BYTES": "65535"}, "QUIETLINE_UPLOAD_BYTES must be a whole number of bytes"),
        ({"QUIETLINE_FORM_UPLOAD_BYTES": "-1"}, "QUIETLINE_FORM_UPLOAD_BYTES must be a whole number of bytes"),
        ({"QUIETLINE_FORM_UPLOAD_BYTES": "9" * 13}, "QUIETLINE_FORM_UPLOAD_BYTES must be a whole number of bytes"),
    ],
)
def test_nonsense_is_refused_and_no_secret_repeated(env: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(env)
    assert sentence in str(refused.value)
    assert SECRET not in str(refused.value)


def test_two_file_systems_are_refused_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read({"QUIETLINE_DATA": str(tmp_path)})
    assert isinstance(open_blobs(settings), LocalBlobs)
    monkeypatch.setattr(stores, "_device", lambda folder: hash(folder))
    with pytest.raises(SettingsError, match="two file systems"):
        open_blobs(settings)


def test_storage_has_a_limit_only_where_one_is_set() -> None:
    assert read({}).storage_bytes is None
    assert read({"QUIETLINE_STORAGE_BYTES": str(1024**5)}).storage_bytes == 1024**5
    for wrong in ("", "65535", "50G", str(1024**5 + 1)):
        with pytest.raises(SettingsError, match="QUIETLINE_STORAGE_BYTES"):
            read({"QUIETLINE_STORAGE_BYTES": wrong})
