"""Killed, or failing, at a call of its own: a sample of what `python -m tests.faults.kill` does at every one of them."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, opened, peak
from tests.faults.injecting import SYNCS, attached, missing
from tests.faults.kill import JOURNEYS, REFUSALS, fail, points, run, sample, strikes
from tests.faults.senders import Plain, Sealed

pytestmark = [pytest.mark.only_sqlite, pytest.mark.skipif(bool(missing()), reason=missing())]
FEW = {"plain with a file": 5, "sealed text": 2, "sealed with a file": 4, "withdrawal": 2}
SEED = int(os.environ.get("FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house")) as made:
        yield made
        made.check()
        assert peak(made.only_worker()) < 300 << 20


def staging(house: House) -> Path:
    return house.place.ctx.settings.staging / house.place.id


@pytest.mark.parametrize("journey", JOURNEYS)
def test_killed_at_any_call_a_report_is_acknowledged_and_there_or_can_be_sent_again(house: House, journey: str) -> None:
    log = house.folder.with_name("trace")
    chosen = sample(points(house, journey, log), FEW[journey], SEED)
    print(f"FAULTS_SEED={SEED}", chosen)
    assert strikes(house, journey, chosen, log) >= len(chosen) - 1


@pytest.mark.parametrize("journey", [each for each in JOURNEYS if each != "withdrawal"])
def test_nothing_is_acknowledged_over_a_sync_that_failed(house: House, journey: str) -> None:
    log = house.folder.with_name("trace")
    every = [point for point in points(house, journey, log, "EIO") if point[0] in SYNCS]
    assert sum(fail(house, journey, point, log, "EIO") for point in every) > 0.8 * len(every)


@pytest.mark.parametrize("journey", ["plain with a file", "sealed with a file"])
def test_a_write_for_which_there_is_no_room_is_told_as_that(house: House, journey: str) -> None:
    log = house.folder.with_name("trace")
    every = [point for point in points(house, journey, log, "ENOSPC") if ("ENOSPC", point[0]) in REFUSALS]
    chosen = random.Random(SEED).sample(every, 5)
    print(f"FAULTS_SEED={SEED}", chosen)
    assert sum(fail(house, journey, point, log, "ENOSPC") for point in chosen) > 2


def test_after_a_sync_that_failed_an_upload_begins_again_because_a_second_one_would_succeed_over_nothing(house: House) -> None:
    log = house.folder.with_name("trace")
    for number in (1, 2):  # of the bytes as they came, and of the file as it is finished
        sender = Sealed(house.keys, 200_000)
        worker = house.only_worker()
        assert sender.begin(house.portal)
        with attached(worker, log, f"fsync:error=EIO:when={number}"):
            assert not house.attempt(sender)
        injected = [line for line in log.read_text().splitlines() if "(INJECTED)" in line]
        assert len(injected) == 1 and f"/staging/{house.place.id}/" in injected[0]
        assert (sender.refusals, sender.offset(house.portal)) == ([500], 0)
        run(house, sender)


def test_a_file_that_is_moved_and_not_yet_durable_is_made_so_before_its_upload_counts_as_whole(house: House) -> None:
    log = house.folder.with_name("trace")
    sender = Sealed(house.keys, 200_000)
    with attached(house.only_worker(), log, "rename:signal=KILL:when=1"):
        assert not house.attempt(sender)
    # What a kill between the move and the sync of its folder leaves behind, made by hand: it is whole in staging now.
    staged = staging(house) / sender._location.rpartition("/")[2]
    blobs = house.place.ctx.settings.data / "blobs" / house.place.id
    blobs.mkdir(parents=True, exist_ok=True)
    staged.rename(blobs / staged.name)
    with attached(house.only_worker(), log):
        assert sender.offset(house.portal) == len(sender.sealed_file)
    calls = log.read_text()
    folder = calls.index(f"/blobs/{house.place.id}>)", calls.index(f"/blobs/{house.place.id}/{staged.name}>)"))
    assert folder < calls.index("fdatasync(")
    run(house, sender)


def test_a_form_whose_file_met_a_bad_disk_comes_back_with_its_text_and_leaves_no_file(house: House) -> None:
    log = house.folder.with_name("trace")
    sender, before = Plain(200_000), set(staging(house).iterdir())
    with attached(house.only_worker(), log, "fsync:error=EIO:when=2"):
        assert not house.attempt(sender)
    assert sender.refusals == [500]  # whose page gives the text back: see senders.py
    assert set(staging(house).iterdir()) == before
    run(house, sender)
