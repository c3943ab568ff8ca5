"""A reporter's requests with large files: what the browser sends, what a form without script sends, and what fetches a file again."""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from app.crypto import attachment
from app.crypto.encoding import b64u_encode
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import Attachment, ChannelKeys
from app.crypto.padding import attachment_class
from app.crypto.receipt import Receipt
from tests.bench import reports
from tests.bench.sending import Answer, Client, Part

TUS: Final = {"Tus-Resumable": "1.0.0"}
PATCH: Final = {**TUS, "Content-Type": "application/offset+octet-stream"}
JSON: Final = {"Content-Type": "application/json"}
BOUNDARY: Final = "----a-boundary-that-is-in-no-file-4c1f"
PIECE: Final = 1 << 20
_PACE: Final = Path(__file__).parents[2] / "app" / "browser" / "files" / "pace.ts"


def _of_the_browser(name: str) -> int:
    """A number of pace.ts: on a fast line it begins with `least` bytes, and sends twice as much each time, up to `most`."""
    found = re.search(rf"^const {name} = ([0-9 *]+);$", _PACE.read_text(), re.MULTILINE)
    assert found is not None
    return math.prod(map(int, found[1].split("*")))


PACE_LEAST: Final = _of_the_browser("least")
PACE_MOST: Final = _of_the_browser("most")


@dataclass(frozen=True)
class Source:
    """A file, and the same sealed to a channel and a reporter."""

    plain: Path
    sealed: Path
    sha256: bytes
    receipt: Receipt

    @property
    def size(self) -> int:
        return self.plain.stat().st_size

    @property
    def sealed_size(self) -> int:
        return self.sealed.stat().st_size

    def manifest(self, name: str) -> Attachment:
        return Attachment(name, "evidence.bin", "application/octet-stream", self.size, self.sha256)


def make_source(folder: Path, size: int, keys: ChannelKeys, write: Callable[[Path, int], None]) -> Source:
    """A file of `size` bytes in `folder`, its content by `write`, and its sealed twin."""
    plain, sealed, receipt = folder / f"plain-{size}", folder / f"sealed-{size}", Receipt.generate()
    write(plain, size)
    digest = hashlib.sha256()
    with sealed.open("wb") as file:
        for piece in attachment.seal(_pieces(plain, digest), [HybridRecipient.parse(keys.recipient), receipt.identity.recipient]):
            file.write(piece)
    return Source(plain, sealed, digest.digest(), receipt)


def _pieces(path: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            yield piece


def parts(source: Source, *, chunks: bool) -> Iterator[Part]:
    """The sealed file in the pieces of a browser on a fast line, or in one."""
    at, pace = 0, PACE_LEAST if chunks else source.sealed_size
    while at < source.sealed_size:
        yield Part(source.sealed, at, min(pace, source.sealed_size - at))
        at += pace
        pace = min(PACE_MOST, pace * 2)


def tus(port: int, source: Source, *, chunks: bool) -> str:
    """Send the sealed file by tus, in a browser's pieces or in one; its id."""
    with Client(port) as client:
        place = client.send("POST", "/uploads", {**TUS, "Upload-Length": str(source.sealed_size)}).headers["location"]
        for part in parts(source, chunks=chunks):
            client.send("PATCH", place, {**PATCH, "Upload-Offset": str(part.start)}, [part])
    return place.rpartition("/")[2]


def nearest_length(size: int) -> int:
    """The length of a sealed file of about so many bytes."""
    return attachment.sealed_length(attachment_class(size), 2)


def delete(port: int, name: str) -> None:
    """Take an upload back."""
    with Client(port) as client:
        client.send("DELETE", f"/uploads/{name}", TUS)


def form(port: int, path: str, file: Path, fields: dict[str, str]) -> Answer:
    """A form without script: a file, and the text after it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="evidence.bin"\r\n'
    body: list[bytes | Part] = [f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(), Part.whole(file), b"\r\n"]
    for name, value in fields.items():
        body.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    body.append(f"--{BOUNDARY}--\r\n".encode())
    with Client(port) as client:
        return client.send("POST", path, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, body)


_ATTACHMENT: Final = re.compile(r'name="attachment" value="([^"]*)"')
_TICKET: Final = re.compile(r'name="ticket" value="([^"]*)"')


def attached(page: Answer) -> list[str]:
    """The ids of the files that a check page holds."""
    found = [json.loads(html.unescape(each))["id"] for each in _ATTACHMENT.findall(page.body.decode())]
    if not found:
        raise RuntimeError("no file on the check page")
    return found


def report(port: int, slug: str, keys: ChannelKeys, source: Source, name: str) -> None:
    """A report that names an uploaded file."""
    body = reports.sealed_body(keys, HybridRecipient.parse(keys.recipient), source.receipt, (source.manifest(name),))
    with Client(port) as client:
        client.send("POST", f"/report/{slug}/sealed", JSON, [body])


def fetch_sealed(port: int, source: Source, name: str) -> int:
    """Fetch it as a browser does; the bytes that came."""
    body = json.dumps({"mailbox": b64u_encode(source.receipt.mailbox_key), "attachment": name}).encode()
    with Client(port) as client:
        return client.send("POST", "/conversation/sealed/attachment", JSON, [body], discard=True).length


def ticket(port: int, source: Source) -> str:
    """What the conversation's page holds in place of the words."""
    words = urlencode({"words": " ".join(source.receipt.words)}).encode()
    with Client(port) as client:
        page = client.send("POST", "/conversation", {"Content-Type": reports.FORM}, [words])
    return html.unescape(_TICKET.findall(page.body.decode())[0])


def fetch_plain(port: int, source: Source, name: str, kept: str) -> int:
    """Fetch it opened by the server; the bytes that came."""
    body = urlencode({"ticket": kept, "attachment": name}).encode()
    with Client(port) as client:
        return client.send("POST", "/conversation/attachment", {"Content-Type": reports.FORM}, [body], discard=True).length
