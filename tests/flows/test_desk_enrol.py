"""The first officer: an invitation becomes an officer with keys, and a channel opens with keys made in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import text

from app.crypto import armor, fingerprint, identity_file, kdf, keyring
from app.crypto.hybrid import HybridIdentity
from app.domain import OrganisationId
from app.services import keyrings, officers, organisations, sessions, setup
from app.services.context import Context
from tests import canary
from tests.flows.desks import make_services, open_page, served
from tests.flows.looking import Looker
from tests.flows.officers import open_keys
from tests.relay import Relay

PASSWORD = "six plain words make a lock"
NAME = "Mara Okafor, ethics team"


@dataclass(frozen=True)
class Place:
    """An installation on its first day: one channel, not open, and nobody enrolled."""

    ctx: Context = field(repr=False)
    organisation: OrganisationId
    recovery: HybridIdentity = field(repr=False)
    port: int


@dataclass(frozen=True)
class Fresh:
    """An invitation, and a recorded browser that has not opened it."""

    place: Place
    token: str = field(repr=False)
    relay: Relay = field(repr=False)
    page: Page = field(repr=False)

    @property
    def link(self) -> str:
        return f"/desk/enrol#{self.token}"

    def enrolled(self, user: str) -> int:
        """How many officers have this user name."""
        with self.place.ctx.database.read() as session:
            found = session.execute(text("SELECT count(*) FROM officers WHERE user_name = :user"), {"user": user}).scalar_one()
        return int(found)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("fresh")
    ctx = make_services(folder / "data")
    recovery = HybridIdentity.generate()
    first = setup.initialise(ctx, [str(recovery.recipient)], "Northwind Works")
    with served(folder) as portal:
        yield Place(ctx, first.organisation, recovery, portal.port)
    ctx.database.dispose()


@pytest.fixture
def fresh(place: Place, chromium: Browser) -> Iterator[Fresh]:
    relay = Relay(place.port)
    with open_page(chromium, f"http://127.0.0.1:{relay.port}") as page:
        yield Fresh(place, setup.invite(place.ctx, place.organisation), relay, page)
    relay.close()


def fill_in(page: Page, *, user: str = "mara", name: str = NAME, password: str = PASSWORD, again: str | None = None) -> None:
    page.fill("#user", user)
    page.fill("#name", name)
    page.fill("#password", password)
    page.fill("#password-again", password if again is None else again)


def make_keys(page: Page) -> None:
    page.click("[data-details-form] [data-submit]")


def request_lines(sent: bytes) -> bytes:
    """What stands in a log: a body may end right before the next request's line, so lines are found by their form."""
    return b"\n".join(re.findall(rb"(?:GET|POST) \S+ HTTP/1\.1", sent))


def test_the_first_officer_enrols_and_opens_the_channel(fresh: Fresh) -> None:
    page = fresh.page
    page.goto(fresh.link)
    expect(page.locator("[data-step=details]")).to_be_visible()
    assert page.url.endswith("/desk/enrol"), "the token is still in the address"
    expect(page.locator("[data-step=details]")).to_contain_text("Northwind Works")
    fill_in(page)
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_focused()

    with page.expect_download() as waiting:
        page.click("[data-download]")
    own = identity_file.open(b"".join(armor.decode([waiting.value.path().read_bytes()])), unlock_of(fresh))
    shown = page.locator("[data-step=done] .fingerprint").inner_text()
    assert shown == fingerprint.officer(str(own.identity.recipient), own.signing.verify)

    page.get_by_role("link", name="Go on to your channels").click()
    open_keys(page)
    expect(page.locator(".fingerprints .fingerprint")).to_have_text(fingerprint.recovery(str(fresh.place.recovery.recipient)))
    page.click("[data-open-form] [data-submit]")
    expect(page.locator('[data-error="not_compared"]')).to_be_visible()
    expect(page.locator("[data-compared]")).to_be_focused()
    page.check("[data-compared]")
    page.click("[data-open-form] [data-submit]")
    expect(page.locator("section[data-open] [data-slot=agreement] .mark-good")).to_be_visible()
    expect(page.locator("#alarm")).to_be_hidden()

    channel = organisations.portal(fresh.place.ctx, fresh.place.organisation).channels[0]
    assert channel.keys is not None
    sealed = keyrings.for_officer(fresh.place.ctx, officer_of(fresh))[0].sealed
    assert sealed is not None
    for identity in (own.identity, fresh.place.recovery):
        ring = keyring.open(sealed, [identity], channel.keys.verify)
        assert (ring.recipient, ring.version, [member.name for member in ring.officers]) == (channel.keys.recipient, 1, [NAME])

    assert canary.found_in(request_lines(fresh.relay.sent), [fresh.token]) == set()
    assert b"/desk/enrol/start" in request_lines(fresh.relay.sent)
    assert canary.found_in(fresh.relay.sent, [fresh.token]) == {fresh.token}, "the record does not hold what was posted"
    assert canary.found_in(fresh.relay.sent, [PASSWORD, str(own.identity), "AGE-SECRET-KEY"]) == set()


