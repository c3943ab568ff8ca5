"""A load of prepared requests from several clients, each with one connection that stays open."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.processes import cpu_seconds


@dataclass(frozen=True)
class Request:
    """One prepared POST."""

    path: str
    body: bytes
    content_type: str


@dataclass(frozen=True)
class Figures:
    """What a run came to: answers a second, and server CPU milliseconds an answer."""

    per_second: float
    cpu_ms: float
    errors: int


def connect(port: int) -> http.client.HTTPConnection:
    """A connection that is opened with the first request, and then stays open."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def answered(connection: http.client.HTTPConnection, request: Request) -> bool:
    """Send a request; whether it was answered with 200."""
    try:
        connection.request("POST", request.path, request.body, {"Content-Type": request.content_type})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()  # the next request opens it anew
        return False
    return answer.status == 200


def run(port: int, pid: int, requests: Sequence[Request], clients: int) -> Figures:
    """Send every request once, from `clients` clients; the server is the process tree below `pid`."""
    queue = list(requests)
    lock = threading.Lock()
    errors = 0

    def client() -> None:
        nonlocal errors
        connection = connect(port)
        while True:
            with lock:
                if not queue:
                    break
                request = queue.pop()
            if not answered(connection, request):
                with lock:
                    errors += 1
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    cpu = cpu_seconds(pid)
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    return Figures(len(requests) / elapsed, (cpu_seconds(pid) - cpu) * 1000 / len(requests), errors)
