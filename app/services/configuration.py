"""What an administrator says about an organisation: read from TOML, kept in versions, put in force."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto.encoding import new_id
from app.domain import ChannelId, OrganisationId
from app.errors import CommandError
from app.services.configuration_example import EXAMPLE_TOML
from app.services.configuration_toml import parse_toml
from app.services.configuration_value import ChannelText, Configuration, from_json, starter, to_json
from app.services.context import Context
from app.storage import channels as channel_rows
from app.storage import organisations as rows

__all__ = [
    "EXAMPLE_TOML",
    "ChannelText",
    "Configuration",
    "configure",
    "current",
    "from_json",
    "parse_toml",
    "put_in_force",
    "starter",
    "to_json",
]


def configure(ctx: Context, organisation: OrganisationId, configuration: Configuration) -> int:
    """Put a configuration in force and give its version; the same content again makes no new one."""
    try:
        with ctx.database.write() as session:
            version = put_in_force(session, ctx, organisation, configuration)
    except IntegrityError:
        raise CommandError("hosts names a host that another organisation on this installation has: remove it from one of them.") from None
    ctx.portals.forget_hosts()
    return version


def current(ctx: Context, organisation: OrganisationId) -> Configuration | None:
    """The configuration in force."""
    with ctx.database.read() as session:
        row = rows.latest_configuration(session, organisation)
    return None if row is None else from_json(row.document)


def put_in_force(session: Session, ctx: Context, organisation: OrganisationId, configuration: Configuration) -> int:
    """The same inside a transaction that is open already."""
    rows.lock(session, organisation)
    latest = rows.latest_configuration(session, organisation)
    document = to_json(configuration)
    if latest is not None and latest.document == document:
        return latest.version
    version = latest.version + 1 if latest else 1
    rows.add_configuration(session, organisation, version, ctx.today(), document)
    rows.rename(session, organisation, configuration.name)
    rows.set_hosts(session, organisation, configuration.all_hosts)
    _match_channels(session, organisation, configuration.channels)
    rows.touch(session, organisation)
    return version


def _match_channels(session: Session, organisation: OrganisationId, wanted: Sequence[ChannelText]) -> None:
    """Channels are matched by slug: new ones are added, missing ones retired (their cases stay), listed ones come back."""
    present = {row.slug: row for row in channel_rows.all_of(session, organisation)}
    for text in wanted:
        row = present.pop(text.slug, None)
        if row is None:
            channel_rows.add(session, organisation, ChannelId(new_id()), text.slug, text.name)
        else:
            channel_rows.describe(session, organisation, row.id, name=text.name, retired=False)
    for row in present.values():
        channel_rows.describe(session, organisation, row.id, name=row.name, retired=True)
