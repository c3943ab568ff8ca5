"""The channels page: an open channel either agrees with the officer's keyring, or is an alarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from app.crypto import fingerprint
from app.domain import ChannelId
from app.services import organisations
from tests.flows.desks import Desk, log_in
from tests.flows.looking import Looker
from tests.flows.officers import foreign_keyring, keyring_replaced, open_keys

Listed = list[dict[str, Any]]


def own_fingerprint(page: Page, desk: Desk) -> str:
    """Of the first channel on the page."""
    shown = page.locator("section[data-open]").first.get_attribute("data-channel")
    channel = organisations.portal(desk.ctx, desk.organisation).by_id(ChannelId(shown or ""))
    assert channel is not None
    assert channel.keys is not None
    return fingerprint.channel(channel.keys.recipient, channel.keys.verify)


def without_the_keyring(listed: Listed) -> Listed:
    return [{**each, "sealed": None} for each in listed]


def without_all(listed: Listed) -> Listed:
    return [{**each, "sealed": None, "recipient": None, "verify": None, "version": None} for each in listed]


def without_the_channel(listed: Listed) -> Listed:
    return listed[1:]


def without_the_slot(html: str) -> str:
    return html.replace('data-slot="offered"', "")


def with_another_slot(html: str) -> str:
    return html.replace("<h3>Fingerprint of the channel</h3>", '<p data-slot="offered">aaaa bbbb</p>')


def with_another_fingerprint(html: str) -> str:
    before, mark, after = html.partition('data-slot="offered">')
    return before + mark + after.replace(after[:4], "zzzz", 1)


@pytest.mark.parametrize("change", [without_the_keyring, without_all, without_the_channel])
def test_an_open_channel_without_its_keyring_is_an_alarm(page: Page, desk: Desk, change: Callable[[Listed], Listed]) -> None:
    def changed(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={"keyrings": change(answer.json()["keyrings"])})

    page.route("**/desk/keyrings", changed)
    log_in(page, desk, "/desk/channels")
    expect(page.locator('#alarm [data-alarm="keyring_missing"]')).to_be_visible()
    expect(page.locator("section[data-open]").first.locator("[data-slot=agreement] .mark-danger")).to_be_visible()


@pytest.mark.parametrize("change", [without_the_slot, with_another_slot, with_another_fingerprint])
def test_an_open_channel_that_does_not_show_its_one_fingerprint_is_an_alarm(page: Page, desk: Desk, change: Callable[[str], str]) -> None:
    def changed(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=change(answer.text()))

    log_in(page, desk)
    page.route("**/desk/channels", changed)
    page.goto("/desk/channels")
    expect(page.locator('#alarm [data-alarm="keyring_differs"]')).to_be_visible()
    expect(page.locator("#alarm [data-slot=alarm-keyring]")).to_have_text(own_fingerprint(page, desk))
    expect(page.locator("section[data-open]").first.locator("[data-slot=agreement] .mark-danger")).to_be_visible()


def test_where_all_agrees_the_fingerprint_is_written_from_the_keyring(page: Page, desk: Desk) -> None:
    log_in(page, desk, "/desk/channels")
    expect(page.locator("[data-slot=agreement] .mark-good")).to_have_count(2)
    expect(page.locator("#alarm")).to_be_hidden()
    offered = page.locator("[data-slot=offered]").first
    assert offered.inner_text() == own_fingerprint(page, desk)
    # The same fingerprint in other clothes agrees, and is put in order.
    own = own_fingerprint(page, desk)
    page.route("**/desk/channels", lambda route: _in_capitals(route, own))
    page.goto("/desk/channels")
    open_keys(page)
    expect(offered).to_have_text(own)


def _in_capitals(route: Route, own: str) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace(own, own.upper()))


def test_the_alarm_is_good_for_everybody(page: Page, desk: Desk) -> None:
    with keyring_replaced(desk, foreign_keyring(desk, desk.channel())):
        log_in(page, desk, "/desk/channels")
        expect(page.locator("#alarm")).to_be_focused()
        Looker(page, "desk").at("alarm")
