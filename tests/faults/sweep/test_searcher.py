"""The search itself: every secret in every form, wherever it lies, and nothing else."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from app.crypto.receipt import Receipt
from tests.faults.sweep.canaries import Canaries
from tests.faults.sweep.searcher import Searcher

WINDOW = 1 << 14


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries(receipts=[Receipt.generate()], ports={40123})


@pytest.fixture(scope="module")
def searcher(canaries: Canaries) -> Searcher:
    return Searcher(canaries.needles(), WINDOW)


def written(canaries: Canaries) -> Iterator[tuple[str, bytes]]:
    """Every kind of secret, as whoever leaked it would have it in hand."""
    yield from ((kind, text.encode()) for kind, text in canaries.texts.items())
    yield "X-Forwarded-For", canaries.forwarded.encode()
    yield "client's address", canaries.address.encode()
    (receipt,) = canaries.receipts
    yield "entropy of the words", receipt.entropy
    yield "mailbox key", receipt.mailbox_key
    for joint in (" ", "\n", ",", '", "'):
        yield "twelve words", joint.join(receipt.words).encode()


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def zipped(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", b"what was said: " + data)
    return target.getvalue()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "hex": lambda data: data.hex().encode(),
    "hex in capitals": lambda data: data.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64, one before": lambda data: base64.b64encode(b"x" + data + b"yz"),
    "base64, two before": lambda data: base64.b64encode(b"xy" + data + b"z"),
    "base64url": lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    "gzip": lambda data: gzip.compress(b"GET / " + data),
    "zlib": lambda data: zlib.compress(os.urandom(70_000) + data),
    "zlib, fast": lambda data: zlib.compress(data, 1),
    "zip": zipped,
    "gzip of hex": lambda data: gzip.compress(data.hex().encode()),
}
OF_TEXT: dict[str, Callable[[bytes], bytes]] = {
    "capitals": bytes.upper,
    "UTF-16 LE": lambda data: data.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda data: data.decode().encode("utf-16-be"),
    "JSON": lambda data: json.dumps(data.decode()).encode(),
    "percent-encoded": lambda data: quote(data).encode(),
    "percent-encoded, in full": lambda data: "".join(f"%{byte:02X}" for byte in data).encode(),
}
SECRET_BYTES = {"entropy of the words", "mailbox key"}


@pytest.mark.parametrize("encoding", [*ENCODERS, *OF_TEXT])
def test_every_secret_is_found_in_every_form_wherever_it_lies(
    canaries: Canaries, searcher: Searcher, encoding: str, tmp_path: Path
) -> None:
    encode = {**ENCODERS, **OF_TEXT}[encoding]
    file = tmp_path / "somewhere"
    for kind, secret in written(canaries):
        if encoding in OF_TEXT and kind in SECRET_BYTES:
            continue
        hidden = encode(secret)
        middle = len(hidden) // 2
        for before in (0, WINDOW - middle, WINDOW - 1, WINDOW - len(hidden) + 1, 2 * WINDOW - middle):
            file.write_bytes(os.urandom(max(before, 0)) + hidden + os.urandom(1000))
            looked = searcher.path(file)
            assert looked.kinds == {kind}, (kind, encoding, before)
            assert looked.bytes == file.stat().st_size


def test_addresses_are_found_as_the_kernel_writes_them(canaries: Canaries, searcher: Searcher) -> None:
    packed = bytes(int(part) for part in canaries.address.split("."))
    for form in (b"\2\0" + (40123).to_bytes(2, "big") + packed, bytes(10) + b"\xff\xff" + packed, packed[::-1].hex().upper().encode()):
        assert searcher.data(b"0: " + form + bytes(8)).kinds == {"client's address"}


def test_nothing_is_found_where_nothing_is(searcher: Searcher) -> None:
    data = os.urandom(20_000_000) + os.urandom(1_000_000).hex().encode() + base64.b64encode(os.urandom(1_000_000))
    assert searcher.data(data).found == {}


def test_any_piece_of_a_file_gives_it_away(canaries: Canaries, searcher: Searcher) -> None:
    content = canaries.content("content of 700 kB", 700_000)
    assert len(content) == 700_000
    for at in (0, 1, 63, 64, 128 * 1024 - 7, 699_000):
        assert searcher.data(content[at : at + 84]).kinds == {"content of 700 kB"}


def test_holes_are_passed_over_and_what_lies_behind_them_is_found(canaries: Canaries, searcher: Searcher, tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 32)
        file.seek(3 << 30)
        file.write(canaries["body"].encode())
    looked = searcher.path(tmp_path / "sparse")
    assert looked.kinds == {"body"}
    assert looked.bytes < 1 << 20
