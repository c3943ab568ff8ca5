"""quietline keyring: puts a keyring that was made offline in force."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.common import choose_organisation, organisation_option, working_context
from app.cli.sealedfiles import read_sealed
from app.services import keyrings


@click.group()
def keyring() -> None:
    """Keyrings made offline."""


@keyring.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--channel", required=True, metavar="SLUG", help="The channel it is for.")
@click.option("--version", required=True, type=click.IntRange(min=2), help="Its version, as quietline recover printed it.")
@organisation_option
def install(file: Path, channel: str, version: int, organisation: str | None) -> None:
    """Store FILE, written by quietline recover, as the channel's next keyring."""
    sealed = read_sealed(file)
    with working_context() as ctx:
        keyrings.install(ctx, choose_organisation(ctx, organisation), channel, version, sealed)
    click.echo(f"Keyring version {version} of {channel} is in force.")
