"""Serves a floor with the options that `quietline serve` gives gunicorn. Run as: python -m tests.bench.serve_floor KIND PORT PLACE

KIND is reports (PLACE is a database) or uploads (PLACE is a folder). With -gthread behind it, gunicorn's own worker serves it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from app.cli.serve import options
from app.settings import from_env
from tests.bench import floor, uploads_floor

KINDS: Final[dict[str, Callable[[Path], Any]]] = {"reports": floor.create_app, "uploads": uploads_floor.create_app}
OWN_WORKER: Final = "-gthread"


class FloorServer(BaseApplication):  # type: ignore[misc]
    """gunicorn as `quietline serve` sets it up, with another application."""

    proofs = None

    def __init__(self, kind: str, port: str, place: Path) -> None:
        self._kind, self._place = kind, place
        self._settings = from_env({**os.environ, "QUIETLINE_BIND": f"127.0.0.1:{port}"})
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)
        if self._kind.endswith(OWN_WORKER):
            self.cfg.set("worker_class", "gthread")

    def load(self) -> Any:
        return KINDS[self._kind.removesuffix(OWN_WORKER)](self._place)


if __name__ == "__main__":
    FloorServer(sys.argv[1], sys.argv[2], Path(sys.argv[3])).run()
