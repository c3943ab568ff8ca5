"""Names and types of files, from people and from whoever wants to fool them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.filenames import clean_name, clean_type

from .vectors import Case, about, cases


@pytest.mark.parametrize("case", cases("filenames.json", "names"), ids=about)
def test_a_name_is_cleaned(case: Case) -> None:
    assert clean_name(case["given"]) == case["clean"]


@pytest.mark.parametrize("case", cases("filenames.json", "types"), ids=about)
def test_a_type_is_cleaned(case: Case) -> None:
    assert clean_type(case["given"]) == case["clean"]


ODD = st.text(alphabet="a./\\ \t\n\r\0\u202e\u2066\ud800\u00e9\U0001f333\u3000", max_size=130)


@given(st.text() | ODD)
def test_a_clean_name_is_one_short_line_without_a_path_and_stays_as_it_is(given: str) -> None:
    name = clean_name(given)
    assert 1 <= len(name) <= 100
    assert name not in (".", "..")
    assert not set(name) & set("/\\\r\n\t\0\x7f\x85\u202e\u2066\u200f")
    assert name == name.strip() == clean_name(name)
    name.encode("utf-8")


@given(st.text() | st.from_regex(r"[A-Za-z0-9]{1,8}/[A-Za-z0-9.+-]{1,8}", fullmatch=True))
def test_a_clean_type_is_ascii_and_stays_as_it_is(given: str) -> None:
    kind = clean_type(given)
    assert kind == "" or (kind.isascii() and kind.count("/") == 1 and kind == kind.lower())
    assert clean_type(kind) == kind


@pytest.mark.parametrize("given", ["." * 1_000_000, "a" * 1_000_000, "/" * 1_000_000, " " * 999_999 + "x", "\u202e" * 1_000_000])
def test_a_million_characters_take_no_time(given: str) -> None:
    started = time.process_time()
    assert len(clean_name(given)) <= 100
    assert clean_type(given) == ""
    assert time.process_time() - started < 0.5
