"""The desk for journeys: a served demo, its officer, and cases that reporters of the test's own have sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from app.domain import ChannelId, OrganisationId
from app.services import demo, intake, organisations, receipts
from app.services.context import Context
from app.services.drafts import PlainReport
from app.services.receipts import Receipt
from app.storage import migrate
from app.storage.engine import open_database
from tests.portal import Portal, clean_environment
from tests.support import SECRET_KEY, make_settings

TESTING = {"QUIETLINE_MODE": "testing", "QUIETLINE_KDF_PROFILE": "testing", "QUIETLINE_SECRET_KEY": SECRET_KEY, "QUIETLINE_WORKERS": "1"}


@dataclass(frozen=True)
class Desk:
    """A running portal, the services on the same data folder, and what its officer logs in with."""

    portal: Portal
    ctx: Context = field(repr=False)
    organisation: OrganisationId
    user: str
    passphrase: str = field(repr=False)

    @property
    def url(self) -> str:
        return self.portal.url

    def channel(self, number: int = 0) -> ChannelId:
        return organisations.portal(self.ctx, self.organisation).channels[number].id

    def report(self, body: str, subject: str = "", channel: int = 0) -> Receipt:
        """Somebody reports, without JavaScript; every required question gets an answer."""
        receipt = receipts.new()
        questions = organisations.portal(self.ctx, self.organisation).channels[channel].questions
        answers = {each.id: each.options[0] if each.options else "2026-11-01" for each in questions if each.required}
        intake.accept_plain(self.ctx, self.organisation, self.channel(channel), receipt, PlainReport(subject, body, answers))
        return receipt

    def change(self, statement: str, **values: object) -> None:
        """What somebody who owns the machine does to the database."""
        with self.ctx.database.write() as session:
            session.execute(text(statement), values)

    def value(self, statement: str, **values: object) -> object:
        with self.ctx.database.read() as session:
            return session.execute(text(statement), values).scalar()


def make_services(data: Path) -> Context:
    """The services on a fresh, migrated database in `data`, with the system's clock."""
    settings = make_settings(data)
    database = open_database(settings.database_url, create_folder=True)
    migrate.upgrade(database)
    return Context(database=database, settings=settings)


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    ctx = make_services(folder / "data")
    try:
        access = demo.prepare(ctx)
        organisation = organisations.resolve(ctx, "127.0.0.1")
        with served(folder) as portal:
            yield Desk(portal, ctx, organisation, access.user, access.passphrase)
    finally:
        ctx.database.dispose()


@contextmanager
def served(folder: Path) -> Iterator[Portal]:
    """`quietline serve` on the data folder below `folder`."""
    with Portal(clean_environment(QUIETLINE_DATA=str(folder / "data"), **TESTING), folder / "serve.log") as portal:
        yield portal


@contextmanager
def open_page(chromium: Browser, url: str) -> Iterator[Page]:
    """A page in a browser context of its own, which must not have thrown anything by the end."""
    context = chromium.new_context(base_url=url, reduced_motion="reduce")
    try:
        yield watched(context)
    finally:
        close(context)


def close(context: BrowserContext) -> None:
    """Close a browser context. A request that a route still holds would keep the browser waiting for ever, so routes go first."""
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")
        page.close(run_before_unload=False)
    context.close()


def watched(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", _fail)
    return page


def _fail(error: object) -> None:
    raise AssertionError(f"the page's script threw: {error}")


def log_in(page: Page, desk: Desk, path: str = "/desk/") -> None:
    """Log in and go to a page of the desk, with the keys open."""
    page.goto(path)
    page.fill("#user", desk.user)
    page.fill("#password", desk.passphrase)
    page.click("[data-submit]")
    expect(page.locator('[data-lock-is="open"]')).to_be_visible()


def unlock(page: Page, desk: Desk) -> None:
    """Answer the section that asks for the password in place."""
    page.fill("#unlock-password", desk.passphrase)
    page.click("#unlock [data-submit]")
    expect(page.locator("#unlock")).to_be_hidden()
