"""quietline serve and demo: gunicorn with our application."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from app.cli.monitor import Monitor
from app.cli.secretfiles import secret_key_file
from app.errors import CommandError, SettingsError, StorageBusy
from app.factory import create_app
from app.services import demo as demo_service
from app.services import housekeeping, tombstones
from app.services.context import Context
from app.settings import Settings, from_env
from app.storage import migrate, organisations
from app.storage.engine import open_database
from app.storage.staging import boot

if TYPE_CHECKING:
    from app.cli.proofs import Proofs

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a heartbeat file without content


@click.command(short_help="Serve the portal and the desk.")
def serve() -> None:
    """Serve the portal and the desk. Put a proxy with TLS, or an onion service, in front of it."""
    settings = from_env(os.environ)
    _prepare(settings)
    click.echo(f"Serving at {_address(settings)}/", err=True)
    run(settings)


@click.command(short_help="Make a demo organisation and serve it.")
def demo() -> None:
    """Make a demo organisation in the data folder, and serve it on this machine only.

    Its keys are made on the server, so it is for trying out and never for real reports.
    """
    env = {**os.environ, "QUIETLINE_MODE": "demo"}
    data = from_env(env, serving=False).data
    if not any(name in env for name in ("QUIETLINE_SECRET_KEY", "QUIETLINE_SECRET_KEY_FILE")):
        env["QUIETLINE_SECRET_KEY_FILE"] = str(secret_key_file(data))
    settings = from_env(env)
    database = open_database(settings.database_url, create_folder=True)
    migrate.upgrade(database)
    access = demo_service.prepare(Context(database=database, settings=settings))
    database.dispose()
    _greet(settings, access.user, access.passphrase)
    run(settings)


def run(settings: Settings) -> None:
    """Serve until a signal ends it."""
    _require_free_port(settings.bind)
    Server(settings).run()


def _prepare(settings: Settings) -> None:
    """Bring the database up to date, and delete again what a restored backup brought back. SettingsError where there is no organisation."""
    database = open_database(settings.database_url)
    migrate.upgrade(database)
    with database.read() as session:
        found = organisations.all_of_them(session)
    tombstones.apply_own(Context(database=database, settings=settings))
    database.dispose()
    if not found:
        raise SettingsError("There is no organisation yet: run quietline init first.")


def _require_free_port(bind: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(bind)
        except OSError as error:
            raise CommandError(
                f"{bind[0]}:{bind[1]} cannot be used ({error.strerror}): set QUIETLINE_BIND, or PORT with make run, to another."
            ) from None


def _greet(settings: Settings, user: str, passphrase: str) -> None:
    address = _address(settings)
    click.echo(f"\n  Quietline demo\n\n  Report a concern:  {address}/\n  Read and answer:   {address}/desk/\n")
    click.echo(f"  User name:  {user}\n  Password:   {passphrase}\n\n  Ctrl+C stops it; the data stays in {settings.data}\n")


def _address(settings: Settings) -> str:
    return f"http://{_host(settings)}:{settings.bind[1]}"


def _host(settings: Settings) -> str:
    return f"[{settings.bind[0]}]" if ":" in settings.bind[0] else settings.bind[0]


class Master(Arbiter):  # type: ignore[misc]
    """gunicorn's master, which says "stop" once: a worker forked a moment before does not listen yet, and would be waited for in vain."""

    def manage_workers(self) -> None:
        """Called before the first worker is forked, and every second from then on."""
        self.app.monitor.keep_up(self.app.context, self.LISTENERS)
        super().manage_workers()

    def kill_worker(self, pid: int, sig: int) -> None:
        """Called for a worker that is told to end, and for one that has hung for too long."""
        if sig in (signal.SIGTERM, signal.SIGQUIT) and pid in self.WORKERS:
            self.WORKERS[pid].told_to_end = True
        super().kill_worker(pid, sig)

    def reap_workers(self) -> None:
        super().reap_workers()
        if not self.LISTENERS:  # they are closed when stopping begins
            self.kill_workers(signal.SIGTERM)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told everything by us: no configuration file, no command line, no environment."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.monitor = Monitor(settings)
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self.settings).items():
            self.cfg.set(name, value)
        self.cfg.set("pre_fork", self._before_fork)
        self.cfg.set("post_fork", self._after_fork)
        self.cfg.set("child_exit", self._after_exit)
        self.cfg.set("worker_exit", self._before_exit)

    def load(self) -> Any:
        """Once, before the workers are forked (preload), so that they share the keys of the tickets and of proofs of work."""
        self.application = create_app(self.settings)
        self.context: Context = self.application.extensions["quietline"]
        self.context.database.dispose()
        self.context.staging.distrust(boot())
        self.context.vitals.began(self.context.today())
        self.proofs = _proofs(self.settings)
        # What was loaded lives as long as the process: the collector need not walk it again and again, nor copy it after the fork.
        gc.collect()
        gc.freeze()
        return self.application

    def run(self) -> None:
        try:
            Master(self).run()
        finally:
            self.monitor.stop()

    def _before_fork(self, _server: object, worker: Any) -> None:
        worker.told_to_end = False
        worker.place = (self.context.vitals, self.context.vitals.take_place())

    def _after_fork(self, _server: object, worker: Any) -> None:
        self.monitor.close()
        self.context.database.after_fork()
        _beat_with(worker)
        threading.Thread(target=_keep_tidy, args=(self.context, worker.log), daemon=True).start()

    def _after_exit(self, server: Any, worker: Any) -> None:
        """In the master, once a worker is gone."""
        vitals, place = worker.place
        if place is not None:
            vitals.give_back(place)
        if server.LISTENERS and not worker.told_to_end:
            vitals.count("worker_lost", self.context.today())

    def _before_exit(self, _server: object, _worker: object) -> None:
        self.context.database.dispose()


