"""What large files cost: uploads against bare streaming and the cipher alone, in the same run, and one of 1 GiB both ways.

Alone: `python -m tests.bench.uploads`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.crypto.message import ChannelKeys
from app.factory import make_context
from app.services import organisations
from app.settings import from_env
from tests.bench import proxy, uploads_case, uploads_floor
from tests.bench.processes import Use, resident, watch
from tests.bench.sending import Client
from tests.bench.serving import environment, floor, machine, portal
from tests.bench.uploads_case import Source, make_source
from tests.portal import Portal

MB: Final = 1_000_000
MIB: Final = 1 << 20
PIECE: Final = 1 << 20
MEGABYTES: Final = 100
ROUNDS: Final = 5
TIME_AIM: Final = 1.6
MEMORY_AIM: Final = 16 * MIB
WRITTEN_AIM: Final = 1.05
BIG: Final = 1 << 30
BIG_FORM: Final = 480 * MIB
SMALL: Final = 1000
IDLE_CLIENTS: Final = 4
IDLE_TIMES: Final = 32
BARE: Final = "bare application, streamed to a synced file"
BARE_OURS: Final = "the same with the portal's worker"
BARE_PIECES: Final = "the same in a browser's pieces"
CIPHER: Final = "ChaCha20-Poly1305 alone"
BY_BROWSER: Final = "sealed by the browser, in its pieces (tus)"
BY_BROWSER_ONE: Final = "sealed by the browser, in one piece (tus)"
BY_SERVER: Final = "sealed by the server (form)"


@dataclass(frozen=True)
class Bare:
    """A bare application: its port, and its processes' memory once it has served small files."""

    port: int
    idle: dict[int, int]


@dataclass(frozen=True)
class Place:
    """The portal, with the memory of its processes once they have served small files, and the bare application beside it: under
    gunicorn's own worker and under the portal's. What they write to lies in `folder`."""

    folder: Path
    site: Portal
    idle: dict[int, int]
    bare: Bare
    bare_ours: Bare
    slug: str
    keys: ChannelKeys
    answers: dict[str, str]


def random_bytes(path: Path, size: int) -> None:
    """A file that cannot be packed."""
    with path.open("wb") as file:
        while (left := size - file.tell()) > 0:
            file.write(os.urandom(min(PIECE, left)))


def sparse(path: Path, size: int) -> None:
    """A file of zeros that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)


@contextlib.contextmanager
def open_place(folder: Path) -> Iterator[Place]:
    """See Place."""
    with portal(folder) as site, floor(folder, "uploads-gthread", "bare") as bare_one, floor(folder, "uploads", "bare") as ours:
        ctx = make_context(from_env(environment(folder / "data")))
        channel = next(each for each in organisations.portal(ctx, organisations.resolve(ctx, "127.0.0.1")).channels if each.keys)
        ctx.database.dispose()
        assert channel.keys is not None
        answers = {f"q-{question.id}": question.options[0] for question in channel.questions if question.required and question.options}
        keys = ChannelKeys(channel.keys.recipient, channel.keys.verify)
        place = Place(folder, site, {}, Bare(bare_one[0], {}), Bare(ours[0], {}), channel.slug, keys, answers)
        _serve_small_files(place)
        floor_one, floor_ours = (Bare(port, resident(pid)) for port, pid in (bare_one, ours))
        yield replace(place, idle=resident(site.pid), bare=floor_one, bare_ours=floor_ours)


def _serve_small_files(place: Place) -> None:
    """Every process has done everything once, and holds what it needs for that."""
    source = make_source(place.folder, SMALL, place.keys, random_bytes)

    def each_way(_: int) -> None:
        for each in (place.bare, place.bare_ours):
            bare(each.port, source)
        for chunks in (True, False):
            uploads_case.delete(place.site.port, uploads_case.tus(place.site.port, source, chunks=chunks))
        uploads_case.delete(place.site.port, by_server(place.site.port, place, source))

    with ThreadPoolExecutor(IDLE_CLIENTS) as clients:
        list(clients.map(each_way, range(IDLE_TIMES)))


def bare(port: int, source: Source, *, chunks: bool = False) -> None:
    """The sealed bytes to the bare application, in a browser's pieces (each to a file of its own) or in one."""
    with Client(port) as client:
        for part in uploads_case.parts(source, chunks=chunks):
            client.send("POST", "/", {}, [part])


def by_server(port: int, place: Place, source: Source) -> str:
    """The plain file in a form, its text after it; the id it was sealed under."""
    fields = {**place.answers, "body": "A report with a file."}
    (name,) = uploads_case.attached(uploads_case.form(port, f"/report/{place.slug}/check", source.plain, fields))
    return name


def kept(place: Place, upload: Callable[[], str]) -> Use:
    """What an upload uses; it is taken back afterwards, uncounted."""
    names: list[str] = []
    use = watch(place.idle, lambda: names.append(upload()))
    uploads_case.delete(place.site.port, names[0])
    return use


Ports = tuple[int, int, int]
"""Where to send to: the portal, the bare application under gunicorn's own worker, and under the portal's."""


