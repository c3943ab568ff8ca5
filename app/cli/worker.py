"""gunicorn's worker, with a gatherer before its threads and lanes between the two; and its logger, made to keep quiet.

gunicorn gives a thread to every connection that it accepts, and has the loop of a process wait up to two seconds for a client to take
its answer. Either way a few slow connections stop everybody. Here a thread gets a request once it is whole (cli/gather.py), and the
loop waits for nobody.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import resource
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from app.cli import answers, waiting
from app.cli.dispatch import Dispatcher
from app.cli.feed import Feed
from app.cli.gather import Gatherer
from app.cli.group import kind_and_place
from app.cli.incoming import Incoming
from app.cli.outbox import Outbox
from app.cli.polling import Poller
from app.domain import LIMITS
from app.web.lanes import Lane, groups
from app.web.patience import SILENCE

if TYPE_CHECKING:
    from app.cli.proofs import Proofs

CALM: Final = 256
"""Up to so many waiting connections, one new one is taken in a turn: that spreads them evenly over the processes."""

BATCH: Final = 256
SPARE_FILES: Final = 256
"""Open files of a process that are not connections."""

STREAMS_WAITING: Final = 64
ROUGH_WAITING: Final = 64

OFFERS: Final = 500
"""So many are offered proof of work in a second, several times what a process stores: each keeps the loop for some 150 microseconds."""

_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class QuietLogger(Logger):  # type: ignore[misc]
    """Writes the day, the kind of an event, and of errors the type and our line of code. A time of day would say when somebody wrote."""

    error_fmt = "%(asctime)s [%(levelname)s] %(message)s"
    datefmt = "%Y-%m-%d"

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            if isinstance(handler.formatter, logging.Formatter):
                handler.formatter.converter = time.gmtime

    def exception(self, msg: str, *args: object, **kwargs: Any) -> None:  # noqa: ARG002
        """Called while an error is handled; its message, and what it was about, are left out. A client that stalls is no error."""
        error = sys.exc_info()[1]
        if isinstance(error, TimeoutError) and msg.startswith("Socket error"):
            return
        self.error_log.error("Error in a worker: %s", kind_and_place(error) if error else "unknown")

    def warning(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Of what a worker warns about, only fixed sentences pass."""
        if args or kwargs or not str(msg).startswith("Invalid request"):
            super().warning(msg, *args, **kwargs)

    def debug(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Never: debugging output holds requests."""

    def access(self, *args: object) -> None:
        """Never."""


class GatheredConnection(TConn):  # type: ignore[misc]
    """A connection that gunicorn's parser reads from what was gathered."""

    def __init__(self, cfg: Any, incoming: Incoming) -> None:
        super().__init__(cfg, incoming.sock, incoming.address, incoming.server)
        self.incoming = incoming
        self.data_ready = True
        # Whether only the page that tells to wait is wanted this time, and whether that was told.
        self.wanted = self.told = False

    def init(self) -> None:
        """Called in a thread, before each request is read; before it is read once more, too."""
        self.initialized, self.parser = False, None
        super().init()
        parser: Any = self.parser
        self.feed = parser.unreader = Feed(self.sock)
        self.feed.give(self.incoming.handed, whole=self.incoming.whole)
        self.sock.settimeout(SILENCE)

    def left(self) -> bytes:
        """What was read of the next request."""
        return self.feed.left()


class QuietWorker(ThreadWorker):  # type: ignore[misc]
    """One process. What is not HTTP gets a fixed page and is not logged."""

    poller: Any
    _accepting: bool

    def get_thread_pool(self) -> Dispatcher[Incoming]:
        """Called once, after the fork."""
        return Dispatcher(groups(self.cfg.threads), self._serve)

    def run(self) -> None:
        """The loop of the process, until it is told to stop and the last request is answered."""
        self.poller.close()
        self.poller = Poller()
        self.gatherer = Gatherer(self.poller, self, answers.fixed)
        self._most = min(LIMITS.connections, _files() - SPARE_FILES)
        self._looked = 0.0
        self._proofs: Proofs | None = self.app.proofs
        self.poller.register(self.method_queue.fileno(), self.method_queue.run_callbacks, None)
        while self.alive and self.is_parent_alive():
            self.set_accept_enabled(self.nr_conns < self._most or self._make_place())
            self._turn()
        self._stop()

    def _turn(self, *, idle_too: bool = False, seconds: float = 1.0) -> None:
        self.notify()
        self.poller.wait(seconds)
        now = time.monotonic()
        if now - self._looked >= 1.0 or idle_too:
            self._looked = now
            self.gatherer.expire(now, idle_too=idle_too)
            self._tell_waiting(now)

    def _tell_waiting(self, now: float) -> None:
        if self._proofs is not None:
            for incoming in self.tpool.take_all(Lane.TEXT, lambda each: waiting.may_prove(each, now), OFFERS):
                self.gatherer.tell(incoming, answers.offer(self._proofs.challenge()))
        for lane in waiting.LANES:
            for incoming in self.tpool.take_all(lane, lambda each: waiting.is_late_script(each, now)):
                self.gatherer.refuse(incoming, answers.BUSY)
            for incoming in self.tpool.take_all(lane, lambda each: waiting.is_late_form(each, now)):
                self.tpool.put(Lane.NOTICE, incoming)
            for incoming in self.tpool.take_all(lane, lambda each: waiting.is_silent(each, now)):
                if waiting.show_sign(incoming, now):
                    self.tpool.put(lane, incoming)
                else:
                    self.gatherer.close(incoming)

    def _stop(self) -> None:
        self.set_accept_enabled(False)
        began = time.monotonic()
        while self.nr_conns > 0 and time.monotonic() - began < self.cfg.graceful_timeout:
            # A kept connection may have a request on its way, which is answered with "Connection: close".
            left = STOP_KEEPALIVE_LINGER - (time.monotonic() - began)
            self._turn(idle_too=left <= 0, seconds=min(1.0, max(0.05, left)))
        self.tpool.shutdown()
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Whether new connections are taken in."""
        if enabled == self._accepting:
            return
        for listener in self.sockets:
            listener.setblocking(False)
            if enabled:
                self.poller.register(listener, self.accept, listener)
            else:
                self.poller.unregister(listener)
        self._accepting = enabled

    def accept(self, listener: Any) -> None:
        """Take in new connections. Where there are too many, slow ones give way."""
        for _ in range(1 if self.gatherer.incomplete < CALM else BATCH):
            if self.nr_conns >= self._most and not self._make_place():
                return
            try:
                sock, address = listener.accept()
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._make_place()
                return
            self.nr_conns += 1
            self.gatherer.add(sock, address, listener.getsockname())

    def _make_place(self) -> bool:
        """Close a connection whose request is not whole: a slow one, or else one that waits to stream a file."""
        if self.gatherer.shed():
            return True
        incoming = self.tpool.take_any((Lane.STREAM, Lane.ROUGH))
        if incoming is not None:
            self.gatherer.close(incoming)
        return incoming is not None

    def ready(self, incoming: Incoming, lane: Lane) -> None:
        """From the gatherer: something for a thread."""
        if lane is Lane.STREAM and incoming.head and incoming.head.method == "PATCH" and self.tpool.waiting(lane) >= STREAMS_WAITING:
            self.gatherer.refuse(incoming, answers.BUSY)
        elif lane is Lane.ROUGH and self.tpool.waiting(lane) >= ROUGH_WAITING:
            self.gatherer.close(incoming)
        else:
            if incoming.connection is None:
                incoming.connection = GatheredConnection(self.cfg, incoming)
            incoming.put = time.monotonic()
            incoming.lane = Lane.PROVEN if lane is Lane.TEXT and self._is_proven(incoming) else lane
            self.tpool.put(incoming.lane, incoming)

    def _is_proven(self, incoming: Incoming) -> bool:
        proof = incoming.head.proof if incoming.head else None
        if self._proofs is None or not proof:
            return False
        return self._proofs.take(proof)

    def closed(self, incoming: Incoming) -> None:  # noqa: ARG002
        """From the gatherer: one less."""
        self.nr_conns -= 1

    def _serve(self, lane: Lane, incoming: Incoming) -> None:
        """In a thread."""
        connection = incoming.connection
        connection.wanted, connection.told = lane is Lane.NOTICE, False
        kept = False
        try:
            kept = self.handle(connection)
        finally:
            if connection.told:
                self.tpool.put(incoming.lane, incoming)
            else:
                self.method_queue.defer(self._served, incoming, kept)

    def _served(self, incoming: Incoming, kept: bool) -> None:
        """In the loop again."""
        if incoming.outbox:
            self.gatherer.send(incoming, lambda: self._served(incoming, kept))
        elif kept:
            self.gatherer.back(incoming, incoming.connection.left(), self.cfg.keepalive)
        else:
            self.gatherer.leave(incoming)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Called in a thread once the headers are there."""
        if conn.incoming.whole:
            req._expected_100_continue = False  # its client was asked for the body, or did not wait
        if conn.wanted:
            waiting.begin(self, req, conn)
            conn.told = True
            return False
        if conn.incoming.begun:
            return waiting.finish(self, req, conn)
        return self._answer(req, conn)

    def _answer(self, req: Any, conn: Any) -> Any:
        conn.sock.settimeout(None)
        sock, conn.sock = conn.sock, Outbox(conn.sock, self.gatherer.room)
        try:
            return super().handle_request(req, conn)
        finally:
            conn.incoming.outbox, conn.sock = conn.sock.left, sock

    def handle_error(self, req: object, client: Any, addr: object, exc: BaseException) -> None:  # noqa: ARG002
        """Called while `exc` is handled."""
        name = type(exc).__name__
        if isinstance(exc, ParseException) and not name.startswith("InvalidResponse"):
            answer = answers.of_error(name)
        else:
            answer = answers.fixed("500 Internal Server Error")
            self.log.exception("")
        with contextlib.suppress(OSError):
            client.sendall(answer)


def _files() -> int:
    """How many files this process may have open, once it has asked for as many as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
