"""One part of the sweep, as a process of its own: `python -m tests.faults.sweep.part sqlite|postgresql|control FOLDER [IMAGE]`."""

from __future__ import annotations

import gzip
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

from app.crypto.receipt import Receipt
from tests.faults.sweep import browsing, memory, places, recycling, stock, times, watch
from tests.faults.sweep.canaries import Canaries
from tests.faults.sweep.client import Client
from tests.faults.sweep.counting import Counting
from tests.faults.sweep.ground import Ground
from tests.faults.sweep.journey import Journey
from tests.faults.sweep.officer import Officer
from tests.faults.sweep.result import Result
from tests.faults.sweep.searcher import Searcher
from tests.faults.sweep.target import Target
from tests.stack import Stack

Database = Literal["sqlite", "postgresql"]
WATCHED: Final = "every write to a file, pipe or device (strace)"
RAW: Final = "raw image of the file system, free blocks too"
PLANTED: Final = "a planted gzip log"
REQUESTS: Final = 50


def sweep_stack(ground: Ground, workshop: Path, database: Database, *, short: bool = False) -> Result:
    """The real thing. `workshop` is where the sweep keeps its own things, and is not looked at."""
    result = Result(f"The stack on {database}")
    began, canaries, log = time.time(), Canaries(), workshop / "calls"
    with ExitStack() as ending:
        folder = ground.folder / "stack"
        folder.mkdir()
        stack = ending.enter_context(Stack(folder, database=database, redis=True))
        target, counting = Target(stack), Counting(stack.redis_socket)
        ending.callback(counting.close)
        client = Client(canaries, stack.https_port, stack.host, stack.certificate)
        officer = Officer(client, stack.organisation, stack.user, stack.passphrase)
        before = times.logged(stack)
        ground.write_through()
        with watch.watching(target.pids, log):
            journey = Journey(canaries, client, officer, target.broken, None if short else target.locked)
            journey.run()
            if not short:
                result.told.append(browsing.browse(stack, canaries, workshop))
            searcher = Searcher(canaries.needles())
            times.in_logs(stack, before, result)
            counting.look(searcher, result)
            _while_it_runs(target, searcher, began, ground, result, short=short)
            if not short:
                _memory(target, journey, searcher, result)
        tables = places.rows(target.address)
        result.add("what the database answers", places.in_rows(tables, searcher))
        times.in_tables(tables, result)
        stack.stop()
        times.in_files(stack, result)
        _after_it_ran(stack, searcher, result)
        watched = watch.read(log, searcher)
        _watched(watched, result)
    _of_the_machine(ground, searcher, began, result, short=short)
    shown = [f"driven: {'; '.join(journey.happened)}", f"{len(canaries.kinds)} kinds of secret, {len(canaries.needles())} needles"]
    result.told[:0] = shown
    result.amiss += [f"{row.place}: {kind} ({form})" for row in result.rows for kind, form in row.found.items()]
    return result


def _while_it_runs(target: Target, searcher: Searcher, began: float, ground: Ground, result: Result, *, short: bool) -> None:
    pids = target.pids
    result.add("what its processes have open, deleted files too", places.open_files(pids, searcher))
    result.add(str(places.SHARED_MEMORY), places.below(places.SHARED_MEMORY, searcher, since=began))
    dumping = memory.may_dump(target.stack.pids())
    result.amiss += [f"{program} would leave its memory in a core file" for program in sorted(dumping - {"postgresql"})]
    folders = {folder for folder in places.temporary_folders(pids) if not folder.is_relative_to(ground.folder)}
    result.told.append(f"temporary folders of its processes: {'below its own folder' if not folders else sorted(map(str, folders))}")
    for folder in () if short else folders:
        result.add(
            f"{folder}, what was changed", places.below(folder, searcher, since=began, without=[ground.folder, ground.folder.parent])
        )
    result.add("all its files, while it runs", places.below(target.stack.folder, searcher))


def _memory(target: Target, journey: Journey, searcher: Searcher, result: Result) -> None:
    def tell(when: str) -> None:
        result.told.append(f"memory {when}:")
        result.told.extend(f"    {each.line}" for each in memory.held(target.stack.pids(), searcher))

    tell("after the journey")
    journey.more(REQUESTS)
    tell(f"after {REQUESTS} further requests")
    recycling.recycle(target)
    journey.more(8)
    tell("after its workers were recycled")


