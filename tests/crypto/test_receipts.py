"""Receipts and recovery words."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from app.crypto import recovery, words
from app.crypto.alias import ADJECTIVES, NOUNS, alias
from app.crypto.encoding import b64u_decode
from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import CaseId
from app.errors import FormatError, WordsError

from .vectors import Case, about, cases, load

VECTORS = load("receipts.json")
ENTROPY = st.binary(min_size=16, max_size=16)


@pytest.mark.parametrize("case", VECTORS["receipts"], ids=lambda case: case["words"][0])
def test_everything_is_derived_from_the_entropy(case: Case) -> None:
    receipt = Receipt.from_entropy(b64u_decode(case["entropy"]))
    assert list(receipt.words) == case["words"]
    assert receipt.identity.seed == b64u_decode(case["identity_seed"])
    assert str(receipt.identity) == case["identity"]
    assert str(receipt.identity.recipient) == case["recipient"]
    assert receipt.mailbox_key == b64u_decode(case["mailbox_key"])
    assert mailbox_hash(receipt.mailbox_key) == b64u_decode(case["mailbox_hash"])
    assert mailbox_hash(receipt.mailbox_key) == hashlib.sha256(receipt.mailbox_key).digest()
    assert receipt.signing.seed == b64u_decode(case["signing_seed"])
    assert receipt.signing.verify == case["verify"]
    assert receipt.case_id == case["case_id"]
    assert alias(receipt.case_id) == case["alias"]


def test_a_known_derivation() -> None:
    """Computed with another HKDF (RFC 5869 by hand, from hmac), so that a slip in ours cannot hide in the vectors."""
    import hmac

    receipt = Receipt.from_entropy(bytes(16))
    prk = hmac.digest(b"quietline/receipt/v1", bytes(16), "sha256")
    assert receipt.mailbox_key == hmac.digest(prk, b"mailbox\x01", "sha256")
    assert receipt.identity.seed == hmac.digest(prk, b"identity\x01", "sha256")


@pytest.mark.parametrize("case", VECTORS["typed"], ids=about)
def test_words_are_read_as_people_type_them(case: Case) -> None:
    if "entropy" in case:
        assert words.read_words(case["typed"], case["count"]) == b64u_decode(case["entropy"])
    else:
        with pytest.raises(WordsError) as raised:
            words.read_words(case["typed"], case["count"])
        assert json.loads(json.dumps(raised.value.parameters)) == case["error"]
        assert raised.value.reason == case["error"]["reason"]


@pytest.mark.parametrize("case", VECTORS["appears_in"], ids=about)
def test_words_inside_a_text_are_found(case: Case) -> None:
    assert Receipt.from_entropy(b64u_decode(case["entropy"])).appears_in(case["text"]) is case["appears"]


@given(ENTROPY)
def test_words_come_back(entropy: bytes) -> None:
    receipt = Receipt.from_entropy(entropy)
    assert Receipt.read(" ".join(receipt.words)) == receipt
    assert Receipt.read("\n".join(f"{i}. {word[:4].upper()}" for i, word in enumerate(receipt.words, 1))) == receipt
    assert receipt.appears_in("Take " + ", ".join(receipt.words))


@given(st.text(max_size=200))
def test_anything_typed_is_a_receipt_or_a_words_error(typed: str) -> None:
    with pytest.raises(WordsError):
        Receipt.read(typed)


@given(ENTROPY, st.integers(0, 11), st.integers(0, 2047))
def test_a_wrong_word_is_noticed_or_is_another_receipt(entropy: bytes, position: int, index: int) -> None:
    receipt = Receipt.from_entropy(entropy)
    other = Mnemonic("english").wordlist[index]
    changed = [*receipt.words[:position], other, *receipt.words[position + 1 :]]
    try:
        assert (Receipt.read(" ".join(changed)) == receipt) is (other == receipt.words[position])
    except WordsError as error:
        assert error.reason == "checksum"


def test_four_letters_are_enough_for_every_word_on_the_list() -> None:
    listed = Mnemonic("english").wordlist
    assert all(words._word(word[:4]) == word for word in listed)
    assert all(words._word(word) == word for word in listed)
    assert not any(words._word(word[:5]) for word in listed if len(word) > 5)


def test_new_receipts_differ() -> None:
    assert len({Receipt.generate().entropy for _ in range(50)}) == 50


def test_only_16_bytes_are_a_receipt_and_32_a_mailbox_key() -> None:
    for length in (0, 15, 17, 32):
        with pytest.raises(FormatError):
            Receipt.from_entropy(bytes(length))
    for length in (0, 31, 33):
        with pytest.raises(FormatError):
            mailbox_hash(bytes(length))


def test_the_four_secrets_differ() -> None:
    receipt = Receipt.generate()
    secrets = {receipt.entropy, receipt.identity.seed, receipt.mailbox_key, receipt.signing.seed}
    assert len(secrets) == 4


def test_recovery_words_come_back() -> None:
    seed = recovery.new_seed()
    shown = recovery.words(seed)
    assert len(shown) == 24
    assert recovery.read(", ".join(shown)).seed == seed
    assert recovery.new_seed() != seed


def test_recovery_words_are_read_with_the_same_reasons() -> None:
    shown = recovery.words(bytes(32))
    for typed, reason in ((" ".join(shown[:23]), "wrong_count"), (" ".join((*shown[:23], "zoo")), "checksum"), ("blorb", "not_on_list")):
        with pytest.raises(WordsError) as raised:
            recovery.read(typed)
        assert raised.value.reason == reason
    for length in (16, 31, 33):
        with pytest.raises(FormatError):
            recovery.words(bytes(length))


def test_aliases_follow_from_the_id() -> None:
    vectors = load("aliases.json")
    assert (list(ADJECTIVES), list(NOUNS)) == (vectors["adjectives"], vectors["nouns"])
    for case in cases("aliases.json", "aliases"):
        assert alias(case["case"]) == case["alias"]
    with pytest.raises(FormatError):
        alias(CaseId("amber heron"))


@pytest.mark.parametrize("listed", [ADJECTIVES, NOUNS], ids=["adjectives", "nouns"])
def test_alias_words_are_told_apart_and_are_no_receipt_words(listed: tuple[str, ...]) -> None:
    assert len(listed) == 128
    assert len({word[:4] for word in listed}) == 128
    assert not set(listed) & set(Mnemonic("english").wordlist)
    assert all(word.isascii() and word.isalpha() and word.islower() and len(word) <= 10 for word in listed)


def test_no_word_is_both_adjective_and_noun() -> None:
    assert not set(ADJECTIVES) & set(NOUNS)
