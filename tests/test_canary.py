"""The search itself: it finds what is there, in every form, and nothing else."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from tests.canary import found_below, found_in, word_pairs

NEEDLE = "the harbour ledger was altered"


@pytest.mark.parametrize(
    "written",
    [
        NEEDLE.encode(),
        NEEDLE.encode("utf-16-le"),
        NEEDLE.encode().hex().encode(),
        NEEDLE.replace(" ", "%20").encode(),
        NEEDLE.replace(" ", "+").encode(),
        gzip.compress(b"before " + NEEDLE.encode(), mtime=0),
        *(base64.b64encode(b"x" * shift + NEEDLE.encode() + b"after") for shift in range(3)),
    ],
)
def test_it_finds_each_form_anywhere(written: bytes) -> None:
    assert found_in(b"noise" + written + b"noise", [NEEDLE]) == {NEEDLE}


def test_it_finds_nothing_where_nothing_is() -> None:
    assert found_in(b"noise" * 1000, [NEEDLE]) == set()


def test_it_looks_at_file_names_too(tmp_path: Path) -> None:
    (tmp_path / "zephyr-note.txt").write_text("")
    assert found_below(tmp_path, ["zephyr-note"])


def test_pairs_are_neighbours_only() -> None:
    assert "abandon ability" in word_pairs(["abandon", "ability", "able"])
    assert "abandon able" not in word_pairs(["abandon", "ability", "able"])
