"""People, places and a clock for the tests. Fixtures that use them stand in conftest.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from app.crypto import identity_file, kdf, keyring
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.identity_file import OfficerIdentity
from app.crypto.keyring import Keyring, Member
from app.crypto.signing import SigningKey
from app.domain import ChannelId, OfficerId, OrganisationId
from app.services import configuration, organisations
from app.services.context import Context
from app.services.organisations import Channel
from app.services.setup import initialise
from app.settings import Settings, from_env
from app.storage import channels, migrate, officers
from app.storage.engine import open_database
from app.storage.models import Base, Officer
from tests.databases import Kind, databases

SECRET_KEY = "only-for-tests-0123456789abcdefghijkl"
PASSWORD = "correct horse battery staple"

TWO_CHANNELS = """
name = "Northwind Works"

[[channels]]
slug = "ethics"
name = "Ethics team"
readers = "The officers of the ethics team."

[[channels.questions]]
id = "category"
kind = "one"
label = "What is it about?"
required = true
options = ["Safety", "Fraud"]

[[channels.questions]]
id = "place"
kind = "text"
label = "Where?"

[[channels.questions]]
id = "since"
kind = "date"
label = "Since when?"

[[channels.questions]]
id = "known"
kind = "several"
label = "Who knows?"
options = ["Nobody", "Colleagues", "A manager"]

[[channels]]
slug = "audit"
name = "Audit committee"
"""


class Clock:
    """A clock that stands still until it is moved. Begins at noon of 21 November 2026, UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, *, days: int = 0, seconds: float = 0) -> None:
        self.now += timedelta(days=days, seconds=seconds)

    @property
    def today(self) -> date:
        return self.now.date()


@dataclass(frozen=True)
class Person:
    """An officer with everything that in life only their own browser has."""

    id: OfficerId
    user: str
    name: str
    keys: OfficerIdentity = field(repr=False)
    secrets: kdf.OfficerSecrets = field(repr=False)

    @property
    def member(self) -> Member:
        return Member(self.id, self.name, str(self.keys.identity.recipient), self.keys.signing.verify)


@dataclass(frozen=True)
class Place:
    """An organisation with two channels: `ethics` is open, with Olivia as its officer; `audit` is not, and its officer Nathan has no access
    to ethics."""

    ctx: Context = field(repr=False)
    id: OrganisationId
    ethics_id: ChannelId
    audit_id: ChannelId
    olivia: Person
    nathan: Person
    keyring: Keyring = field(repr=False)
    recovery: HybridIdentity = field(repr=False)

    @property
    def ethics(self) -> Channel:
        return _channel(self, self.ethics_id)

    @property
    def audit(self) -> Channel:
        return _channel(self, self.audit_id)


def _channel(place: Place, channel: ChannelId) -> Channel:
    found = organisations.portal(place.ctx, place.id).by_id(channel)
    assert found is not None
    return found


def make_settings(folder: Path, **changes: str) -> Settings:
    """Settings of a test: cheap passwords, loopback, data in `folder`. `changes`: names without QUIETLINE_."""
    ours = {"DATA": str(folder), "MODE": "testing", "KDF_PROFILE": "testing", "SECRET_KEY": SECRET_KEY}
    env = {**ours, **databases.settings(folder), **changes}
    return from_env({f"QUIETLINE_{name}": value for name, value in env.items()})


def make_context(folder: Path, clock: Clock, **changes: str) -> Context:
    """A context on a fresh, migrated database in `folder`."""
    settings = make_settings(folder, **changes)
    database = open_database(settings.database_url, create_folder=True)
    migrate.upgrade(database)
    return Context(database=database, settings=settings, clock=clock)


def make_person(organisation: OrganisationId, user: str, name: str, password: str = PASSWORD) -> Person:
    """New keys under a password, in no database yet."""
    secrets = kdf.derive(password, organisation, user, kdf.PROFILES["testing"])
    officer = OfficerId(new_id())
    keys = OfficerIdentity(organisation, officer, user, HybridIdentity.generate(), SigningKey.generate())
    return Person(officer, user, name, keys, secrets)


def enrol(ctx: Context, person: Person, *channel_ids: ChannelId) -> None:
    """Put a person into the database, with a place in these channels."""
    row = Officer(
        organisation_id=person.keys.organisation,
        id=person.id,
        user_name=person.user,
        name=person.name,
        role="officer",
        login_hash=kdf.login_hash(person.secrets.login),
        recipient=str(person.keys.identity.recipient),
        verify=person.keys.signing.verify,
        identity=identity_file.seal(person.keys, person.secrets.unlock.recipient),
        created_on=ctx.today(),
    )
    with ctx.database.write() as session:
        officers.add(session, row)
        officers.join(session, person.keys.organisation, person.id, channel_ids)


def open_channel(ctx: Context, ring: Keyring) -> None:
    """Publish a keyring's keys and store it, as the first officer's browser does."""
    with ctx.database.write() as session:
        channels.add_keyring(session, ring.organisation, ring.channel, ring.version, keyring.seal(ring), ring.made_on)
        place = (session, ring.organisation, ring.channel)
        channels.set_keys(*place, recipient=ring.recipient, verify=ring.verify, epoch=ring.current.epoch, day=ring.made_on)


def make_place(ctx: Context, toml: str = TWO_CHANNELS) -> Place:
    """See Place."""
    recovery = HybridIdentity.generate()
    organisation = initialise(ctx, [str(recovery.recipient)], "Northwind Works").organisation
    configuration.configure(ctx, organisation, configuration.parse_toml(toml))
    portal = organisations.portal(ctx, organisation)
    ethics, audit = (portal.channels[number].id for number in (0, 1))
    olivia = make_person(organisation, "olivia", "Olivia Officer")
    nathan = make_person(organisation, "nathan", "Nathan Noaccess")
    enrol(ctx, olivia, ethics)
    enrol(ctx, nathan, audit)
    ring = keyring.new_keyring(organisation, ethics, ctx.today(), [olivia.member], [str(recovery.recipient)])
    open_channel(ctx, ring)
    return Place(ctx, organisation, ethics, audit, olivia, nathan, ring, recovery)


@dataclass(frozen=True)
class _Made:
    """A place that was made once, as the rows it left and the keys it drew."""

    place: Place
    rows: dict[str, tuple[list[str], list[tuple[object, ...]]]]


_made: dict[tuple[Kind, date], _Made] = {}


def copy_of_place(ctx: Context) -> Place:
    """The same place, in an empty database, for every test of this process that does not need keys of its own: that is quicker."""
    key = (databases.kind, ctx.today())
    made = _made.get(key)
    if made is None:
        place = make_place(ctx)
        _made[key] = _Made(place, _rows(ctx))
        return place
    with ctx.database.write() as session:
        connection = session.connection()
        mark = "?" if databases.kind == "sqlite" else "%s"
        for table, (columns, rows) in made.rows.items():
            marks = ", ".join([mark] * len(columns))
            connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
    return replace(made.place, ctx=ctx)


def _rows(ctx: Context) -> dict[str, tuple[list[str], list[tuple[object, ...]]]]:
    found = {}
    with ctx.database.read() as session:
        for table in Base.metadata.sorted_tables:
            result = session.connection().exec_driver_sql(f"SELECT * FROM {table.name}")
            columns = list(result.keys())
            if rows := [tuple(row) for row in result]:
                found[table.name] = (columns, rows)
    return found
