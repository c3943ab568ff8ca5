"""Everything that reporters do, both ways, and everything that can go wrong for them: with a canary in each thing they give away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from app.crypto.message import Attachment
from app.crypto.receipt import Receipt
from app.domain import LIMITS
from tests.faults.sweep.canaries import Canaries
from tests.faults.sweep.client import Client
from tests.faults.sweep.officer import Officer
from tests.faults.sweep.sealing import Sealer
from tests.web.filling import BOUNDARY, Chosen, Values
from tests.web.reporter import words

LARGE: Final = 5_000_000
MIDDLE: Final = 700_000
TEXT: Final = 12_000
FORM: Final = "/report/ethics"


@dataclass
class Journey:
    """One run through a portal. `broken`: a database in which nothing can be stored for a while; `locked`: one that somebody holds.

    `happened`: what was driven, for the report, with the status of each answer that was to fail.
    """

    canaries: Canaries
    client: Client
    officer: Officer
    broken: Callable[[], AbstractContextManager[None]]
    locked: Callable[[], AbstractContextManager[None]] | None

    def __post_init__(self) -> None:
        self.happened: list[str] = []

    def run(self) -> None:
        """All of it."""
        plain = self.report_without_script()
        sealed = self.report_sealed()
        self.officer.reply(plain, self._long("reply"), self._file("reply's file name", "reply's file content", MIDDLE))
        self.officer.reply(sealed.receipt, self._long("reply"))
        self.follow_up_without_script(plain)
        assert sealed.follow_up(self._long("follow-up sealed in the client")) == 200
        assert len(sealed.messages()) == 3
        assert sealed.download(self._report_file(sealed)).startswith(self.canaries["content of 700 kB"].encode())
        self.happened.append("followed up both ways, read a reply, files in both directions")
        self.refused(plain)
        self.failed()

    def report_without_script(self) -> Receipt:
        """Text and two files, sealed by the server."""
        page = self.client.get(f"{FORM}?from={self.canaries['query']}")
        assert page.status_code == 200
        check = self.client.post_files(f"{FORM}/check", self._typed("body"), *self._files()).page
        assert check.status == 200, check.text
        sent = self.client.post_form(f"{FORM}/send", check.form(f"{FORM}/send")).page
        assert sent.status == 200, sent.text
        receipt = Receipt.read(words(sent))
        self.canaries.receipts.append(receipt)
        values = sent.form(f"{FORM}/words")
        checked = {name: [receipt.words[int(values[name][0]) - 1]] for name in ("first", "second")}
        assert (
            self.client.post_form(f"{FORM}/words", {**values, **{f"word-{name}": word for name, word in checked.items()}}).status_code < 500
        )
        self.happened.append("reported without script, with two files")
        return receipt

    def report_sealed(self) -> Sealer:
        """Text and a file, sealed in the client."""
        sealer = Sealer(self.client, self.officer.ring, Receipt.generate())
        self.canaries.receipts.append(sealer.receipt)
        file = self._file("file name", "content of 700 kB", MIDDLE)
        assert sealer.report(self._long("body sealed in the client"), self.canaries["answer"], file) == 200
        self.happened.append("reported sealed in the client, with a file")
        return sealer

    def follow_up_without_script(self, receipt: Receipt) -> None:
        """Come back with the words, read, take the officer's file, and answer with another."""
        opened = self.client.post_form("/conversation", {"words": ", ".join(receipt.words).title()}).page
        assert self.canaries["reply"] in opened.html
        forms = opened.all("form", action="/conversation/attachment")
        for form in forms:
            values = {each.get("name") or "": each.get("value") or "" for each in opened.all("input") if form in each.parents}
            assert self.client.post_form("/conversation/attachment", values).status_code == 200
        assert len(forms) == 3
        reply = {**opened.form("/conversation/answer"), "body": self._long("follow-up")}
        answered = self.client.post_files("/conversation/answer", reply, self._file("file name", "content of 700 kB", MIDDLE)).page
        assert "sealed and stored" in answered.text

    def refused(self, receipt: Receipt) -> None:
        """What is answered with 4xx: by nginx, by gunicorn and by us."""
        lost, client = self.canaries["body that met an error"], self.client
        swapped = " ".join((*receipt.words[1:], receipt.words[0]))
        self._expect("wrong words", client.post_form("/conversation", {"words": swapped}).status_code, 404, 422)
        self._expect("a path that leads nowhere", client.get(f"/{self.canaries['path']}?{self.canaries['query']}").status_code, 404)
        malformed = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=body\r\n{lost}".encode() * 300
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        self._expect("a form that ends too early", client.ask("POST", f"{FORM}/check", malformed, kind).status_code, 400, 422)
        large = client.ask(
            "POST",
            f"{FORM}/sealed",
            b'{"sealed":"' + lost.encode() * (LIMITS.sealed_request_bytes // 15),
            {"Content-Type": "application/json"},
        )
        self._expect("a sealed report that is far too large", large.status_code, 413)
        length = f"POST {FORM}/check HTTP/1.1\r\nHost: {client.host}\r\nContent-Length: {9 << 30}\r\n{_header(kind)}\r\n"
        self._expect("a form of 9 GB", _status(client.say(length.encode() + b"\r\n" + malformed)), 413)
        head = f"GET /{self.canaries['path']} HTTP/1.1\r\nHost: {client.host}\r\n{_header(client.headers)}"
        self._expect("a header that is too long", _status(client.say(f"{head}X-Long: {lost * 2000}\r\n\r\n".encode())), 400, 431)
        self._expect("no HTTP", _status(client.say(f"{lost} {head}\r\n".encode())), 400)
        self._expect("a strange name", _status(client.say(f"{head.replace(client.host, lost)}\r\n".encode())), 0, 400, 421)
        client.say(f"{head}\r\n".encode(), plain=True)
        client.break_off(f"{FORM}/check", self._typed("body that met an error"), self._lost_file())
        self.happened.append("hung up in the middle of a file")

    def failed(self) -> None:
        """What is answered with 5xx: a database in which a table is missing, and one that somebody holds."""
        check = self.client.post_files(f"{FORM}/check", self._typed("body that met an error"), self._lost_file()).page
        form = check.form(f"{FORM}/send")
        with self.broken():
            self._expect("a broken database, sending", self.client.post_form(f"{FORM}/send", form).status_code, 500)
            answer = self.client.post_files(f"{FORM}/check", self._typed("body that met an error"), self._lost_file())
            self._expect("a broken database, a file", answer.status_code, 500)
            sealer = Sealer(self.client, self.officer.ring, Receipt.generate())
            self.canaries.receipts.append(sealer.receipt)
            self._expect("a broken database, sealed", sealer.report(self._long("body that met an error"), self.canaries["answer"]), 500)
        if self.locked is not None:
            with self.locked():
                self._expect("a locked database", self.client.post_form(f"{FORM}/send", form).status_code, 503)
        self._expect("the same, once it works", self.client.post_form(f"{FORM}/send", form).status_code, 200)

    def more(self, count: int) -> None:
        """So many further requests, without anything that is looked for in their bodies."""
        for number in range(count):
            assert self.client.get(("/", FORM, "/conversation", "/report")[number % 4]).status_code == 200

    def _expect(self, what: str, status: int, *wanted: int) -> None:
        assert status in wanted, f"{what}: {status}, not {wanted}"
        self.happened.append(f"{what}: {status or 'cut off'}")

    def _typed(self, body: str) -> Values:
        mine = {
            "subject": self.canaries["subject"],
            "body": self._long(body),
            "q-category": "Something else",
            "q-where": self.canaries["answer"],
        }
        return {**mine, "q-when-day": "2", "q-when-month": "11", "q-when-year": "2026", "q-known": ["I was told"]}

    def _long(self, kind: str) -> str:
        """A text that fills a page or two, with the canary all through it."""
        return f"{self.canaries[kind]} was said on that day. " * (TEXT // 44)

    def _file(self, name: str, content: str, size: int) -> Chosen:
        return Chosen(f"{self.canaries[name]}.pdf", self.canaries.content(content, size), "application/pdf")

    def _files(self) -> tuple[Chosen, Chosen]:
        return self._file("file name", "content of 5 MB", LARGE), self._file("file name", "content of 700 kB", MIDDLE)

    def _lost_file(self) -> Chosen:
        return self._file("file name that met an error", "content that met an error", MIDDLE)

    def _report_file(self, sealed: Sealer) -> Attachment:
        payload = sealed.messages()[0].payload
        assert payload is not None
        return payload.attachments[0]


def _header(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _status(answer: bytes) -> int:
    """0 where there was none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0