def _proofs(settings: Settings) -> Proofs | None:
    """What asks for proof of work; None where nobody is asked, and then its library is not even loaded."""
    if not settings.proof_of_work:
        return None
    proofs: Proofs = importlib.import_module("app.cli.proofs").Proofs()
    return proofs


def _beat_with(worker: Any) -> None:
    """Let the monitor hear what the master hears: the worker's loop says so whenever it turns."""
    (vitals, place), notify = worker.place, worker.notify

    def beat() -> None:
        notify()
        vitals.beat(place)

    if place is not None:
        worker.notify = beat


def _keep_tidy(ctx: Context, log: Any) -> None:
    due = time.monotonic() + housekeeping.SECONDS_BETWEEN
    while True:
        try:
            due = housekeeping.turn(ctx, due)
        except Exception as error:  # this thread has to live as long as its process
            due = time.monotonic() + housekeeping.SECONDS_BETWEEN
            if not isinstance(error, StorageBusy):
                log.exception("")


def options(settings: Settings) -> dict[str, Any]:
    """gunicorn's settings."""
    return {
        "bind": f"{_host(settings)}:{settings.bind[1]}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "app.cli.worker.QuietWorker",
        "logger_class": "app.cli.worker.QuietLogger",
        "preload_app": True,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": "quietline",
        "max_requests": 0,
        "graceful_timeout": 20,
        "keepalive": 5,
        # As many as the kernel lets wait: whoever finds no place among them tries again after a second, and then after three.
        "backlog": 4096,
        "limit_request_line": 4094,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        "umask": 0o077,
        # The heartbeat file lies in memory: a disk that is busy with somebody's report must not look like a worker that hangs.
        "worker_tmp_dir": str(MEMORY) if os.access(MEMORY, os.W_OK) else str(settings.data),
        # No header of a client or proxy changes what the server believes; the application reads the two it may (QUIETLINE_TRUST_PROXY).
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "proxy_protocol": False,
        "control_socket_disable": True,
    }
