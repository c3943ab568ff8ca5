"""A server that speaks S3, for the tests: on this machine, empty, with one bucket, stopped by its process id."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from types import TracebackType

from tests.portal import free_port

BUCKET = "sealed-files"
ACCESS_KEY = "access-key-of-tests"
SECRET_KEY = "secret-key-of-tests"
START_SECONDS = 60


class S3Server:
    """Use as a context manager. `endpoint` is where it answers."""

    def __init__(self) -> None:
        self._port = free_port()
        self.endpoint = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> S3Server:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._has_a_bucket():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                raise RuntimeError("the S3 server did not start")
            time.sleep(0.1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def settings(self, prefix: str) -> dict[str, str]:
        """What a portal is told to keep its files here; names without QUIETLINE_."""
        return {
            "BLOBS": f"s3://{BUCKET}/{prefix}",
            "S3_ENDPOINT": self.endpoint,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
        }

    def _has_a_bucket(self) -> bool:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/{BUCKET}", method="PUT"), timeout=5):
                return True
        except OSError:
            return False

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
