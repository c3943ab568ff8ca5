"""What the service units and quietline.env say that can be had without systemd: limits and settings."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DEPLOY: Final = Path(__file__).resolve().parent.parent
UNITS: Final = DEPLOY / "systemd"
_OPTIONS: Final = {"LimitCORE": "core", "LimitFSIZE": "fsize", "LimitNOFILE": "nofile"}


def values(unit: str) -> dict[str, list[str]]:
    """Every assignment of a unit's [Service], in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def limited(unit: str) -> list[str]:
    """What to put before a command, so that it has the unit's limits, as far as this process may give as much."""
    said = values(unit)
    wanted = {option: int(said[name][-1]) for name, option in _OPTIONS.items() if name in said}
    if "nofile" in wanted:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted["nofile"] = wanted["nofile"] if most == resource.RLIM_INFINITY else min(wanted["nofile"], most)
    return ["prlimit", *(f"--{option}={value}" for option, value in wanted.items())]


def settings(unit: str, replaced: Mapping[str, str]) -> dict[str, str]:
    """The environment that the unit gives its program, with what belongs to this machine replaced."""
    lines = [line for line in (DEPLOY / "quietline.env").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in [*lines, *values(unit).get("Environment", [])])
    left = {name: value for name, value in {**given, **replaced}.items() if "%" in value}
    if left:
        raise RuntimeError(f"the unit names what only systemd knows, and nothing replaces it here: {left}")
    return {**given, **replaced}
