"""The committed vectors are what their generator writes."""

from __future__ import annotations

import pytest

from tests.vectors import generate


@pytest.mark.parametrize("name", sorted(generate.FIXED))
def test_a_committed_file_is_what_the_generator_writes(name: str) -> None:
    committed = (generate.FOLDER / name).read_text(encoding="ascii")
    assert committed == generate.render(generate.FIXED[name]()), f"run `python -m tests.vectors.generate`; {name} differs"


def test_every_file_in_the_folder_has_a_maker() -> None:
    assert {path.name for path in generate.FOLDER.glob("*.json")} == {*generate.FIXED, *generate.RANDOM}
