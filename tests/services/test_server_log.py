"""PostgreSQL writes every error into its log, with the time and often with the key: what a reporter does must not be an error there."""

from __future__ import annotations

import contextlib

import psycopg
import pytest

from app.crypto.receipt import Receipt, mailbox_hash
from app.errors import Conflict, NoConversation, ReportWithdrawn
from app.services import followup, intake
from tests.databases import databases
from tests.services.letters import addition, report
from tests.support import Place

pytestmark = pytest.mark.only_postgresql


def logged(*needles: str) -> set[str]:
    log = (databases.folder / "log").read_text(errors="replace")
    return {needle for needle in needles if needle in log}


def test_a_report_its_repeats_and_its_conflicts_leave_no_line_in_the_servers_log(place: Place) -> None:
    receipt = Receipt.generate()
    mailbox = mailbox_hash(receipt.mailbox_key).hex()
    where = (place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key)
    first, other = report(place, receipt), report(place, receipt, "Another body.")
    for draft in (first, first, other):
        with contextlib.suppress(Conflict):
            intake.accept_sealed(*where, *draft)
    message, sealed = addition(place, receipt, "An answer.")
    second = addition(place, receipt, "Another answer.", message)[1]
    for each in (sealed, sealed, second):
        with contextlib.suppress(Conflict):
            followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, each)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    for late in (lambda: intake.accept_sealed(*where, *first), lambda: followup.withdraw(place.ctx, place.id, receipt.mailbox_key)):
        with pytest.raises((ReportWithdrawn, NoConversation)):
            late()
    assert logged(receipt.case_id, mailbox, message) == set()


def test_an_error_would_be_found_there(place: Place) -> None:
    with pytest.raises(psycopg.Error):
        databases.execute("SELECT 'planted-in-an-error'::integer")
    assert logged("planted-in-an-error") == {"planted-in-an-error"}
