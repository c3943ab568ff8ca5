"""Messages: written, read, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import hybrid, message, padding
from app.crypto.encoding import b64u_decode
from app.crypto.hybrid import HybridIdentity
from app.crypto.message import EMPTY_SEEN, REPORTER, Answer, Author, ChannelKeys, ReaderEntry, Removal
from app.crypto.signing import SigningKey
from app.domain import Kind, MessageId, OfficerId
from app.errors import FormatError, SizeError
from tests.vectors.make.messages import OFFICER, report
from tests.vectors.make.messages import message as a_message
from tests.vectors.make.people import RECEIPT, TEAM, an_id, recipient, signing

from .vectors import Case, about, load

VECTORS = load("messages.json")


@pytest.mark.parametrize("case", VECTORS["documents"])
def test_a_document_is_read_and_written_again_to_the_same_bytes(case: Case) -> None:
    read = message.read(case["document"].encode())
    again = message.write(read.payload, SigningKey.from_seed(b64u_decode(case["seed"])))
    assert again == case["document"].encode().ljust(case["length"], b" ")
    assert padding.is_message_class(case["length"])
    assert message.read(again) == read


@pytest.mark.parametrize("case", VECTORS["payloads"], ids=about)
def test_a_payload_is_right_or_malformed(case: Case) -> None:
    if case["ok"]:
        message.payload_read(case["text"])
    else:
        with pytest.raises(FormatError):
            message.payload_read(case["text"])


@pytest.mark.parametrize("case", VECTORS["repeated"], ids=lambda case: f"{case['times']} of {case['character']}")
def test_a_body_is_measured_in_characters(case: Case) -> None:
    text = case["text"].replace("@@", case["character"] * case["times"])
    if case["ok"]:
        assert len(message.payload_read(text).body) == case["times"]
    else:
        with pytest.raises(FormatError):
            message.payload_read(text)


@pytest.mark.parametrize("case", VECTORS["documents_refused"], ids=about)
def test_it_refuses_documents_that_are_none(case: Case) -> None:
    with pytest.raises(FormatError):
        message.read(case["document"].encode())


def test_more_readers_than_recipients_are_refused() -> None:
    entry = ReaderEntry(OfficerId(an_id("ada")), recipient("ada"), signing("ada").verify)
    assert len(message.read(message.write(report(readers=(entry,) * 64), RECEIPT.signing)).payload.readers or "") == 64
    with pytest.raises(FormatError):
        message.write(report(readers=(entry,) * 65), RECEIPT.signing)


TEXT = st.text(max_size=50)
SOME = st.text(min_size=1, max_size=50)


@given(SOME, TEXT, st.lists(st.builds(Answer, st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True), SOME, SOME), max_size=5))
def test_whatever_is_written_is_read_back(subject: str, body: str, answers: list[Answer]) -> None:
    payload = report(subject=subject, body=body, answers=tuple(answers))
    document = message.write(payload, RECEIPT.signing)
    assert message.read(document).payload == payload
    assert padding.is_message_class(len(document))


def test_an_empty_subject_is_left_out() -> None:
    assert '\\"subject\\"' not in message.write(report(subject=""), RECEIPT.signing).decode()
    assert message.read(message.write(report(subject=""), RECEIPT.signing)).payload.subject is None


def test_lone_surrogates_are_replaced_when_written() -> None:
    read = message.read(message.write(report(body="a\ud800b", subject="\udfff"), RECEIPT.signing)).payload
    assert (read.subject, read.body) == ("\ufffd", "a\ufffdb")


def test_keys_stand_in_the_order_of_the_formats_page() -> None:
    signed = json.loads(json.loads(message.write(report(), RECEIPT.signing))["signed"])
    expected = "v id case kind author sealed_by written_on seen subject body answers attachments reply_to channel readers"
    assert list(signed) == expected.split()
    notice = a_message(2, kind=Kind.REMOVED, author=OFFICER, removed=Removal(MessageId(an_id("message 1")), bytes(32)))
    signed = json.loads(json.loads(message.write(notice, RECEIPT.signing))["signed"])
    assert list(signed) == [
        "v",
        "id",
        "case",
        "kind",
        "author",
        "sealed_by",
        "written_on",
        "seen",
        "body",
        "answers",
        "attachments",
        "removed",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": "x" * 100_001},
        {"subject": "x" * 121},
        {"reply_to": None},
        {"reply_to": "age1pq1"},
        {"channel": None},
        {"channel": ChannelKeys(recipient(TEAM), "x")},
        {"readers": None},
        {"readers": ()},
        {"author": Author("officer")},
        {"id": "x"},
        {"v": 2},
        {"kind": Kind.NOTE},
        {"kind": Kind.REMOVED},
        {"removed": Removal(MessageId(an_id("message 2")), bytes(32))},
    ],
    ids=str,
)
def test_it_does_not_write_what_a_reader_would_refuse(wrong: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        message.write(replace(report(), **wrong), RECEIPT.signing)  # type: ignore[arg-type]


def test_too_large_a_document_is_a_size_error() -> None:
    answers = (Answer("q", "\x00" * 300, "\x00" * 4000),) * 20
    with pytest.raises(SizeError):
        message.write(report(body="\x00" * 100_000, answers=answers), RECEIPT.signing)


def test_years_before_1000_are_written_with_four_digits() -> None:
    written = message.write(report(written_on=date(1, 2, 3)), RECEIPT.signing)
    assert message.read(written).payload.written_on == date(1, 2, 3)


def test_the_empty_digest_is_the_published_one() -> None:
    assert EMPTY_SEEN.digest == b64u_decode("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
    assert Author("reporter") == REPORTER


def test_reading_reports_keeps_no_reporters_recipient_in_memory() -> None:
    caches = [each for each in vars(hybrid).values() if hasattr(each, "cache_info")]
    for cache in caches:
        cache.cache_clear()
    for _ in range(3):
        document = message.write(report(reply_to=str(HybridIdentity.generate().recipient)), RECEIPT.signing)
        message.read(document)
    assert sum(cache.cache_info().currsize for cache in caches) == 1  # the team's
