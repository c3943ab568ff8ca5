from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.recovery import recovery
from app.crypto import fingerprint
from app.crypto import recovery as keys
from tests.cli.runner import ROOT, environment

SEED = bytes(range(32))
WORDS = keys.words(SEED)


@pytest.fixture(autouse=True)
def known_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "new_seed", lambda: SEED)
    monkeypatch.setattr("secrets.SystemRandom.sample", lambda self, population, k: [20, 3, 11, 7])


def new(typed: str) -> tuple[int, str]:
    done = CliRunner().invoke(recovery, ["new"], input=typed)
    return done.exit_code, done.output


def right() -> list[str]:
    return [WORDS[number] for number in (3, 7, 11, 20)]


def test_the_words_are_shown_with_their_numbers() -> None:
    _, output = new("")
    assert dict(re.findall(r"(\d+)\. ([a-z]+)", output)) == {str(number): word for number, word in enumerate(WORDS, 1)}


def test_the_recipient_comes_only_after_the_words_were_checked_back() -> None:
    code, output = new("\n".join(right()))
    recipient = str(keys.read(" ".join(WORDS)).recipient)
    assert code == 0
    assert output.index("Word 21") < output.index(recipient) < output.index(fingerprint.recovery(recipient))


def test_a_wrong_word_is_asked_for_again() -> None:
    code, output = new("\n".join(["wrong", *right()]))
    assert code == 0
    assert output.count("Word 4:") == 2


def test_without_the_words_there_is_no_recipient() -> None:
    code, output = new("wrong\n" * 12)
    assert code == 1
    assert "age1pq1" not in output


def test_stopping_halfway_gives_no_recipient() -> None:
    code, output = new("\n".join(right()[:2]))
    assert code == 1
    assert "age1pq1" not in output


def test_the_first_four_letters_are_enough_and_case_does_not_matter() -> None:
    code, _ = new("\n".join(word[:4].upper() for word in right()))
    assert code == 0


def test_the_real_command_makes_other_words_each_time(tmp_path: Path) -> None:
    def words() -> str:
        command = [sys.executable, "-m", "app.cli", "recovery", "new"]
        env = environment(tmp_path)
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, cwd=tmp_path, env=env, text=True, timeout=60)
        assert done.returncode == 1
        numbered = re.findall(r"(\d+)\. ([a-z]+)", done.stdout)
        return " ".join(word for _, word in sorted(numbered, key=lambda each: int(each[0])))

    first, second = words(), words()
    assert keys.read(first).seed != keys.read(second).seed
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_it_needs_the_network_or_the_database() -> None:
    code = "import sys, app.cli.recovery; print([name for name in ('sqlalchemy', 'flask', 'gunicorn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout == "[]\n"
