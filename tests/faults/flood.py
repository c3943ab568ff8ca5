"""`make flood`: floods, and a real reporter and an officer in the midst of them. Prints what they waited, memory and refusals.

Slow connections and wrong words come in one run, junk reports in another, since the aims differ (2 seconds; a minute).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlencode

from app.crypto.encoding import b64u_encode
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import ChannelKeys
from app.crypto.receipt import Receipt
from tests.bench.processes import resident
from tests.bench.reports import sealed_body
from tests.web.filling import BOUNDARY, multipart
from tests.web.page import Page
from tests.web.reporter import TYPED, words
from tests.web.served import Answer, Served, serve

FORM: Final = "application/x-www-form-urlencoded"
SLUG: Final = "ethics"
PATIENCE: Final = 120.0
DOCTYPE: Final = b"<!doctype html>"
MOST_CONNECTIONS: Final = 12_000


@dataclass
class Waits:
    """Seconds by step; what came back that should not have."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            self.refused.append(f"{name}: {type(error).__name__}")
            raise
        finally:
            self.seconds.setdefault(name, []).append(time.monotonic() - began)

    def worst(self) -> float:
        """The longest of all steps."""
        return max(second for each in self.seconds.values() for second in each)


@dataclass
class Result:
    """What a run came to. `memory`: highest resident bytes of all processes of the portal together; `tallies` of the attackers."""

    waits: Waits
    memory: int
    idle: int
    tallies: dict[str, dict[str, float]]