def unlock_of(fresh: Fresh) -> HybridIdentity:
    return kdf.derive(PASSWORD, fresh.place.organisation, "mara", kdf.PROFILES["testing"]).unlock


def officer_of(fresh: Fresh) -> officers.Officer:
    login = kdf.derive(PASSWORD, fresh.place.organisation, "mara", kdf.PROFILES["testing"]).login
    session = sessions.load(
        fresh.place.ctx, fresh.place.organisation, officers.login(fresh.place.ctx, fresh.place.organisation, "mara", login).session_token
    )
    assert session is not None
    return session.officer


@pytest.mark.parametrize(("fragment", "code"), [("", "no_invitation"), ("#" + "A" * 43, "invitation"), ("#nonsense", "invitation")])
def test_without_a_good_invitation_there_is_no_form(fresh: Fresh, fragment: str, code: str) -> None:
    page = fresh.page
    page.goto(f"/desk/enrol{fragment}")
    expect(page.locator(f'[data-step=checking] [data-error="{code}"]')).to_be_visible()
    expect(page.locator("[data-step=details]")).to_be_hidden()
    expect(page.locator('[data-status="checking"]')).to_be_hidden()
    assert "#" not in page.url


def test_an_invitation_is_good_once(fresh: Fresh) -> None:
    page = fresh.page
    page.goto(fresh.link)
    fill_in(page, user="once")
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_visible()
    page.goto("about:blank")
    page.goto(fresh.link)
    expect(page.locator('[data-step=checking] [data-error="invitation"]')).to_be_visible()
    assert fresh.enrolled("once") == 1


def test_each_mistake_is_named_at_its_field_and_nothing_typed_is_lost(fresh: Fresh) -> None:
    page = fresh.page
    page.goto(fresh.link)
    wrong = (
        ({"user": "two words"}, "user_name", "#user"),
        ({"name": "  "}, "name", "#name"),
        ({"password": "thirteen char"}, "password_length", "#password"),
        ({"again": PASSWORD + "s"}, "password_differs", "#password-again"),
    )
    for change, code, field_name in wrong:
        fill_in(page, **({"user": "erring"} | change))
        typed = [page.input_value(selector) for selector in ("#user", "#name", "#password", "#password-again")]
        make_keys(page)
        expect(page.locator(f'[data-details-form] [data-error="{code}"]')).to_be_visible()
        expect(page.locator(field_name)).to_be_focused()
        assert page.locator('[aria-invalid="true"]').count() == 1
        assert typed == [page.input_value(selector) for selector in ("#user", "#name", "#password", "#password-again")]
    assert fresh.enrolled("erring") == 0