def _after_it_ran(stack: Stack, searcher: Searcher, result: Result) -> None:
    cluster = stack.cluster
    own = [*stack.temporary, stack.logs, stack.data]
    for place, folder in (("the application's data", stack.data), ("all logs", stack.logs)):
        result.add(place, places.below(folder, searcher))
    for folder in stack.temporary:
        result.add(f"the folder {folder.name}: proxy's, server's temporary files", places.below(folder, searcher))
    if stack.database == "postgresql":
        result.add("PostgreSQL's write-ahead log", places.below(cluster / "pg_wal", searcher))
        result.add("PostgreSQL's other files", places.below(cluster, searcher, without=[cluster / "pg_wal"]))
    result.add("everything else of the stack", places.below(stack.folder, searcher, without=[*own, cluster]))


def _watched(watched: watch.Watched, result: Result) -> None:
    result.add(f"{WATCHED}, {watched.calls} calls", watched.total)
    result.amiss += [f"{where}: {sorted(looked.kinds)}" for where, looked in watched.where.items() if looked.found]
    result.amiss += watched.amiss
    result.told.append(
        f"written to: {len(watched.where)} places; as shared memory: {', '.join(sorted(map(_short, watched.mapped))) or 'none'}"
    )
    if watched.calls < 500 or not any("/blobs/" in where or "/staging/" in where for where in watched.where):
        result.amiss.append("strace saw too little to have watched")


def _short(path: str) -> str:
    return Path(path).name


def _of_the_machine(ground: Ground, searcher: Searcher, began: float, result: Result, *, short: bool) -> None:
    if not short:
        result.add("the machine's journal and /var/log, since it began", places.system_logs(began, searcher))
        result.told.append(f"the machine keeps {'a' if places.keeps_journal() else 'no'} journal")
    if ground.image is None:
        result.told.append("a plain folder: the raw disk was not looked at")
    else:
        os.sync()
        result.add(RAW, searcher.path(ground.image))


def sweep_control(ground: Ground, workshop: Path) -> Result:
    """What has to be found, or no sweep is worth anything."""
    result = Result("The negative control: stock Werkzeug, gunicorn and nginx")
    canaries, log = Canaries(receipts=[Receipt.generate()]), workshop / "calls"
    (ground.folder / "planted").mkdir()
    folder = ground.folder / "control"
    folder.mkdir()
    with stock.serve(folder) as (port, pids):
        ground.write_through()
        with watch.watching([each for family in pids.values() for each in family], log):
            stock.visit(canaries, Client(canaries, port, "127.0.0.1"))
    searcher = Searcher(canaries.needles())
    watched = watch.read(log, searcher)
    found = result.add(f"{WATCHED}, {watched.calls} calls", watched.total)
    found |= result.add("all its files", places.below(folder, searcher))
    with gzip.open(ground.folder / "planted" / "access.log.3.gz", "wb") as planted:
        planted.write(b"\n".join(canaries.needles()))
    planted_kinds = result.add(PLANTED, places.below(ground.folder / "planted", searcher))
    if ground.image is not None:
        os.sync()
        on_disk = result.add(RAW, searcher.path(ground.image))
        result.amiss += [f"not found on the raw disk: {kind}" for kind in canaries.kinds if kind not in on_disk]
    kinds = set(canaries.kinds)
    result.amiss += [f"not found in what a stock server writes: {kind}" for kind in sorted(kinds - stock.NOT_KEPT - found)]
    result.amiss += [f"not found in the planted log: {kind}" for kind in sorted(kinds - planted_kinds)]
    stock_count = len(found & kinds)
    result.told.append(
        f"found {len((found | planted_kinds) & kinds)} of {len(kinds)} kinds; {stock_count} of them in what a stock server writes"
    )
    return result


def main(part: str, folder: Path, image: Path | None) -> None:
    workshop = folder.with_name(f"{folder.name}.workshop")
    workshop.mkdir()
    ground = Ground(folder, image)
    result = (
        sweep_control(ground, workshop)
        if part == "control"
        else sweep_stack(ground, workshop, "sqlite" if part == "sqlite" else "postgresql")
    )
    print(result.write())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
