"""The stack: nginx, the application, PostgreSQL and Redis, each from its file below deploy/, with nothing replaced but places and ports."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from deploy.stack import asking, certificate, programs, units
from deploy.stack.part import Part
from deploy.stack.users import User

HOST: Final = "quietline.localhost"
ONION: Final = f"{'quietline' * 6}qq.onion"
"""As long as a real one; nobody has its key."""

PREFIX: Final = "quietline-stack-"
_APPLICATION_UNIT: Final = "quietline@.service"
_NGINX_UNIT: Final = "quietline-nginx.service"
_REPOSITORY: Final = units.DEPLOY.parent


class Stack:
    """nginx, the application, PostgreSQL unless `database` is "sqlite", Redis with `redis`. Use as a context manager, or start and close.

    `folder` holds everything of it, one of its own in the temporary folder when not given; a given one must be empty, and stays.
    `proxy` is the folder with nginx.conf; places/ is written anew for it. `settings` are added to the program's environment.
    `under` puts a command before a program's ("nginx", "quietline", "postgresql"), such as strace. `command` is what is served.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        host: str = HOST,
        database: Literal["postgresql", "sqlite"] = "postgresql",
        redis: bool = False,
        proxy: Path = units.DEPLOY / "nginx",
        settings: Mapping[str, str] | None = None,
        under: Mapping[str, Sequence[str]] | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self.host, self.onion, self.database = host, ONION, database
        self._proxy, self.under = proxy, dict(under or {})
        self._command = list(command or [str(programs.quietline()), "serve"])
        self._own_folder = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX)) if folder is None else folder
        self.user_account = User()
        self._make_folders()
        self.https_port, self.http_port, self.onion_port, self.port, self.monitor_port = _free_ports(5)
        self.pin = certificate.write(self.certificate, self.certificate.with_name("key.pem"), host)
        with_redis = {"QUIETLINE_REDIS_URL": f"unix://{self.redis_socket}"} if redis else {}
        self._environment = self._settings({**with_redis, **(settings or {})})
        self._write_proxy()
        self._hand_over()
        self.postgresql = None if database == "sqlite" else self._postgresql_part()
        self.redis = self._redis_part() if redis else None
        self.quietline = self._quietline_part()
        self.nginx = self.nginx_part()
        self.user = self.passphrase = self.organisation = ""

    # Addresses.

    @property
    def https_url(self) -> str:
        """The clear site."""
        return f"https://{self.host}:{self.https_port}"

    @property
    def http_url(self) -> str:
        """The clear site without TLS, which sends to the one with it."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def onion_url(self) -> str:
        """The onion service as its visitors name it; it is reached at 127.0.0.1:onion_port."""
        return f"http://{self.onion}:{self.onion_port}"

    @property
    def direct_url(self) -> str:
        """The application without nginx."""
        return f"http://127.0.0.1:{self.port}"

    # Folders and files.

    @property
    def certificate(self) -> Path:
        return self.folder / "etc" / "tls" / "chain.pem"

    @property
    def data(self) -> Path:
        """The application's data folder."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """nginx.log, quietline.log, postgresql.log, redis.log: all that any of them said."""
        return self.folder / "log"

    @property
    def temporary(self) -> list[Path]:
        """Where a program might write what it should not: nginx's folder with its temporary ones, and TMPDIR of all."""
        return [self.folder / "nginx", self.folder / "tmp"]

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data folder, write-ahead log included."""
        return self.folder / "postgresql" / "data"

    @property
    def redis_socket(self) -> Path:
        """Where Redis is reached, in the folder that it works in."""
        return self.folder / "redis" / "socket"

    @property
    def environment(self) -> dict[str, str]:
        """What the application was told, for a command on the same database."""
        return dict(self._environment)

    @property
    def parts(self) -> list[Part]:
        """In the order in which they start."""
        return [part for part in (self.postgresql, self.redis, self.quietline, self.nginx) if part is not None]

    def pids(self) -> dict[str, list[int]]:
        """For each program all its processes."""
        return {part.name: part.pids() for part in self.parts}

    # Life.

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start all, with an organisation in the database the first time. Returns once the site answers."""
        try:
            if self.postgresql is not None:
                self._initialise_cluster()
                self.postgresql.start()
            if self.redis is not None:
                self.redis.start()
            if not self.organisation:
                self._prepare()
            self.quietline.start()
            self.nginx.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all; what they have written stays."""
        for part in reversed(self.parts):
            part.stop()

    def close(self) -> None:
        """Stop all, and take the folder away where it is this stack's own."""
        self.stop()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # What is written before anything starts.

    def _make_folders(self) -> None:
        self.folder.chmod(0o755)
        for name in ("etc/tls", "data", "log", "nginx", "tmp", "postgresql/socket", "redis"):
            (self.folder / name).mkdir(parents=True)
        for name in ("etc", "data", "log", "nginx", "tmp", "postgresql", "redis"):
            (self.folder / name).chmod(0o700)

    def _settings(self, more: Mapping[str, str]) -> dict[str, str]:
        key = self.folder / "etc" / "secret-key"
        key.write_text(f"{secrets.token_urlsafe(48)}\n")
        socket_folder = self.folder / "postgresql" / "socket"
        here = {
            "QUIETLINE_DATA": str(self.data),
            "QUIETLINE_BIND": f"127.0.0.1:{self.port}",
            "QUIETLINE_MONITOR": f"127.0.0.1:{self.monitor_port}",
            "QUIETLINE_SECRET_KEY_FILE": str(key),
        }
        if self.database == "postgresql":
            here["QUIETLINE_DATABASE_URL"] = f"postgresql://quietline@/quietline?host={socket_folder}"
        told = units.settings(_APPLICATION_UNIT, here)
        return {**self._plain_environment(), **told, **more}

    def _plain_environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "HOME": str(self.folder), "TMPDIR": str(self.folder / "tmp")}

    def _write_proxy(self) -> None:
        """The folder as it stands, and in places/ what this installation says."""
        etc = self.folder / "etc" / "nginx"
        shutil.copytree(self._proxy, etc)
        said = {
            "clear-name": f"server_name {self.host};\nset $clear_address {self.https_url};",
            "https-listen": f"listen 127.0.0.1:{self.https_port} ssl;",
            "http-listen": f"listen 127.0.0.1:{self.http_port};",
            "certificate": f"ssl_certificate {self.certificate};\nssl_certificate_key {self.certificate.with_name('key.pem')};",
            "upstream": f"server 127.0.0.1:{self.port};",
            "onion-listen": f"listen 127.0.0.1:{self.onion_port};",
            "onion-name": f"server_name {self.onion};",
            "onion-location": f"add_header Onion-Location http://{self.onion}$request_uri always;",
        }
        for name, text in said.items():
            (etc / "places" / f"{name}.conf").write_text(f"{text}\n")

    def _hand_over(self) -> None:
        self.user_account.own(self.folder, *self.folder.rglob("*"))

    # The programs.

    def _run(self, name: str, command: Sequence[str], *, reading: Path | None = None) -> list[str]:
        if self.under.get(name):
            reading = Path(sys.executable)  # what is put before it may be a program of this Python's
        return self.user_account.run([*self.under.get(name, ()), *command], reading=reading)

    def _postgresql_part(self) -> Part:
        place = self.folder / "postgresql"
        return Part(
            "postgresql",
            self._run("postgresql", [str(programs.postgresql() / "postgres"), "-D", str(self.cluster)]),
            folder=place,
            log=self.logs / "postgresql.log",
            environment=self._plain_environment(),
            answers=self._postgresql_answers,
            stop_signal=signal.SIGINT,
        )

    def _redis_part(self) -> Part:
        place = self.folder / "redis"
        shutil.copy(units.DEPLOY / "redis" / "quietline.conf", place / "redis.conf")
        self.user_account.own(place / "redis.conf")
        told = [str(programs.redis()), str(place / "redis.conf"), "--dir", str(place), "--unixsocket", str(self.redis_socket)]
        return Part(
            "redis",
            self._run("redis", ["prlimit", "--core=0", *told]),
            folder=place,
            log=self.logs / "redis.log",
            environment=self._plain_environment(),
            answers=self._redis_answers,
        )

    def _redis_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(1)
            with contextlib.suppress(OSError):
                asked.connect(str(self.redis_socket))
                asked.sendall(b"PING\r\n")
                return asked.recv(16).startswith(b"+PONG")
        return False

    def _quietline_part(self) -> Part:
        limited = [*units.limited(_APPLICATION_UNIT), *self._command]
        return Part(
            "quietline",
            self._run("quietline", limited, reading=Path(sys.executable)),
            folder=_REPOSITORY,
            log=self.logs / "quietline.log",
            environment=self._environment,
            answers=lambda: asking.answers(self.port, self.host),
        )

    def nginx_part(self) -> Part:
        """nginx with what stands in etc/nginx and `under` at this moment: for tests that change either, in the place of `nginx`."""
        prefix = self.folder / "nginx"
        told = [str(programs.nginx()), "-e", "stderr", "-p", str(prefix), "-c", str(self.folder / "etc" / "nginx" / "nginx.conf")]
        return Part(
            "nginx",
            self._run("nginx", [*units.limited(_NGINX_UNIT), *told]),
            folder=prefix,
            log=self.logs / "nginx.log",
            environment=self._plain_environment(),
            answers=lambda: asking.answers(self.https_port, self.host, self.certificate),
        )

    def _initialise_cluster(self) -> None:
        if self.cluster.exists():
            return
        how = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=quietline", "-D", str(self.cluster)]
        self._once([str(programs.postgresql() / "initdb"), *how], self._plain_environment())
        (self.cluster / "pg_hba.conf").write_text("local all all trust\n")
        with (self.cluster / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder / 'postgresql' / 'socket'}'\n")
            file.write((units.DEPLOY / "postgresql" / "quietline.conf").read_text(encoding="utf-8"))

    def _postgresql_answers(self) -> bool:
        """Once it does, the database is there."""
        place = ["-h", str(self.folder / "postgresql" / "socket"), "-U", "quietline"]
        tools = programs.postgresql()
        if subprocess.run([tools / "pg_isready", "-q", "-d", "postgres", *place]).returncode != 0:
            return False
        with_database = subprocess.run([tools / "createdb", *place, "quietline"], capture_output=True, text=True)
        return with_database.returncode == 0 or "already exists" in with_database.stderr

    def _prepare(self) -> None:
        command = [sys.executable, "-m", "deploy.stack.prepare", self.host, self.onion]
        said = self._once(command, self._environment, reading=Path(sys.executable))
        access = json.loads(said)
        self.organisation, self.user, self.passphrase = access["organisation"], access["user"], access["passphrase"]

    def _once(self, command: Sequence[str], environment: Mapping[str, str], *, reading: Path | None = None) -> str:
        told = self.user_account.run(command, reading=reading)
        done = subprocess.run(told, env=environment, cwd=_REPOSITORY, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
        return done.stdout


def _free_ports(number: int) -> list[int]:
    """All held at once, so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    try:
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()
