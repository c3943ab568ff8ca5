"""Which organisation answers, and what its pages show."""

from __future__ import annotations

from app.crypto import fingerprint
from app.domain import ChannelId, OrganisationId
from app.errors import UnknownChannel, UnknownHost
from app.services import configuration
from app.services.context import Context
from app.services.portal import Channel, ChannelKeys, Hosts, OutsideHelp, Portal, Question
from app.settings import is_loopback
from app.storage import channels as channel_rows
from app.storage import organisations as rows
from app.storage.models import Channel as ChannelRow
from app.storage.models import Organisation

__all__ = ["Channel", "ChannelKeys", "OutsideHelp", "Portal", "Question", "channel_id", "portal", "remembered", "resolve"]


def resolve(ctx: Context, host: str) -> OrganisationId:
    """The organisation that answers under this host (without port). UnknownHost when there is none.

    Where no host is configured at all, a server on loopback answers loopback names with its only organisation.
    """
    hosts = ctx.portals.hosts() or _read_hosts(ctx)
    name = host.lower().rstrip(".")
    found = hosts.names.get(name)
    if found is None and not hosts.names and ctx.settings.loopback and is_loopback(name):
        found = hosts.default
    if found is None:
        raise UnknownHost()
    return found


def portal(ctx: Context, organisation: OrganisationId) -> Portal:
    """What the organisation's pages show now: one small query, and the rest only after a change. UnknownHost when it does not exist."""
    with ctx.database.look() as connection:
        revision = rows.revision(connection, organisation)
    remembered = None if revision is None else ctx.portals.portal(organisation, revision)
    return remembered or _read(ctx, organisation)


def channel_id(ctx: Context, organisation: OrganisationId, slug: str) -> ChannelId:
    """The channel that a slug has named since it was first listed, retired or not; whether it takes reports is for the store step to tell.

    A slug keeps its channel for good, so what a process remembers is as true as what it could read. UnknownChannel, UnknownHost.
    """
    remembered = ctx.portals.at_any_revision(organisation)
    found = remembered and remembered.by_slug(slug, retired=True)
    found = found or portal(ctx, organisation).by_slug(slug, retired=True)
    if found is None:
        raise UnknownChannel
    return found.id


def remembered(ctx: Context, organisation: OrganisationId) -> Portal | None:
    """What this process read last, which may be old: only for who has the store step compare its `revision`."""
    return ctx.portals.at_any_revision(organisation)


def _read(ctx: Context, organisation: OrganisationId) -> Portal:
    with ctx.database.read() as session:
        row = rows.get(session, organisation)
        document = rows.latest_configuration(session, organisation)
        listed = channel_rows.all_of(session, organisation)
    if row is None or document is None:
        raise UnknownHost()
    fresh = _build(row, configuration.from_json(document.document), {each.slug: each for each in listed})
    ctx.portals.keep_portal(fresh, row.revision)
    return fresh


def _read_hosts(ctx: Context) -> Hosts:
    with ctx.database.read() as session:
        names = rows.hosts(session)
        organisations = rows.all_of_them(session)
    hosts = Hosts(names, organisations[0].id if len(organisations) == 1 else None)
    ctx.portals.keep_hosts(hosts)
    return hosts


def _build(row: Organisation, document: configuration.Configuration, by_slug: dict[str, ChannelRow]) -> Portal:
    listed = tuple(_channel(by_slug.pop(each.slug), each) for each in document.channels)
    return Portal(
        organisation=row.id,
        name=document.name,
        demo=row.demo,
        language=document.language,
        intro=document.intro,
        emergency=document.emergency,
        outside_help=document.outside_help,
        neutral_url=document.neutral_url,
        onion=document.onion,
        channels=listed,
        retired=tuple(_channel(each, None) for each in by_slug.values()),
        revision=row.revision,
    )


def _channel(row: ChannelRow, document: configuration.ChannelText | None) -> Channel:
    return Channel(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=document.description if document else "",
        readers_text=document.readers if document else "",
        questions=document.questions if document else (),
        keys=_keys(row),
        retired=row.retired,
        retention_days=document.retention_days if document else None,
    )


def _keys(row: ChannelRow) -> ChannelKeys | None:
    if row.recipient is None or row.verify is None or row.epoch is None:
        return None
    return ChannelKeys(row.recipient, row.verify, fingerprint.channel(row.recipient, row.verify), row.epoch)
