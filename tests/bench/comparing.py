"""Loads sent to several servers in turn, round after round, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.load import Figures, Request, run

MANY_CLIENTS = 64


@dataclass(frozen=True)
class Side:
    """A server that listens on a port of this machine; its processes are the tree below `pid`."""

    port: int
    pid: int


@dataclass(frozen=True)
class Way:
    """One kind of request: where it goes, and what makes the requests of a round (untimed). `aim`: the least share of the floor's rate,
    `cpu_aim`: the most server CPU in milliseconds."""

    side: Side
    prepare: Callable[[], Sequence[Request]]
    aim: float | None = None
    cpu_aim: float | None = None


def compare(ways: Mapping[str, Way], rounds: int, clients: int) -> list[str]:
    """Lines to print. The first way is the floor; ratios are taken round by round, and the median is printed, as of everything."""
    found: dict[str, list[Figures]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(run(way.side.port, way.side.pid, way.prepare(), clients))
    base = next(iter(found.values()))
    return [_line(name, ways[name], figures, base) for name, figures in found.items()]


def crowd(ways: Mapping[str, Way]) -> list[str]:
    """The same once from 64 clients, for the errors."""
    lines = []
    for name, way in ways.items():
        figures = run(way.side.port, way.side.pid, way.prepare(), MANY_CLIENTS)
        lines.append(f"{name:48} {MANY_CLIENTS} clients: {figures.errors} errors ({met(figures.errors == 0)}), {figures.per_second:.0f}/s")
    return lines


def met(is_met: bool) -> str:
    """The word for it."""
    return "met" if is_met else "missed"


def _line(name: str, way: Way, figures: Sequence[Figures], base: Sequence[Figures]) -> str:
    cpu = statistics.median(each.cpu_ms for each in figures)
    rate, errors = statistics.median(each.per_second for each in figures), sum(each.errors for each in figures)
    told = f"{name:48} {rate:6.0f}/s {cpu:6.2f} ms CPU {errors} errors"
    if way.cpu_aim is not None:
        told += f"  (aim {way.cpu_aim:.0f} ms, {met(cpu <= way.cpu_aim)})"
    if way.aim is not None:
        ratios = sorted(each.per_second / bare.per_second for each, bare in zip(figures, base, strict=True))
        ratio = statistics.median(ratios)
        told += f"  {ratio:.2f} of the floor ({ratios[0]:.2f} to {ratios[-1]:.2f}; aim {way.aim}, {met(ratio >= way.aim)})"
    return told
