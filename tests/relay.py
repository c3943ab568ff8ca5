"""A recording TCP relay between a test's browser and the portal.

It gives the browser a client address of its own (127.0.0.77), and keeps every byte of both directions, so that a test can say what was
sent and what was answered without trusting the browser's own account of it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field

CLIENT_ADDRESS = "127.0.0.77"


@dataclass
class Exchange:
    """One connection: the bytes from the client and the bytes from the server."""

    sent: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)


class Relay:
    """Listens on a free loopback port until closed. `port` is where the browser connects."""

    def __init__(self, target_port: int, address: str = CLIENT_ADDRESS) -> None:
        self._target_port = target_port
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.exchanges: list[Exchange] = []
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def sent(self) -> bytes:
        """Everything that any client sent."""
        with self._lock:
            return b"\0".join(bytes(exchange.sent) for exchange in self.exchanges)

    @property
    def answered(self) -> bytes:
        """Everything that the server answered."""
        with self._lock:
            return b"\0".join(bytes(exchange.answered) for exchange in self.exchanges)

    def forget(self) -> None:
        """Start a new record; connections that are open go on in it."""
        with self._lock:
            for exchange in self.exchanges:
                exchange.sent.clear()
                exchange.answered.clear()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        with contextlib.suppress(OSError):
            self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut every connection, and go on listening."""
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):
                    each.close()
            self._sockets.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target_port), source_address=(self._address, 0))
            except OSError:
                client.close()
                continue
            exchange = Exchange()
            with self._lock:
                self.exchanges.append(exchange)
                self._sockets += [client, server]
            threading.Thread(target=self._pump, args=(client, server, exchange.sent), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, exchange.answered), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, record: bytearray) -> None:
        try:
            while data := source.recv(65536):
                with self._lock:
                    record += data
                target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
