"""The `quietline` command. Each subject is a module, imported when its command is called, so that offline tools load no server."""

from __future__ import annotations

from app.cli.group import Commands

cli = Commands(
    name="quietline",
    help="An anonymous reporting line.\n\nServer commands read their settings from QUIETLINE_* environment variables; "
    "recovery, recover, desk, seal and open need no server and no network.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    modules={
        "recovery": "app.cli.recovery:recovery",
        "init": "app.cli.setup:init",
        "configure": "app.cli.setup:configure",
        "serve": "app.cli.serve:serve",
        "demo": "app.cli.serve:demo",
        "invite": "app.cli.setup:invite",
        "fingerprint": "app.cli.report:fingerprint",
        "status": "app.cli.report:status",
        "export": "app.cli.report:export",
        "backup": "app.cli.backup:backup",
        "restore": "app.cli.backup:restore",
        "tombstones": "app.cli.tombstones:tombstones",
        "check": "app.cli.check:check",
        "seal": "app.cli.age:seal",
        "open": "app.cli.age:open_file",
        "recover": "app.cli.recover:recover",
        "keyring": "app.cli.keyring:keyring",
        "desk": "app.cli.desk:desk",
    },
)


def main() -> None:
    """Entry point."""
    cli(prog_name="quietline")
