"""Forms with files, as a browser without script sends them; and what became of the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug import Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.domain import AttachmentId
from app.services import followup, receipts
from app.storage import uploads as rows
from tests.support import Place
from tests.web.page import Page
from tests.web.reporter import BASE, Reporter

BOUNDARY = "----QuietlineTestBoundary7MA4YWxk"
Values = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Chosen:
    """A file as it was chosen. `name` goes into the header as it stands."""

    name: str
    content: bytes
    type: str = "application/octet-stream"


def text_part(name: str, value: str) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file_part(file: Chosen, field: str = "files") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\nContent-Type: {file.type}\r\n\r\n'
    return head.encode() + file.content + b"\r\n"


def end() -> bytes:
    return f"--{BOUNDARY}--\r\n".encode()


def parts(values: Values, files: Iterable[Chosen] = ()) -> Iterator[bytes]:
    """Every part in the order of our forms: the text with its hidden fields first, then the files; a nameless one where none was chosen."""
    for name, value in values.items():
        for each in [value] if isinstance(value, str) else value:
            if name != "files":
                yield text_part(name, each.replace("\r\n", "\n").replace("\n", "\r\n"))
    chosen = list(files) or [Chosen("", b"")]
    yield from (file_part(file) for file in chosen)


def multipart(values: Values, files: Iterable[Chosen] = ()) -> bytes:
    return b"".join(parts(values, files)) + end()


def post(reporter: Reporter, path: str, body: bytes, **headers: str) -> Page:
    """Send such a body."""
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return Page(reporter.client.post(path, base_url=BASE, data=body, content_type=content_type, headers=headers))


def post_stream(reporter: Reporter, path: str, body: Any, declared: int | None) -> Page:
    """Send a body of any other length than it says; in chunks, as they come from a real server, where it says none."""
    environ = EnvironBuilder(path=path, base_url=BASE, method="POST").get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ["CONTENT_TYPE"] = f"multipart/form-data; boundary={BOUNDARY}"
    said = {"wsgi.input_terminated": True} if declared is None else {"CONTENT_LENGTH": str(declared)}
    answer, status, headers = run_wsgi_app(reporter.client.application, {**environ, **said, "wsgi.input": body}, buffered=True)
    return Page(Response(answer, status, headers))


def submit(reporter: Reporter, path: str, values: Values, *files: Chosen) -> Page:
    return post(reporter, path, multipart(values, files))


def listed(page: Page) -> list[str]:
    """The names of the files that a page shows."""
    return [element.text for element in page.all("span", class_="file-name")]


def file_problem(page: Page) -> str:
    return page.one(id="files-problem").text


def stored(place: Place) -> list[AttachmentId]:
    """Every sealed file in the blob store."""
    return sorted(place.ctx.blobs.names(place.id))


def unnamed(place: Place) -> list[str]:
    """Every upload that no message names."""
    with place.ctx.database.read() as session:
        return [file for file in stored(place) if rows.get(session, place.id, file) is not None]


def attachments(place: Place, words: str, letter: int = -1) -> list[tuple[str, str, int]]:
    """Name, type and size of the files of a letter, from its manifest."""
    payload = followup.open_plain(place.ctx, place.id, receipts.read(words)).checked[letter].payload
    assert payload is not None
    return [(file.name, file.type, file.size) for file in payload.attachments]
