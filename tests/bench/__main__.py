"""`make bench`: ratios against floors, measured in one run on one machine. Figures of different runs are not to be compared."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from app.crypto.message import ChannelKeys
from app.factory import make_context
from app.services import organisations
from app.services.organisations import Channel
from app.settings import from_env
from tests.bench import cases, checking, inbox, reports, uploads
from tests.bench.load import Figures, Request, run
from tests.bench.serving import environment, floor, machine, portal

FLOOR = "bare Flask + one HPKE seal + one insert"
AIMS = {"sealed by the server": 0.5, "sealed by the browser": 0.6}


def _line(name: str, figures: Figures, base: Figures) -> str:
    ratio = figures.per_second / base.per_second
    aim = AIMS.get(name)
    verdict = "" if aim is None else f"  {ratio:.2f} of it (aim {aim}, {'met' if ratio >= aim else 'missed'})"
    return f"{name:42} {figures.per_second:7.0f}/s  {figures.cpu_ms:6.2f} ms CPU  {figures.errors} errors{verdict}"


def _middle(runs: list[Figures]) -> Figures:
    return sorted(runs, key=lambda each: each.per_second)[len(runs) // 2]


def _required(channel: Channel) -> dict[str, str]:
    return {f"q-{question.id}": question.options[0] for question in channel.questions if question.required and question.options}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=800, help="posts of each kind in a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, in turn; the middle one is printed")
    parser.add_argument("--clients", type=int, default=8)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with portal(folder) as site, floor(folder) as (floor_port, floor_pid):
            ctx = make_context(from_env(environment(folder / "data")))
            channel = next(each for each in organisations.portal(ctx, organisations.resolve(ctx, "127.0.0.1")).channels if each.keys)
            ctx.database.dispose()
            assert channel.keys is not None
            keys = ChannelKeys(channel.keys.recipient, channel.keys.verify)
            bare = [Request("/", urlencode({"body": reports.BODY}).encode(), reports.FORM)] * chosen.posts
            found: dict[str, list[Figures]] = {FLOOR: [], **{each: [] for each in AIMS}}
            for _ in range(chosen.rounds):
                by_server = reports.plain(site.port, channel.slug, chosen.posts, _required(channel))
                by_browser = reports.sealed(channel.slug, chosen.posts, keys)
                found[FLOOR].append(run(floor_port, floor_pid, bare, chosen.clients))
                found["sealed by the server"].append(run(site.port, site.pid, by_server, chosen.clients))
                found["sealed by the browser"].append(run(site.port, site.pid, by_browser, chosen.clients))
            middles = {each: _middle(runs) for each, runs in found.items()}
            print(f"machine: {machine()}")
            print(f"final post of a 2 kB report, {chosen.clients} clients, {chosen.posts} posts, middle of {chosen.rounds} rounds")
            for each, figures in middles.items():
                print(_line(each, figures, middles[FLOOR]))
        print("checking a receipt")
        for line in checking.run(folder / "data"):
            print(line)
        print("the inbox")
        for line in [*cases.run(folder / "cases"), *inbox.run(folder / "inbox")]:
            print(line)
        print("files")
        for line in uploads.run(folder / "files", uploads.MEGABYTES, uploads.ROUNDS, with_big=True):
            print(line, flush=True)


if __name__ == "__main__":
    main()
