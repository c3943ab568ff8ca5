"""The system's Chromium that the browser tests drive; `.ci/chromium` installs one."""

from __future__ import annotations

import shutil
from typing import Final

NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The headless shell first: the same engine without the windows that the browser would draw for nobody."""

ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """Where it is. RuntimeError when there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise RuntimeError("there is no Chromium here: make test installs one, or says what to install")
