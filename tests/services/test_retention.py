"""Closed cases go after as many days as the configuration says, with everything that is theirs; nothing else does."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import CaseId, ChannelId, Outcome, State
from app.errors import BlobMissing, NoConversation, ReportWithdrawn
from app.services import configuration, followup, housekeeping, intake, organisations, retention, triage
from app.services.configuration import parse_toml
from app.services.storing import tombstone
from app.storage.models import Case, Tombstone
from tests.atonce import at_once
from tests.services.letters import addition, close, officer, plant, report, send
from tests.services.sealed_files import upload_for
from tests.support import TWO_CHANNELS, Clock, Place

DAYS = 30


def keep_for(place: Place, days: int | None) -> None:
    """Configure how long closed cases of the ethics channel are kept."""
    line = "" if days is None else f"retention_days = {days}\n"
    toml = TWO_CHANNELS.replace('slug = "ethics"\n', f'slug = "ethics"\n{line}', 1)
    configuration.configure(place.ctx, place.id, parse_toml(toml))


def closed(place: Place) -> Receipt:
    """A case with a file, closed today."""
    receipt = Receipt.generate()
    send(place, receipt)
    file = upload_for(place, receipt)
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "A file."), [file])
    close(place, place.olivia, receipt, Outcome.SUBSTANTIATED)
    return receipt


def present(place: Place) -> set[CaseId]:
    with place.ctx.database.read() as session:
        return set(session.scalars(select(Case.id)))


def test_a_case_goes_so_many_days_after_it_was_closed_and_not_before(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    clock.move(days=3)
    receipt = closed(place)
    row = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).row
    assert row.delete_on is not None
    clock.move(days=DAYS - 1)
    assert (retention.run(place.ctx), present(place)) == (0, {receipt.case_id})
    clock.move(days=1)
    assert clock.today == row.delete_on
    assert (retention.run(place.ctx), present(place)) == (1, set())
    assert retention.run(place.ctx) == 0


def test_everything_of_it_goes_and_a_retry_of_it_is_refused(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    receipt = closed(place)
    files = [each.attachments for each in followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages]
    assert place.ctx.blobs.has(place.id, files[1][0])
    clock.move(days=DAYS)
    retention.run(place.ctx)
    with pytest.raises(NoConversation):
        followup.open_sealed(place.ctx, place.id, receipt.mailbox_key)
    with pytest.raises(BlobMissing):
        place.ctx.blobs.read(place.id, files[1][0])
    with pytest.raises(ReportWithdrawn):
        intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, *report(place, receipt))
    with place.ctx.database.read() as session:
        stone = session.scalars(select(Tombstone)).one()
    assert (stone.mark, stone.day) == (tombstone(mailbox_hash(receipt.mailbox_key)), clock.today)


def test_what_is_not_closed_or_was_opened_again_stays(place: Place, clock: Clock) -> None:
    keep_for(place, 1)
    states = [plant(place, 1, state=state)[0] for state in State if state is not State.CLOSED]
    receipt = closed(place)
    triage.change_state(place.ctx, officer(place, place.olivia), receipt.case_id, State.IN_PROGRESS, None)
    clock.move(days=100)
    assert retention.run(place.ctx) == 0
    assert present(place) == {*states, receipt.case_id}


def test_days_are_counted_from_the_last_closing(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    receipt = closed(place)
    clock.move(days=20)
    triage.change_state(place.ctx, officer(place, place.olivia), receipt.case_id, State.IN_PROGRESS, None)
    close(place, place.olivia, receipt, Outcome.PARTLY)
    clock.move(days=20)
    assert retention.run(place.ctx) == 0
    clock.move(days=10)
    assert retention.run(place.ctx) == 1


def test_a_channel_without_the_setting_keeps_its_cases(place: Place, clock: Clock) -> None:
    receipt = closed(place)
    assert triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).row.delete_on is None
    clock.move(days=10_000)
    assert retention.run(place.ctx) == 0
    keep_for(place, 3650)
    assert retention.run(place.ctx) == 1


def plant_closed(place: Place, count: int, channel: ChannelId | None = None) -> list[CaseId]:
    cases = plant(place, count, state=State.CLOSED, channel=channel)
    with place.ctx.database.write() as session:
        session.execute(update(Case).where(Case.id.in_(cases)).values(closed_on=place.ctx.today(), outcome=Outcome.NO_ANSWER))
    return cases


def test_other_channels_and_more_cases_than_a_batch(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    plant_closed(place, 3 * retention._BATCH + 1)
    others = plant_closed(place, 3, place.audit_id)
    clock.move(days=DAYS)
    assert retention.run(place.ctx) == 3 * retention._BATCH + 1
    assert present(place) == set(others)


def test_two_processes_at_once_delete_each_case_once(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    plant_closed(place, 30)
    clock.move(days=DAYS)
    counts = at_once(lambda: retention.run(place.ctx), 4)
    # Whoever finds that another one is deleting the same stops; what is left, the next run deletes.
    assert sum(counts) + retention.run(place.ctx) == 30
    assert present(place) == set()


def test_housekeeping_does_it_once_a_day(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    receipt = closed(place)
    clock.move(days=DAYS)
    housekeeping.tidy(place.ctx)
    assert present(place) == set()
    again = plant_closed(place, 1)
    with place.ctx.database.write() as session:
        session.execute(update(Case).values(closed_on=clock.today.replace(year=2020)))
    housekeeping.tidy(place.ctx)
    assert present(place) == set(again)
    clock.move(days=1)
    housekeeping.tidy(place.ctx)
    assert present(place) == set()
    assert receipt.case_id not in present(place)


def test_what_is_left_of_the_deleted_goes_when_the_last_backup_has(place: Place, clock: Clock) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)

    def stones() -> int:
        with place.ctx.database.read() as session:
            return session.scalar(select(func.count()).select_from(Tombstone)) or 0

    clock.move(days=place.ctx.settings.backup_days)
    retention.run(place.ctx)
    assert stones() == 1
    clock.move(days=1)
    retention.run(place.ctx)
    assert stones() == 0


def test_a_portal_says_how_long_and_keeps_old_documents_readable(place: Place) -> None:
    assert [each.retention_days for each in organisations.portal(place.ctx, place.id).channels] == [None, None]
    keep_for(place, DAYS)
    assert [each.retention_days for each in organisations.portal(place.ctx, place.id).channels] == [DAYS, None]
    old = configuration.to_json(parse_toml(TWO_CHANNELS)).replace(',"retention_days":null', "")
    assert "retention" not in old
    assert configuration.from_json(old) == parse_toml(TWO_CHANNELS)