class Visitor:
    """Somebody with a browser that opens a connection for each request."""

    def __init__(self, port: int, waits: Waits) -> None:
        self._port = port
        self._waits = waits

    def ask(self, name: str, method: str, path: str, body: bytes = b"", kind: str = FORM, wanted: int = 200, **headers: str) -> Answer:
        with self._waits.step(name):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                connection.request(method, path, body, {"Content-Type": kind, **headers})
                response = connection.getresponse()
                answer = Answer(response.status, dict(response.getheaders()), _after_the_notice(response.read()))
            finally:
                connection.close()
        if answer.status_code != wanted:
            self._waits.refused.append(f"{name}: {answer.status_code}")
            raise ConnectionError(name)
        return answer

    def report(self) -> str:
        """Write, check, send; the twelve words."""
        self.ask("open the form", "GET", f"/report/{SLUG}")
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        check = self.ask("check the report", "POST", f"/report/{SLUG}/check", multipart(TYPED), kind).page
        sent = self.ask("send the report", "POST", f"/report/{SLUG}/send", _form(check, f"/report/{SLUG}/send"))
        return words(sent.page)

    def come_back(self, typed: str) -> None:
        """Open the conversation, and answer in it."""
        opened = self.ask("open the conversation", "POST", "/conversation", urlencode({"words": typed}).encode()).page
        values = {**opened.form("/conversation/answer"), "body": ["One more thing."]}
        self.ask("answer in it", "POST", "/conversation/answer", urlencode(values, doseq=True).encode())

    def officer(self, user: str, login: bytes) -> None:
        """Log in, open the inbox."""
        page = self.ask("open the login page", "GET", "/desk/login")
        (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', page.body.decode())
        cookies = {"Cookie": page.headers["Set-Cookie"].split(";")[0], "X-CSRFToken": token}
        body = json.dumps({"user": user, "login": b64u_encode(login)}).encode()
        answer = self.ask("log in", "POST", "/desk/login", body, "application/json", **cookies)
        cookies = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        inbox = self.ask("open the inbox", "GET", "/desk/", **cookies)
        case = re.findall(r"/desk/case/([a-z2-7]{26})", inbox.body.decode())[0]
        self.ask("read the inbox", "GET", f"/desk/inbox/reports?cases={case}", **cookies)


def _after_the_notice(body: bytes) -> bytes:
    """A page that began with the one for those who wait, as its style sheet shows it: without that."""
    return body if b'class="wait"' not in body else DOCTYPE + body.rpartition(DOCTYPE)[2]


def _form(page: Page, action: str) -> bytes:
    return urlencode(page.form(action), doseq=True).encode()


class Memory:
    """The highest resident memory of a tree of processes, shared pages counted once for each process that has them."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.highest = 0

    def look(self) -> int:
        """What it is now."""
        now = sum(resident(self._pid).values())
        self.highest = max(self.highest, now)
        return now


class Attack:
    """Attackers at work, each a process with as many connections as a process may have. Use as a context manager."""

    def __init__(self, kind: str, port: int, count: int, at_once: int, sealed: str = "") -> None:
        self._parts = -(-min(count, at_once) // MOST_CONNECTIONS)
        shares = (str(count // self._parts), str(max(1, at_once // self._parts)))
        self._command = [sys.executable, "-m", "tests.faults.attackers", kind, str(port), SLUG, *shares, sealed]
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Attack:
        for _ in range(self._parts):
            self._processes.append(subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def busy(self) -> bool:
        """Whether some still are."""
        return any(process.poll() is None for process in self._processes)

    def end(self) -> dict[str, float]:
        """Have them end, and add up what they counted."""
        total: dict[str, float] = {}
        for process in self._processes:
            found, _ = process.communicate(timeout=120)
            for name, number in json.loads(found).items():
                total[name] = max(total.get(name, 0), number) if name == "seconds" else total.get(name, 0) + number
        return total


def journeys(served: Served, waits: Waits, memory: Memory, busy: Callable[[], bool], least: int = 2) -> None:
    """A reporter and an officer, again and again, as long as the flood is there."""
    typed = _calm(served)
    done = 0
    while busy() or done < least:
        with contextlib.suppress(OSError, http.client.HTTPException):
            visitor = Visitor(served.portal.port, waits)
            with ThreadPoolExecutor(3) as people:
                officer = served.place.olivia
                reported = people.submit(visitor.report)
                others = people.submit(visitor.come_back, typed), people.submit(visitor.officer, officer.user, officer.secrets.login)
            typed = reported.result()
            for each in others:
                each.result()
        memory.look()
        done += 1


def _calm(served: Served) -> str:
    """The words of a report from before."""
    return Visitor(served.portal.port, Waits()).report()


def until_open(served: Served, memory: Memory, count: int) -> None:
    """Wait until so many connections are there, or no more come."""
    before, still = -1, time.monotonic()
    while time.monotonic() - still < 3.0:
        now = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in served.workers)
        if now >= count:
            return
        if now > before:
            before, still = now, time.monotonic()
        memory.look()
        time.sleep(0.1)


def slow_and_words(folder: Path, count: int, at_once: int, workers: int) -> Result:
    """Slow connections, and wrong words on top of them."""
    with serve(folder, WORKERS=str(workers)) as served:
        waits, memory, port = Waits(), Memory(served.portal.pid), served.portal.port
        _calm(served)
        idle = memory.look()
        with Attack("slow", port, count, count) as slow:
            until_open(served, memory, count)
            with Attack("words", port, count, at_once) as wrong:
                journeys(served, waits, memory, wrong.busy)
                tallies = {"wrong words": wrong.end()}
            tallies["slow connections"] = slow.end()
        return Result(waits, memory.highest, idle, tallies)


def junk(folder: Path, count: int, at_once: int, workers: int) -> Result:
    """Junk reports, all at once or nearly."""
    with serve(folder, WORKERS=str(workers)) as served:
        waits, memory, port = Waits(), Memory(served.portal.pid), served.portal.port
        _calm(served)
        idle = memory.look()
        keys = served.place.ethics.keys
        assert keys is not None
        team = HybridRecipient.parse(keys.recipient)
        sealed = json.loads(sealed_body(ChannelKeys(keys.recipient, keys.verify), team, Receipt.generate()))["sealed"]
        with Attack("junk", port, count, at_once, sealed) as attackers:
            journeys(served, waits, memory, attackers.busy)
            tallies = {"junk reports": attackers.end()}
        return Result(waits, memory.highest, idle, tallies)


def lines(name: str, result: Result) -> Iterator[str]:
    """What to print."""
    yield name
    for step, seconds in result.waits.seconds.items():
        yield f"  {step:24} {median(seconds):6.2f} s, at worst {max(seconds):6.2f} s ({len(seconds)} times)"
    yield f"  refused or lost: {len(result.waits.refused)} {sorted(set(result.waits.refused))}"
    yield f"  memory of all processes: {result.idle / 2**20:.0f} MiB before, {result.memory / 2**20:.0f} MiB at most"
    for attackers, tally in result.tallies.items():
        yield f"  {attackers}: {tally}"


def main() -> None:
    """Run the floods and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="of each kind")
    parser.add_argument("--at-once", type=int, default=200, help="wrong words that wait for their answer at a time")
    parser.add_argument("--junk-at-once", type=int, default=2_000, help="the same of junk reports")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=["slow", "junk"])
    chosen = parser.parse_args()
    for kind, name, run, at_once in (
        ("slow", "slow connections and wrong words", slow_and_words, chosen.at_once),
        ("junk", "junk reports", junk, chosen.junk_at_once),
    ):
        if chosen.only in {None, kind}:
            with tempfile.TemporaryDirectory() as folder:
                for line in lines(
                    f"{name}, {chosen.count} of each, {at_once} at once", run(Path(folder), chosen.count, at_once, chosen.workers)
                ):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
