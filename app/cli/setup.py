"""quietline init, configure and invite: an organisation's first steps."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.cli.common import choose_organisation, organisation_option, working_context
from app.cli.secretfiles import secret_key_file
from app.domain import OfficerRole
from app.errors import CommandError
from app.services import configuration, setup
from app.services.context import Context
from app.storage import organisations

RECIPIENT_START = "age1"


@click.command(short_help="Make an organisation and invite its first officer.")
@click.option(
    "--recovery",
    multiple=True,
    required=True,
    metavar="RECIPIENT",
    help="From quietline recovery new, or a file that holds it. Repeatable.",
)
@click.option("--name", default="Our organisation", show_default=True, help="The organisation's name; configure changes it.")
@click.option("--url", metavar="URL", help="Address of the portal for the invitation, such as https://report.example.org.")
@click.option("--another", is_flag=True, help="Add an organisation to an installation that has one.")
def init(recovery: tuple[str, ...], name: str, url: str | None, another: bool) -> None:
    """Make the database, an organisation and its first channel, and invite the first officer.

    The server is given recovery recipients only; their words stay on paper.
    """
    recipients = [_recipient(each) for each in recovery]
    with working_context(create=True) as ctx:
        _refuse_second(ctx, another)
        made = setup.initialise(ctx, recipients, name)
        key = secret_key_file(ctx.settings.data)
        click.echo(f"Organisation {made.organisation} is ready, with one channel that its first officer opens.\n")
        click.echo(f"Invitation for the first officer, good once and for {setup.INVITATION_DAYS} days:\n")
        click.echo(f"{_link(ctx, url, made.invitation_token)}\n")
        click.echo(f"Before quietline serve, set QUIETLINE_SECRET_KEY_FILE={key}")


@click.command(short_help="Put the texts and questions of a file in force.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--check", is_flag=True, help="Only say whether the file can be used.")
@click.option("--example", is_flag=True, help="Print a complete example to begin from.")
@organisation_option
def configure(file: Path | None, check: bool, example: bool, organisation: str | None) -> None:
    """Put the name, channels, questions and texts of FILE.toml in force."""
    if example:
        click.echo(configuration.EXAMPLE_TOML, nl=False)
        return
    if file is None:
        raise click.UsageError("Name a FILE.toml, or ask for an --example.")
    wanted = configuration.parse_toml(_read_text(file))
    if check:
        click.echo(f"{file} can be used: {len(wanted.channels)} channels.")
        return
    with working_context() as ctx:
        version = configuration.configure(ctx, choose_organisation(ctx, organisation), wanted)
    click.echo(f"Configuration version {version} is in force.")


@click.command(short_help="Make a one-time invitation for an officer.")
@click.option("--channel", "channels", multiple=True, metavar="SLUG", help="Only for this channel. Repeatable; all channels otherwise.")
@click.option("--administrator", is_flag=True, help="For an administrator: in no channel unless --channel names one.")
@click.option("--url", metavar="URL", help="Address of the portal, such as https://report.example.org.")
@organisation_option
def invite(channels: tuple[str, ...], administrator: bool, url: str | None, organisation: str | None) -> None:
    """Make a one-time invitation for an officer. Hand it over in person or by a channel you trust."""
    role = OfficerRole.ADMINISTRATOR if administrator else OfficerRole.OFFICER
    with working_context() as ctx:
        token = setup.invite(ctx, choose_organisation(ctx, organisation), channels if channels or administrator else None, role)
        click.echo(_link(ctx, url, token))


def _recipient(given: str) -> str:
    if given.startswith(RECIPIENT_START) or not Path(given).is_file():
        return given
    lines = _read_text(Path(given)).splitlines()
    return next((line.strip() for line in lines if line.startswith(RECIPIENT_START)), "")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a text file in UTF-8: save it as UTF-8.") from None


def _refuse_second(ctx: Context, another: bool) -> None:
    with ctx.database.read() as session:
        if organisations.all_of_them(session) and not another:
            raise CommandError("There is an organisation already: --another adds one more.")


def _link(ctx: Context, url: str | None, token: str) -> str:
    host, port = ctx.settings.bind
    base = url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if not base.startswith(("https://", "http://")):
        raise CommandError("--url must begin with https:// (or http:// for an onion address).")
    if sys.stderr.isatty() and url is None:
        click.echo("This address is for this machine; --url says another.", err=True)
    return f"{base.rstrip('/')}/desk/enrol#{token}"