def one_round(place: Place, source: Source, ports: Ports) -> dict[str, Use]:
    """Each way once."""
    site, plain, ours = ports
    found = {
        BARE: watch(place.bare.idle, lambda: bare(plain, source)),
        BARE_OURS: watch(place.bare_ours.idle, lambda: bare(ours, source)),
        BARE_PIECES: watch(place.bare_ours.idle, lambda: bare(ours, source, chunks=True)),
        CIPHER: Use(uploads_floor.cipher_seconds(source.plain), 0, 0, 0),
    }
    for each in (place.folder / "bare").iterdir():
        each.unlink()
    found[BY_BROWSER] = kept(place, lambda: uploads_case.tus(site, source, chunks=True))
    found[BY_BROWSER_ONE] = kept(place, lambda: uploads_case.tus(site, source, chunks=False))
    found[BY_SERVER] = kept(place, lambda: by_server(site, place, source))
    return found


def compare(place: Place, size: int, rounds: int, ports: Ports) -> list[str]:
    """Lines to print: medians of the rounds, after one that is not counted."""
    source = make_source(place.folder, size, place.keys, random_bytes)
    found = [one_round(place, source, ports) for _ in range(rounds + 1)][1:]
    return [_line(name, found, source) for name in found[0]]


def _line(name: str, rounds: list[dict[str, Use]], source: Source) -> str:
    uses = [each[name] for each in rounds]
    times = sorted(each.seconds for each in uses)
    seconds = statistics.median(times)
    told = f"{name:46} {seconds:6.2f} s ({times[0]:.2f} to {times[-1]:.2f}) {source.size / MB / seconds:6.0f} MB/s"
    if name == CIPHER:
        return told
    memory, written = max(each.memory for each in uses), max(each.disk for each in uses) / source.sealed_size
    told += f" {statistics.median(each.cpu for each in uses):6.2f} s CPU  {memory / MIB:5.1f} MiB more  {written:5.3f} x on disk"
    if name in (BARE, BARE_OURS, BARE_PIECES):
        return told
    ratio, other = (_ratio(name, base, rounds) for base in (BARE, BARE_OURS))
    met = [_met(ratio, TIME_AIM), _met(memory, MEMORY_AIM), _met(written, WRITTEN_AIM)]
    return (
        f"{told}  {ratio:.2f} of the floor and the cipher (time {met[0]}, memory {met[1]}, written {met[2]}); {other:.2f} with our worker"
    )


def _ratio(name: str, base: str, rounds: list[dict[str, Use]]) -> float:
    """Of the time of a bare upload and of the cipher: the median of the rounds."""
    return statistics.median(each[name].seconds / (each[base].seconds + each[CIPHER].seconds) for each in rounds)


def _met(figure: float, aim: float) -> str:
    return "met" if figure <= aim else "missed"


def big(place: Place) -> list[str]:
    """A file of 1 GiB, up and down, and the largest that a form takes. Lines to print."""
    source, port, lines = make_source(place.folder, BIG, place.keys, sparse), place.site.port, []
    names: list[str] = []
    use = watch(place.idle, lambda: names.append(uploads_case.tus(port, source, chunks=True)))
    lines.append(_big_line("1 GiB up, sealed by the browser (tus)", use, source.sealed_size))
    uploads_case.report(port, place.slug, place.keys, source, names[0])
    lengths: list[int] = []
    use = watch(place.idle, lambda: lengths.append(uploads_case.fetch_sealed(port, source, names[0])))
    lines.append(_big_line("1 GiB down, sealed", use, source.sealed_size))
    ticket = uploads_case.ticket(port, source)
    use = watch(place.idle, lambda: lengths.append(uploads_case.fetch_plain(port, source, names[0], ticket)))
    lines.append(_big_line("1 GiB down, opened by the server", use, source.size))
    if lengths != [source.sealed_size, source.size]:
        raise RuntimeError(f"other lengths came back: {lengths}")
    source.sealed.unlink()
    form = make_source(place.folder, BIG_FORM, place.keys, sparse)
    use = kept(place, lambda: by_server(port, place, form))
    return [*lines, _big_line(f"{BIG_FORM // MIB} MiB up, sealed by the server (form)", use, form.size)]


def _big_line(name: str, use: Use, length: int) -> str:
    verdict = _met(use.memory, MEMORY_AIM)
    return (
        f"{name:46} {use.seconds:6.2f} s {length / MB / use.seconds:6.0f} MB/s {use.cpu:6.2f} s CPU  "
        f"{use.memory / MIB:5.1f} MiB more ({verdict})  {use.disk / length:5.3f} x on disk"
    )


def run(folder: Path, megabytes: int, rounds: int, *, with_big: bool) -> Iterator[str]:
    """Lines to print, as they come."""
    folder.mkdir(exist_ok=True)
    with open_place(folder) as place:
        yield f"{megabytes} MB up, {rounds} rounds in turn, medians; memory (above that for small files) and writing: the most"
        ports = (place.site.port, place.bare.port, place.bare_ours.port)
        yield from compare(place, megabytes * MB, rounds, ports)
        if proxy.found() is None:
            yield "behind nginx: not measured, it is not on this machine"
        else:
            with contextlib.ExitStack() as proxies:
                site, plain, ours = (proxies.enter_context(proxy.nginx(folder / f"nginx-{port}", port)) for port in ports)
                yield "the same behind nginx (proxy_request_buffering off)"
                yield from compare(place, megabytes * MB, rounds, (site, plain, ours))
        if with_big:
            yield from big(place)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=MEGABYTES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--without-big", action="store_true", help="leave the file of 1 GiB out")
    chosen = parser.parse_args()
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory() as name:
        for line in run(Path(name), chosen.megabytes, chosen.rounds, with_big=not chosen.without_big):
            print(line, flush=True)


if __name__ == "__main__":
    main()
