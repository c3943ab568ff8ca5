from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app import errors
from app.cli import cli, group
from app.cli.sentences import SENTENCES, sentence
from app.errors import QuietlineError, StorageBusy, WordsError
from tests.cli.runner import ROOT, quietline, worked


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> tuple[int, str]:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(group.Commands, "get_command", lambda self, ctx, name: broken)
    done = CliRunner().invoke(cli, ["status"])
    return done.exit_code, done.output


def test_help_lists_every_command_with_a_whole_sentence(tmp_path: Path) -> None:
    output = worked(quietline(tmp_path, "--help"))
    commands = output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in commands] == list(cli.list_commands(click.Context(cli)))
    assert [line for line in commands if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("command", list(cli.list_commands(click.Context(cli))))
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(cli, [command, "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.output


def test_one_of_our_errors_is_a_sentence_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(monkeypatch, StorageBusy()) == (1, "quietline: The database is busy: nothing was changed; try again.\n")


def test_an_unexpected_error_shows_its_kind_and_no_content(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = failing(monkeypatch, KeyError("canary"))
    assert code == 1
    assert output.startswith("quietline: Something is wrong inside the program (KeyError")
    assert "canary" not in output


def test_a_file_error_names_the_file_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(monkeypatch, PermissionError(13, "Permission denied", "x.age")) == (1, "quietline: x.age: Permission denied.\n")


def test_every_error_that_a_command_can_meet_has_a_sentence() -> None:
    tree = ast.parse(Path(errors.__file__).read_text())
    kinds = [getattr(errors, node.name) for node in tree.body if isinstance(node, ast.ClassDef)]
    sealing = [kind for kind in kinds if issubclass(kind, errors.FormatError)]
    assert [kind.code for kind in sealing if kind.code not in SENTENCES] == []
    assert sentence(QuietlineError()) == "This was refused (internal)."


def test_words_are_never_repeated() -> None:
    text = sentence(WordsError("not_on_list", parts=((3, "canary"), (24, "canari"))))
    assert text == "Not on the list of words: number 3, number 24. Check the spelling."


def test_starting_the_server_loads_no_migrations_and_offline_tools_no_server() -> None:
    def loaded(module: str, *names: str) -> str:
        code = f"import sys, {module}; print([name for name in {names!r} if name in sys.modules])"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60).stdout

    assert loaded("app.cli.serve", "alembic", "mako") == "[]\n"
    assert loaded("app.cli.desk, app.cli.recover, app.cli.age", "sqlalchemy", "flask", "gunicorn") == "[]\n"
