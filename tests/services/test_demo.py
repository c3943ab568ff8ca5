"""The demo comes up with everything in it, once, and keeps its secrets in one file that only its owner reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.crypto import identity_file, kdf, keyring, recovery
from app.crypto.receipt import Receipt
from app.errors import SettingsError
from app.services import demo, intake, keyrings, officers, organisations, triage
from app.services.context import Context
from app.services.drafts import PlainReport
from app.services.organisations import Portal
from app.services.setup import initialise
from app.storage import organisations as rows
from tests.support import Clock, make_context


def portal(ctx: Context) -> Portal:
    return organisations.portal(ctx, organisations.resolve(ctx, "localhost"))


def test_the_demo_is_a_portal_with_two_open_channels(ctx: Context) -> None:
    demo.prepare(ctx)
    found = portal(ctx)
    assert found.demo
    assert found.name == "Harbour & Field (demo)"
    assert [(channel.name, channel.open) for channel in found.channels] == [("Ethics team", True), ("Audit committee", True)]
    assert found.emergency
    assert found.outside_help
    assert found.neutral_url.startswith("https://")
    for channel in found.channels:
        assert {question.kind for question in channel.questions} >= {"one", "date", "text", "several"}
        assert channel.questions[0].id == "category"


def test_the_officer_can_do_with_the_passphrase_what_a_browser_does(ctx: Context) -> None:
    access = demo.prepare(ctx)
    assert len(access.passphrase.split()) == 6
    org = portal(ctx).organisation
    secrets = kdf.derive(access.passphrase, org, access.user, kdf.PROFILES["testing"])
    logged_in = officers.login(ctx, org, access.user, secrets.login)
    own = identity_file.open(logged_in.identity, secrets.unlock)
    words = json.loads((ctx.settings.data / "demo.json").read_text())["recovery"]
    for row in keyrings.for_officer(ctx, logged_in.officer):
        assert row.sealed is not None
        for identity in (own.identity, recovery.read(words)):
            assert keyring.open(row.sealed, [identity], row.verify).recipient == row.recipient

    channel = portal(ctx).channels[1]
    receipt = Receipt.generate()
    answers = {"category": channel.questions[0].options[0]}
    intake.accept_plain(ctx, org, channel.id, receipt, PlainReport("", "A concern.", answers))
    assert [row.case for row in triage.inbox(ctx, logged_in.officer).rows] == [receipt.case_id]


def test_a_second_start_changes_nothing(ctx: Context, clock: Clock) -> None:
    first = demo.prepare(ctx)
    before, file = portal(ctx), (ctx.settings.data / "demo.json").read_bytes()
    clock.move(days=2)
    assert demo.prepare(ctx) == first
    assert portal(ctx) == before
    assert (ctx.settings.data / "demo.json").read_bytes() == file


def test_a_start_that_was_cut_short_is_finished_by_the_next(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("setup.initialise", "configuration.configure", "officers.enrol", "keyrings.open_channel"):
        module, name = step.split(".")
        with monkeypatch.context() as patch:
            patch.setattr(getattr(demo, module), name, _stop)
            with pytest.raises(ZeroDivisionError):
                demo.prepare(ctx)
    access = demo.prepare(ctx)
    assert [channel.open for channel in portal(ctx).channels] == [True, True]
    assert access == demo.prepare(ctx)


def _stop(*_arguments: object, **_named: object) -> None:
    raise ZeroDivisionError


def test_its_secrets_are_in_a_file_of_its_owner_only_and_not_in_what_is_printed(ctx: Context) -> None:
    access = demo.prepare(ctx)
    file = ctx.settings.data / "demo.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in ctx.settings.data.glob("demo.*")] == ["demo.json"]
    assert access.passphrase not in repr(access)


def test_it_never_moves_in_with_a_real_organisation(tmp_path: Path, ctx: Context) -> None:
    demo.prepare(ctx)
    words = json.loads((ctx.settings.data / "demo.json").read_text())["recovery"]
    real = make_context(tmp_path / "real", Clock())
    initialise(real, [str(recovery.read(words).recipient)], "Northwind")
    with pytest.raises(SettingsError):
        demo.prepare(real)
    with real.database.read() as session:
        assert [row.name for row in rows.all_of_them(session)] == ["Northwind"]
    real.database.dispose()
    assert not (real.settings.data / "demo.json").exists()


def test_without_its_file_it_says_what_to_do(ctx: Context) -> None:
    demo.prepare(ctx)
    (ctx.settings.data / "demo.json").write_text("{")
    with pytest.raises(SettingsError):
        demo.prepare(ctx)
    (ctx.settings.data / "demo.json").unlink()
    with pytest.raises(SettingsError):
        demo.prepare(ctx)
