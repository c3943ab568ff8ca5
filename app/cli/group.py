"""The group of commands: imports each when it is called, and turns every error into one sentence on stderr."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path
from typing import Any, Final

import click

from app.cli.sentences import sentence
from app.errors import QuietlineError

APP: Final = Path(__file__).resolve().parents[1]


class Refused(click.ClickException):
    """Ends a command with a sentence on stderr and a non-zero exit."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"quietline: {self.format_message()}", file=file, err=file is None)


class Commands(click.Group):
    """A group whose commands are named as module:object."""

    def __init__(self, *, modules: dict[str, str], **options: Any) -> None:
        super().__init__(**options)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which they are needed."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.modules:
            return None
        module, name = self.modules[cmd_name].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """The one handler. What click itself raises, and a reader that went away (EPIPE), are click's to end."""
        try:
            return super().invoke(ctx)
        except QuietlineError as error:
            raise Refused(sentence(error)) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError, KeyboardInterrupt):
            raise
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            raise Refused(f"{name}{error.strerror or 'cannot be read or written'}.") from None
        except Exception as error:
            raise Refused(f"Something is wrong inside the program ({kind_and_place(error)}).") from None


def kind_and_place(error: BaseException) -> str:
    """An error for a log: its type and where in our code it came from, never its text."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(APP)]
    if not ours:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(ours[-1].filename).relative_to(APP.parent)}:{ours[-1].lineno}"
