"""Looks that hang, fail, or are asked for by many at once."""

from __future__ import annotations

import threading

import pytest

from app.errors import StorageBusy
from app.services import readiness
from app.services.context import Context
from app.services.readiness import Check, Finding
from tests.support import make_settings


def test_a_look_that_hangs_is_a_failure_in_time_and_is_not_begun_twice(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "SECONDS", 0.1)
    go_on, begun = threading.Event(), []

    def look(_: Context) -> str:
        begun.append(1)
        go_on.wait(30)
        return ""

    check = Check("store", look)
    for _ in range(3):
        assert check.find(ctx) == Finding("store", False, "no answer within 0 seconds")
    assert len(begun) == 1
    go_on.set()
    monkeypatch.setattr(readiness, "SECONDS", 10)
    assert check.find(ctx) == Finding("store", True)


def test_what_an_error_says_is_not_told(ctx: Context) -> None:
    def look(_: Context) -> str:
        raise OSError("canary-8812")

    assert Check("store", look).find(ctx) == Finding("store", False, "it does not answer")


def test_many_who_ask_at_once_share_one_look(ctx: Context) -> None:
    looked: list[int] = []

    def look(_: Context) -> str:
        looked.append(1)
        return ""

    check = Check("store", look)
    assert [check.find(ctx).ok for _ in range(20)] == [True] * 20
    assert len(looked) == 1


def test_a_store_elsewhere_is_asked_for_a_name_that_nothing_has(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        answers = True

        def has(self, *_: object) -> bool:
            if not self.answers:
                raise StorageBusy
            return False

    store = Store()
    settings = make_settings(ctx.settings.data, BLOBS="s3://sealed-files", S3_ACCESS_KEY="a", S3_SECRET_KEY="b")
    elsewhere = Context(database=ctx.database, settings=settings, clock=ctx.clock)
    elsewhere.__dict__["blobs"] = store
    elsewhere.staging.distrust("boot")
    blobs = next(each for each in readiness.checks() if each.name == "blob store")
    assert blobs.look(elsewhere) == ""
    store.answers = False
    assert blobs.look(elsewhere) == "it does not answer, or refuses the keys it is given"
