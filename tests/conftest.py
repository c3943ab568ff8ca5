"""Fixtures for every test: a database, a movable clock, a context on a database of its own, an organisation with people in it.

`pytest --database both` (the default) runs what stands in ON_BOTH and what is marked `both_databases` on SQLite and on PostgreSQL, and
the rest on SQLite. `--database postgresql` runs everything on PostgreSQL, browsers included; `--database sqlite` nothing.
A test that is about one of them says so with `only_sqlite` or `only_postgresql`, and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from playwright.sync_api import Playwright, sync_playwright

from app.services.context import Context
from tests.databases import KINDS, Kind, databases
from tests.postgres import binaries
from tests.support import Clock, Place, copy_of_place, make_context

HERE = Path(__file__).parent


class Compiled(BytecodeCache):
    """Templates as they were compiled for the first application of this process: most tests make one of their own."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
ON_BOTH = {
    HERE / name
    for name in (
        "storage",
        "services",
        "cli/test_backup.py",
        "cli/test_check.py",
        "cli/test_report.py",
        "cli/test_serve.py",
        "cli/test_setup.py",
        "web/desk/test_case.py",
        "web/desk/test_channels.py",
        "web/desk/test_enrol.py",
        "web/desk/test_inbox.py",
        "web/desk/test_session.py",
        "web/test_conversation.py",
        "web/test_errors.py",
        "web/test_named_files.py",
        "web/test_removed.py",
        "web/test_report.py",
        "web/test_retired.py",
        "test_security_document.py",
    )
}
"""What the ordinary run does on both databases: all that has to do with them, as far as the time of a run allows."""

BY_THE_CLOCK = {
    HERE / name
    for name in (
        "flows",
        "faults",
        "stack",
        "cli/test_gatherer.py",
        "cli/test_monitor.py",
        "cli/test_serve.py",
        "services/test_redis_counters.py",
        "web/test_buckets.py",
        "web/test_files_served.py",
        "web/test_lanes.py",
        "web/test_proof_of_work.py",
        "web/test_socket.py",
        "web/test_waiting.py",
    )
}
"""Real browsers and servers that wait for each other: on a busy machine one can be too slow for the other."""


LONGEST = tuple(
    HERE / f"{name}.py"
    for name in (
        "flows/test_pages",
        "flows/test_files_client",
        "flows/test_loop",
        "flows/test_desk_files",
        "flows/test_desk_attaching",
        "flows/test_desk_case",
        "flows/test_life",
        "flows/test_files_memory",
        "cli/test_monitor",
        "services/test_backup",
        "faults/test_backups",
        "faults/test_migration",
        "cli/test_serve",
        "cli/test_backup",
        "faults/sweep/test_sweep",
        "services/test_checkup",
        "faults/test_clock",
        "faults/test_limits",
        "faults/test_calls",
        "stack/test_journeys",
        "stack/test_proxy",
    )
)
"""Files that take longest: they begin first, so that no worker is alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files for several workers, each of which takes one file at a time (`--dist loadfile`), and mark what waits by the clock.

    Journeys are spread over the run: as many browsers at once as there are workers get in each other's way.
    A test that waits by the clock and fails is run once more. The run says how many were, and which (`R`, "rerun"); one that is
    seen there twice is to be mended.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
        if BY_THE_CLOCK & {item.path, *item.path.parents}:
            item.add_marker(pytest.mark.flaky(reruns=1))
    browsers = sorted((each for each in files if HERE / "flows" in each.parents), key=_longest_first)
    others = sorted((each for each in files if each not in browsers), key=_longest_first)
    items[:] = [item for each in _spread(browsers, others) for item in files[each]]


def _longest_first(path: Path) -> int:
    return LONGEST.index(path) if path in LONGEST else len(LONGEST)


def _spread(some: list[Path], others: list[Path]) -> list[Path]:
    """Both lists in one, each in its own order, and at every point as much of the one as of the other."""
    placed = [(number / len(each), path) for each in (some, others) for number, path in enumerate(each)]
    return [path for _, path in sorted(placed, key=lambda place: place[0])]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("both", *KINDS), default="both", help="what the tests run on")


def pytest_configure(config: pytest.Config) -> None:
    """One server for the whole run: the process that hands out the tests starts it, its workers are told where it is."""
    given = getattr(config, "workerinput", None)
    if given is not None:
        databases.address = given["postgresql"]
    elif config.getoption("--database") != "sqlite":
        try:
            binaries()
        except RuntimeError as missing:
            raise pytest.UsageError(str(missing)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    wanted = node.config.getoption("--database") != "sqlite"
    node.workerinput["postgresql"] = databases.start() if wanted else None


def pytest_unconfigure(config: pytest.Config) -> None:
    databases.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", _kinds(metafunc.definition, metafunc.config), indirect=True, scope="session")


def _kinds(test: pytest.Function, config: pytest.Config) -> list[Any]:
    wanted = config.getoption("--database")
    for kind in KINDS:
        if test.get_closest_marker(f"only_{kind}") is not None:
            return [kind]
    if wanted != "both":
        return [wanted]
    on_both = bool(ON_BOTH & {test.path, *test.path.parents}) or test.get_closest_marker("both_databases") is not None
    return list(KINDS) if on_both else ["sqlite"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture: what is made on a data folder from now on is made on this test's database."""
    wanted: str = item.config.getoption("--database")
    only: list[Kind] = [kind for kind in KINDS if item.get_closest_marker(f"only_{kind}") is not None]
    if only and wanted not in ("both", *only):
        pytest.skip(f"about {only[0]}")
    given = item.callspec.params.get("database_kind") if hasattr(item, "callspec") else None
    databases.kind = given or (only[0] if only else "postgresql" if wanted == "postgresql" else "sqlite")


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> Kind:
    """The database that this test, and whatever it starts on a data folder, runs on."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ctx(database_kind: Kind, tmp_path: Path, clock: Clock) -> Iterator[Context]:
    with databases.lent(tmp_path / "data"):
        context = make_context(tmp_path / "data", clock)
        yield context
        context.database.dispose()


@pytest.fixture
def place(ctx: Context) -> Place:
    return copy_of_place(ctx)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What browsers are driven with; a process can have one only."""
    with sync_playwright() as running:
        yield running