def test_a_name_that_is_taken_is_said_at_its_field(fresh: Fresh) -> None:
    page = fresh.page
    page.goto(fresh.link)
    fill_in(page, user="taken")
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"/desk/enrol#{setup.invite(fresh.place.ctx, fresh.place.organisation)}")
    fill_in(page, user="TAKEN", name="Somebody else")
    make_keys(page)
    expect(page.locator('[data-details-form] [data-error="user_name_taken"]')).to_be_visible()
    expect(page.locator("#user")).to_be_focused()
    assert page.input_value("#password") == PASSWORD
    page.fill("#user", "noor")
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_visible()
    assert (fresh.enrolled("taken"), fresh.enrolled("noor")) == (1, 1)


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_bytes(fresh: Fresh) -> None:
    page = fresh.page
    bodies: list[str] = []

    def lose_the_first(route: Route) -> None:
        bodies.append(route.request.post_data or "")
        if len(bodies) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    page.route("**/desk/enrol/finish", lose_the_first)
    page.goto(fresh.link)
    fill_in(page, user="lost")
    make_keys(page)
    expect(page.locator('[data-details-form] [data-error="network"]')).to_be_visible()
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_visible()
    assert bodies[0] == bodies[1]
    assert fresh.enrolled("lost") == 1


def test_a_damaged_answer_is_told_and_nothing_is_lost(fresh: Fresh) -> None:
    page = fresh.page
    page.route("**/desk/enrol/start", lambda route: route.fulfill(json={"channels": 5}))
    page.goto(fresh.link)
    expect(page.locator('[data-step=checking] [data-error="unread"]')).to_be_visible()
    page.unroute("**/desk/enrol/start")
    page.goto("about:blank")
    page.goto(fresh.link)
    bodies: list[str] = []

    def damage_the_first(route: Route) -> None:
        bodies.append(route.request.post_data or "")
        answer = route.fetch()
        route.fulfill(response=answer, json={} if len(bodies) == 1 else answer.json())

    page.route("**/desk/enrol/finish", damage_the_first)
    fill_in(page, user="damaged")
    make_keys(page)
    expect(page.locator('[data-details-form] [data-error="unread"]')).to_be_visible()
    assert page.input_value("#password") == PASSWORD
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_visible()
    assert bodies[0] == bodies[-1]
    assert fresh.enrolled("damaged") == 1


def test_nothing_leaves_while_the_details_are_typed(fresh: Fresh) -> None:
    page = fresh.page
    page.goto(fresh.link)
    expect(page.locator("[data-step=details]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for name in ("user", "name", "password", "password-again"):
        page.locator(f"#{name}").press_sequentially("something that is typed", delay=5)
    page.wait_for_timeout(300)
    assert requests == []


def test_the_last_steps_are_good_for_everybody(fresh: Fresh) -> None:
    page, look = fresh.page, Looker(fresh.page, "desk")
    held: list[Route] = []
    page.route("**/desk/enrol/finish", lambda route: held.append(route))
    page.goto(fresh.link)
    page.click("[data-offer-passphrase]")
    look.at("enrol-six-words")
    fill_in(page, user="looked-at")
    with page.expect_request("**/desk/enrol/finish"):
        make_keys(page)
    look.at("enrol-making")
    held[0].continue_()
    expect(page.locator("[data-step=done]")).to_be_visible()
    look.at("enrol-done")


def test_six_words_are_offered_and_have_to_be_typed_once(fresh: Fresh) -> None:
    page = fresh.page
    page.goto(fresh.link)
    fill_in(page, user="words", password="", again="")
    page.click("[data-offer-passphrase]")
    words = page.locator("[data-slot=passphrase]").inner_text()
    assert len(words.split()) == 6
    assert page.input_value("#password") == words
    make_keys(page)
    expect(page.locator('[data-error="password_differs"]')).to_be_visible()
    page.fill("#password-again", words)
    page.click("[data-show-password]")
    assert page.locator("#password").get_attribute("type") == "text"
    make_keys(page)
    expect(page.locator("[data-step=done]")).to_be_visible()
    assert words not in page.content()
