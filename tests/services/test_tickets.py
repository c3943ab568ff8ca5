"""Tickets: good for 30 minutes, for one purpose of one organisation, in every process forked from the same start, and nowhere else."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from app.crypto.receipt import Receipt
from app.domain import OrganisationId
from app.errors import TicketExpired
from app.services.tickets import TicketBox

NOW = datetime(2026, 3, 2, 9, 29, tzinfo=UTC)  # a minute before the keys rotate
MINUTE = timedelta(minutes=1)
ORG = OrganisationId("a" * 26)
RECEIPT = Receipt.from_entropy(bytes(range(16)))
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the runner has threads of its own


def test_a_ticket_gives_the_receipt_back() -> None:
    box = TicketBox()
    ticket = box.issue(NOW, ORG, "report", RECEIPT)
    assert box.open(NOW, ORG, "report", ticket) == RECEIPT
    assert box.issue(NOW, ORG, "report", RECEIPT) != ticket


@pytest.mark.parametrize("start", [NOW, NOW + MINUTE, NOW + 15 * MINUTE])
def test_it_is_good_for_thirty_minutes_whenever_the_keys_rotate(start: datetime) -> None:
    box = TicketBox()
    ticket = box.issue(start, ORG, "report", RECEIPT)
    for minutes in range(30):
        assert box.open(start + minutes * MINUTE, ORG, "report", ticket) == RECEIPT
        box.issue(start + minutes * MINUTE, ORG, "conversation", RECEIPT)
    with pytest.raises(TicketExpired):
        box.open(start + 31 * MINUTE, ORG, "report", ticket)


def test_its_key_is_gone_an_hour_later_even_for_a_clock_set_back() -> None:
    box = TicketBox()
    ticket = box.issue(NOW, ORG, "report", RECEIPT)
    box.issue(NOW + 61 * MINUTE, ORG, "report", RECEIPT)
    with pytest.raises(TicketExpired):
        box.open(NOW, ORG, "report", ticket)


def test_rotating_forgets_a_key_that_nobody_asks_for_any_more() -> None:
    box = TicketBox()
    ticket = box.issue(NOW, ORG, "report", RECEIPT)
    held = box._page.memory[:]
    box.rotate(NOW + 61 * MINUTE)
    assert held[8:40] not in box._page.memory[:]  # the key
    with pytest.raises(TicketExpired):
        box.open(NOW, ORG, "report", ticket)


def test_rotating_every_five_minutes_expires_no_ticket_before_its_time() -> None:
    box = TicketBox()
    ticket = box.issue(NOW, ORG, "report", RECEIPT)
    for minutes in range(0, 30, 5):
        box.rotate(NOW + minutes * MINUTE)
        assert box.open(NOW + minutes * MINUTE, ORG, "report", ticket) == RECEIPT


def test_a_clock_set_back_expires_no_ticket_that_is_still_good() -> None:
    box = TicketBox()
    ticket = box.issue(NOW + MINUTE, ORG, "report", RECEIPT)
    assert box.open(NOW - MINUTE, ORG, "report", ticket) == RECEIPT


def test_another_purpose_or_organisation_does_not_open_it() -> None:
    box = TicketBox()
    ticket = box.issue(NOW, ORG, "report", RECEIPT)
    with pytest.raises(TicketExpired):
        box.open(NOW, ORG, "conversation", ticket)
    with pytest.raises(TicketExpired):
        box.open(NOW, OrganisationId("b" * 26), "report", ticket)


def test_an_altered_or_foreign_ticket_is_expired() -> None:
    box = TicketBox()
    ticket = box.issue(NOW, ORG, "report", RECEIPT)
    position = len(ticket) // 2
    altered = ticket[:position] + ("A" if ticket[position] != "A" else "B") + ticket[position + 1 :]
    for wrong in (altered, ticket[:-4], ticket + "AAAA", "", "not a ticket", "é", TicketBox().issue(NOW, ORG, "report", RECEIPT)):
        with pytest.raises(TicketExpired):
            box.open(NOW, ORG, "report", wrong)


def _worker(box: TicketBox, pipe: Connection, now: datetime) -> None:
    pipe.send(box.issue(now, ORG, "report", RECEIPT))
    tickets = pipe.recv()
    pipe.send([box.open(now, ORG, "report", ticket).entropy for ticket in tickets])


@FORKS
def test_forked_processes_open_each_others_tickets() -> None:
    box = TicketBox()  # made before the fork and not used by the parent: the first worker to come makes the key
    fork = multiprocessing.get_context("fork")
    pipes, workers = [], []
    for _ in range(4):
        ours, theirs = fork.Pipe()
        worker = fork.Process(target=_worker, args=(box, theirs, NOW))
        worker.start()
        pipes.append(ours)
        workers.append(worker)
    tickets = [pipe.recv() for pipe in pipes]
    for pipe in pipes:
        pipe.send(tickets)
    assert [pipe.recv() for pipe in pipes] == [[RECEIPT.entropy] * 4] * 4
    for worker in workers:
        worker.join(20)
        assert worker.exitcode == 0


@FORKS
def test_a_worker_killed_while_it_holds_the_lock_stops_no_other() -> None:
    box = TicketBox()
    ready, say = os.pipe()
    child = os.fork()
    if child == 0:
        with box._page.locked():
            os.write(say, b"x")
            signal.pause()
        os._exit(1)
    assert os.read(ready, 1) == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert box.open(NOW, ORG, "report", box.issue(NOW, ORG, "report", RECEIPT)) == RECEIPT


def test_no_key_reaches_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    box = TicketBox()
    box.issue(NOW, ORG, "report", RECEIPT)
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(box._page._lock_file).st_size == 0
