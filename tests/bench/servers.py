"""Which application server: gunicorn's threads as `quietline serve` sets them up, or granian; both with two processes of eight threads.

Alone: `python -m tests.bench.servers`. granian is no dependency of ours: it is measured where `granian` can be imported.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.crypto.message import ChannelKeys
from app.factory import make_context
from app.services import organisations
from app.settings import from_env
from tests.bench import reports, uploads_case
from tests.bench.comparing import Side
from tests.bench.load import Request, answered, connect
from tests.bench.processes import cpu_seconds, tree
from tests.bench.sending import Client
from tests.bench.serving import environment, machine, prepare, wait
from tests.bench.slow import SlowUploads
from tests.bench.starting import memory
from tests.portal import Portal, clean_environment, free_port

UPLOADS: Final = 40
BYTES_A_SECOND: Final = 20_000
UPLOAD_BYTES: Final = 4_000_000
CLIENTS: Final = 8
POSTS: Final = 400
ROUNDS: Final = 3
THREADS: Final = "8"
GRANIAN: Final = ["--interface", "wsgi", "--workers", "2", "--blocking-threads", THREADS, "--backpressure", "512", "--no-ws", "--http", "1"]


@dataclass(frozen=True)
class Result:
    """Posts a second, and the milliseconds within which half, and all but a twentieth, were answered; server CPU a post; errors."""

    per_second: float
    median: float
    slow: float
    cpu: float
    errors: int


@contextlib.contextmanager
def gunicorn(folder: Path) -> Iterator[Side]:
    """The portal as it is served."""
    with Portal(
        {**clean_environment(**environment(folder / "data")), "QUIETLINE_WORKERS": "2", "QUIETLINE_THREADS": THREADS}, folder / "log"
    ) as portal:
        yield Side(portal.port, portal.pid)


@contextlib.contextmanager
def granian(folder: Path) -> Iterator[Side]:
    """The same application under granian."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--port", str(port), *GRANIAN, "tests.bench.serve_granian:app"]
    settings = {**clean_environment(**environment(folder / "data")), "QUIETLINE_BIND": f"127.0.0.1:{port}", "QUIETLINE_THREADS": THREADS}
    with (folder / "granian.log").open("wb") as log:
        process = subprocess.Popen(command, env=settings, stdout=log, stderr=log)
    try:
        wait(port)
        yield Side(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def run(folder: Path) -> Iterator[str]:
    """Lines to print."""
    prepare(folder / "data")
    with contextlib.ExitStack() as stack:
        sides = {"gunicorn": stack.enter_context(gunicorn(folder))}
        if importlib.util.find_spec("granian") is None:
            yield "granian: not measured, it is not installed"
        else:
            sides["granian"] = stack.enter_context(granian(folder))
        slug, keys = _channel(folder / "data")
        found: dict[tuple[str, str], list[Result]] = {}
        under_way: dict[str, list[int]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, side in sides.items():
                found.setdefault((name, "alone"), []).append(post(side, reports.sealed(slug, POSTS, keys)))
            for name, side in sides.items():
                requests = reports.sealed(slug, POSTS, keys)
                with SlowUploads(side.port, begin(side.port), UPLOAD_BYTES, BYTES_A_SECOND) as slow:
                    time.sleep(1.0)  # so that each has been taken on, or refused
                    found.setdefault((name, "uploads"), []).append(post(side, requests))
                    under_way[name].append(slow.under_way)
        yield f"posts of 2 kB sealed by the browser, {CLIENTS} clients, {POSTS} a round, {ROUNDS} rounds in turn, medians"
        for (name, when), results in found.items():
            said = "alone" if when == "alone" else f"beside {UPLOADS} uploads at {BYTES_A_SECOND // 1000} kB/s"
            yield _line(f"{name}, {said}", results)
        for name, side in sides.items():
            held = sum(memory(pid) for pid in tree(side.pid)) / 2**20
            yield f"{name}: {statistics.median(under_way[name]):.0f} of {UPLOADS} uploads under way at a time, {held:.0f} MiB afterwards"


def begin(port: int) -> list[str]:
    """Uploads of which nothing has come yet: their addresses."""
    length = uploads_case.nearest_length(UPLOAD_BYTES)
    with Client(port) as client:
        return [
            client.send("POST", "/uploads", {**uploads_case.TUS, "Upload-Length": str(length)}).headers["location"] for _ in range(UPLOADS)
        ]


def post(side: Side, requests: Sequence[Request]) -> Result:
    """Every request once."""
    queue, lock = list(requests), threading.Lock()
    times: list[float] = []
    errors = 0

    def client() -> None:
        nonlocal errors
        connection = connect(side.port)
        while True:
            with lock:
                if not queue:
                    break
                request = queue.pop()
            began = time.perf_counter()
            good = answered(connection, request)
            with lock:
                times.append((time.perf_counter() - began) * 1000)
                errors += not good
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    cpu, began = cpu_seconds(side.pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    times.sort()
    spent = (cpu_seconds(side.pid) - cpu) * 1000 / len(requests)
    return Result(len(requests) / seconds, statistics.median(times), times[int(len(times) * 0.95)], spent, errors)


def _channel(data: Path) -> tuple[str, ChannelKeys]:
    ctx = make_context(from_env(environment(data)))
    found = next(each for each in organisations.portal(ctx, organisations.resolve(ctx, "127.0.0.1")).channels if each.keys)
    ctx.database.dispose()
    assert found.keys is not None
    return found.slug, ChannelKeys(found.keys.recipient, found.keys.verify)


def _line(name: str, results: Sequence[Result]) -> str:
    def middle(field: str) -> float:
        return float(statistics.median(getattr(each, field) for each in results))

    told = f"{name:44} {middle('per_second'):5.0f}/s  half within {middle('median'):4.0f} ms, 95 % within {middle('slow'):4.0f} ms"
    return f"{told}  {middle('cpu'):5.2f} ms CPU  {sum(each.errors for each in results)} errors"


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory() as name:
        for line in run(Path(name)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
