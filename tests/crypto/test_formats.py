"""Encodings, strict JSON, size classes, text and fingerprints against their vectors, and what the vectors cannot show."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import bech32, encoding, fingerprint, jsontext, message, padding
from app.crypto.encoding import b64u_decode, b64u_encode, id_decode, id_encode, is_id
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.errors import FormatError, RecipientError, SizeError

from .vectors import Case, about, cases, load

ENCODINGS = load("encodings.json")


@pytest.mark.parametrize("case", ENCODINGS["b64u"], ids=lambda case: case["text"])
def test_b64u_reads_and_writes(case: Case) -> None:
    assert b64u_encode(bytes(case["bytes"])) == case["text"]
    assert b64u_decode(case["text"], len(case["bytes"])) == bytes(case["bytes"])
    with pytest.raises(FormatError):
        b64u_decode(case["text"], len(case["bytes"]) + 1)


@pytest.mark.parametrize("text", ENCODINGS["b64u_refused"], ids=repr)
def test_b64u_refuses_what_is_not_canonical(text: str) -> None:
    with pytest.raises(FormatError):
        b64u_decode(text)


@given(st.binary(max_size=100))
def test_b64u_and_ids_come_back(data: bytes) -> None:
    assert b64u_decode(b64u_encode(data)) == data
    padded = data[:16].ljust(16, b"\0")
    assert is_id(id_encode(padded))
    assert id_decode(id_encode(padded)) == padded


@pytest.mark.parametrize("text", ENCODINGS["ids"])
def test_an_id_has_one_written_form(text: str) -> None:
    assert is_id(text)
    assert id_encode(id_decode(text)) == text


@pytest.mark.parametrize("text", ENCODINGS["ids_refused"], ids=repr)
def test_what_is_no_id_is_refused(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(FormatError):
        id_decode(text)


def test_only_16_bytes_are_an_id() -> None:
    for length in (0, 15, 17, 32):
        with pytest.raises(FormatError):
            id_encode(bytes(length))


def test_new_ids_are_ids_and_differ() -> None:
    made = {encoding.new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(map(is_id, made))


# BIP 173, "Test vectors".
@pytest.mark.parametrize("text", ["A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "?1ezyfcl"])
def test_bech32_reads_the_published_strings(text: str) -> None:
    hrp, data = bech32.decode(text)
    assert hrp == text.lower().rpartition("1")[0]
    assert bech32.encode(hrp, data) == text.lower()


BECH32_BAD = [
    "",
    "1",
    "a",
    " 1nwldj5",
    "\x7f1axkwrx",
    "\x801eym55h",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "A1G7SGD8",
    "10a06t8",
]


@pytest.mark.parametrize("text", [*BECH32_BAD, "1qzzfhee", "A12uEL5L", "a12uel5m", "a1\u00b2uel5l", "a1_2uel5l"], ids=repr)
def test_bech32_refuses_the_published_bad_strings(text: str) -> None:
    with pytest.raises(FormatError):
        bech32.decode(text)


@given(st.binary(max_size=200))
def test_bech32_comes_back(data: bytes) -> None:
    assert bech32.decode(bech32.encode("age1pq", data)) == ("age1pq", data)


def _bech32_of_zeros(symbols: int) -> str:
    check = bech32._spread(bech32._checksum("x", 0, symbols + 6) ^ 1, 6)
    return "x1" + "q" * symbols + check.translate(bech32._FROM_VALUES).decode()


def test_bech32_refuses_a_symbol_that_carries_no_data() -> None:
    assert bech32.decode(_bech32_of_zeros(2)) == ("x", b"\0")
    for symbols in (1, 3, 6):
        with pytest.raises(FormatError):
            bech32.decode(_bech32_of_zeros(symbols))


def test_bech32_refuses_what_is_far_longer_than_a_recipient() -> None:
    longest = bech32.encode("age1pq", bytes(1270))
    assert bech32.decode(longest) == ("age1pq", bytes(1270))
    with pytest.raises(FormatError):
        bech32.encode("age1pq", bytes(1280))
    for length in (2000, 2048, 10**6):
        with pytest.raises(FormatError):
            bech32.decode(longest + "q" * length)


@given(st.binary(min_size=1, max_size=80), st.data())
def test_bech32_notices_a_changed_letter(data: bytes, draw: st.DataObject) -> None:
    text = bech32.encode("x", data)
    at = draw.draw(st.integers(2, len(text) - 1))
    other = draw.draw(st.sampled_from([c for c in "qpzry9x8gf2tvdw0s3jn54khce6mua7l" if c != text[at]]))
    with pytest.raises(FormatError):
        bech32.decode(text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize("case", ENCODINGS["identities"])
def test_an_identity_is_written_and_read(case: Case) -> None:
    identity = HybridIdentity.from_seed(b64u_decode(case["seed"]))
    assert str(identity) == case["identity"]
    assert str(identity.recipient) == case["recipient"]
    assert HybridIdentity.parse(case["identity"]) == identity
    assert HybridRecipient.parse(case["recipient"]) == identity.recipient


@pytest.mark.parametrize("case", ENCODINGS["recipients_refused"], ids=about)
def test_it_refuses_recipients_that_are_none(case: Case) -> None:
    with pytest.raises(RecipientError):
        HybridRecipient.parse(case["text"])


@pytest.mark.parametrize("case", ENCODINGS["identities_refused"], ids=about)
def test_it_refuses_identities_that_are_none(case: Case) -> None:
    with pytest.raises(RecipientError):
        HybridIdentity.parse(case["text"])


@pytest.mark.parametrize("case", cases("json.json", "texts"), ids=about)
def test_json_is_read_strictly(case: Case) -> None:
    if case["ok"]:
        jsontext.load(case["text"])
    else:
        with pytest.raises(FormatError):
            jsontext.load(case["text"])


@pytest.mark.parametrize("case", cases("json.json", "documents"), ids=about)
def test_documents_are_read_strictly(case: Case) -> None:
    document = b64u_decode(case["bytes"]) + b" " * case["spaces"]
    if case["ok"]:
        jsontext.load_document(document)
    else:
        with pytest.raises(FormatError):
            jsontext.load_document(document)


def test_the_last_of_two_equal_keys_counts() -> None:
    assert jsontext.load('{"a":1,"a":2}').integer("a") == 2


def test_a_boolean_is_no_number() -> None:
    with pytest.raises(FormatError):
        jsontext.load('{"a":true}').integer("a")


def test_numbers_are_read_by_value() -> None:
    fields = jsontext.load('{"a":1.0,"b":1e3,"c":-0,"d":9007199254740991}')
    assert [fields.integer(key) for key in "abcd"] == [1, 1000, 0, 2**53 - 1]


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text() | st.lists(st.text()), max_size=5))
def test_what_is_written_is_compact_and_read_back(value: dict[str, jsontext.Json]) -> None:
    text = jsontext.dump(value)
    jsontext.load(text)
    assert json.loads(text) == value
    assert len(text) <= len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


@given(st.text(alphabet='{}[]",:\\u0d89 abtrue1.-', max_size=60))
def test_odd_json_is_an_object_or_a_format_error(text: str) -> None:
    try:
        jsontext.load(text)
    except FormatError:
        return
    assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("case", cases("padding.json", "message"), ids=lambda case: str(case["length"]))
def test_message_classes(case: Case) -> None:
    if case["class"] is None:
        with pytest.raises(SizeError):
            padding.message_class(case["length"])
    else:
        assert padding.message_class(case["length"]) == case["class"]


@pytest.mark.parametrize("case", cases("padding.json", "attachment"), ids=lambda case: str(case["length"]))
def test_attachment_classes(case: Case) -> None:
    assert padding.attachment_class(case["length"]) == case["class"]


@pytest.mark.parametrize("case", cases("padding.json", "is_message_class"), ids=lambda case: str(case["length"]))
def test_lengths_that_are_classes(case: Case) -> None:
    assert padding.is_message_class(case["length"]) is case["is"]


@given(st.integers(4097, 1_000_000))
def test_padme_is_as_published_and_costs_at_most_an_eighth(length: int) -> None:
    # Nikitin et al. 2019, algorithm 1, in floating point this time.
    exponent = math.floor(math.log2(length))
    mask = (1 << (exponent - (math.floor(math.log2(exponent)) + 1))) - 1
    padded = (length + mask) & ~mask
    assert padding.message_class(length) == padded
    assert length <= padded < length * 1.125
    assert padding.is_message_class(padded)


def test_a_negative_length_has_no_class() -> None:
    for classes in (padding.message_class, padding.attachment_class):
        with pytest.raises(SizeError):
            classes(-1)
    assert not padding.is_message_class(-1)


def test_padding_is_spaces_and_the_largest_document_is_refused() -> None:
    assert padding.pad(b"{}") == b"{}" + b" " * 4094
    assert len(padding.pad(b"x" * 1048576)) == 1048576
    with pytest.raises(SizeError):
        padding.pad(b"x" * 1048577)


@pytest.mark.parametrize("case", cases("text.json", "text"), ids=about)
def test_text_is_cleaned(case: Case) -> None:
    assert message.clean_text(case["typed"]) == case["clean"]


@pytest.mark.parametrize("case", cases("text.json", "line"), ids=about)
def test_lines_are_cleaned(case: Case) -> None:
    assert message.clean_line(case["typed"]) == case["clean"]


@given(st.text())
def test_cleaning_twice_changes_nothing(typed: str) -> None:
    assert message.clean_text(message.clean_text(typed)) == message.clean_text(typed)
    assert message.clean_line(message.clean_line(typed)) == message.clean_line(typed)
    assert not set(message.clean_line(typed)) & set("\r\n\t\0")


FINGERPRINTS = load("fingerprints.json")


@pytest.mark.parametrize("of", ["channel", "officer"])
def test_fingerprints_of_two_keys(of: str) -> None:
    make = {"channel": fingerprint.channel, "officer": fingerprint.officer}[of]
    for case in FINGERPRINTS[of]:
        assert make(case["recipient"], case["verify"]) == case["fingerprint"]
        assert [len(group) for group in case["fingerprint"].split(" ")] == [4] * 8


def test_fingerprints_of_recovery_recipients() -> None:
    for case in FINGERPRINTS["recovery"]:
        assert fingerprint.recovery(case["recipient"]) == case["fingerprint"]


def test_the_same_keys_have_another_fingerprint_as_a_channel_than_as_an_officer() -> None:
    channels, officers = FINGERPRINTS["channel"], FINGERPRINTS["officer"]
    assert not {case["fingerprint"] for case in channels} & {case["fingerprint"] for case in officers}


@pytest.mark.parametrize("case", FINGERPRINTS["same"], ids=lambda case: repr(case["b"]))
def test_fingerprints_are_compared_as_people_type_them(case: Case) -> None:
    assert fingerprint.same(case["a"], case["b"]) is case["same"]
