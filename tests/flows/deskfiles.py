"""Reports and answers with files, sealed as they are at the door, and what a host could do to them on its disk."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page

from app.crypto.receipt import Receipt
from app.services import files, intake, organisations, receipts
from app.services.drafts import PlainReport
from tests.flows.desks import Desk

LARGEST = 2**31


@dataclass(frozen=True)
class Given:
    """A file somebody attaches."""

    name: str
    type: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def png(width: int, height: int, colour: bytes = b"\x20\x80\xd0") -> bytes:
    """A picture of one colour; a few bytes for a pixel count of any size."""
    packer = zlib.compressobj(9)
    row = b"\0" + colour * width
    packed = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def report_with(desk: Desk, *given: Given, body: str = "See the files.") -> Receipt:
    """A report with these files, through the server's way."""
    receipt = receipts.new()
    channel = organisations.portal(desk.ctx, desk.organisation).channels[0]
    assert channel.keys is not None
    readers = [channel.keys.recipient, str(receipt.identity.recipient)]
    sealed = [files.seal_file(desk.ctx, desk.organisation, readers, each.name, each.type, [each.data], LARGEST) for each in given]
    answers = {each.id: each.options[0] if each.options else "2026-11-01" for each in channel.questions if each.required}
    intake.accept_plain(desk.ctx, desk.organisation, desk.channel(), receipt, PlainReport("Files", body, answers), attachments=sealed)
    return receipt


def blob_of(desk: Desk, receipt: Receipt, position: int = 0) -> Path:
    """Where a file of a case lies on the server's disk; `position` by its id."""
    count = desk.value("SELECT count(*) FROM attachments WHERE case_id = :case", case=receipt.case_id)
    assert isinstance(count, int)
    assert position < count
    name = desk.value(
        "SELECT id FROM attachments WHERE case_id = :case ORDER BY id LIMIT 1 OFFSET :position", case=receipt.case_id, position=position
    )
    (found,) = [path for path in Path(str(desk.ctx.settings.blobs)).rglob("*") if path.is_file() and str(name) in path.name]
    return found


def line(page: Page, name: str, number: int = 1) -> Locator:
    """The line of a file in a letter."""
    return page.locator(f"#message-{number} [data-letter-file]").filter(has=page.locator(".file-name", has_text=name))


def press(page: Page, name: str, act: str, number: int = 1) -> None:
    line(page, name, number).locator(f"[data-act={act}]").click()
