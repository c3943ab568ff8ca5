"""A Redis server for a test: in a folder of its own, on a socket in it, with what deploy/redis says, and gone with it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from deploy.stack import programs

PASSWORD: Final = "canary-of-redis-4711"
START_SECONDS: Final = 30
CONFIGURATION: Final = Path(__file__).parents[1] / "deploy" / "redis" / "quietline.conf"


class Server:
    """One server, which can be ended and started again at the same place. Use as a context manager."""

    def __init__(self, password: str = PASSWORD) -> None:
        self._password = password
        try:
            self._program = programs.redis()
        except RuntimeError as missing:
            pytest.fail(str(missing))
        self.folder = Path(tempfile.mkdtemp(prefix="quietline-redis-"))  # short: a socket's path may not be long
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, for QUIETLINE_REDIS_URL."""
        return f"unix://{self.socket}" + (f"?password={self._password}" if self._password else "")

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / "socket"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, empty, and return once it answers."""
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        told = ["--unixsocket", str(self.socket), "--dir", str(self.folder), "--requirepass", self._password]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*guard, str(self._program), str(CONFIGURATION), *told], stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"redis-server did not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)

    def kill(self) -> None:
        """As the machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> Redis:
        """Whoever looks into it."""
        once = Retry(NoBackoff(), 0)
        return Redis(unix_socket_path=str(self.socket), password=self._password or None, protocol=2, decode_responses=True, retry=once)

    def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        with contextlib.suppress(RedisError), contextlib.closing(self.client()) as client:
            return bool(client.ping())
        return False
