"""Signatures and envelopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import signing
from app.crypto.encoding import b64u_decode
from app.crypto.signing import SigningKey
from app.errors import FormatError, SignatureError

from .vectors import Case, about, load

VECTORS = load("signing.json")


@pytest.mark.parametrize("case", VECTORS["signatures"])
def test_signatures_are_the_same_everywhere(case: Case) -> None:
    key, signature = SigningKey.from_seed(b64u_decode(case["seed"])), b64u_decode(case["signature"])
    assert key.verify == case["verify"]
    assert key.sign(case["context"], case["text"]) == signature
    signing.verify(case["verify"], case["context"], case["text"], signature)
    assert signing.envelope_write(case["context"], case["text"], key) == case["envelope"].encode()
    envelope = signing.envelope_read(case["envelope"].encode() + b"   ")
    assert (envelope.signed, envelope.key, envelope.signature) == (case["text"], case["verify"], signature)


def test_a_key_of_rfc_8032() -> None:
    """Section 7.1, TEST 1: the public key."""
    key = SigningKey.from_seed(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert b64u_decode(key.verify).hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.mark.parametrize("case", VECTORS["refused"], ids=about)
def test_a_wrong_signature_raises(case: Case) -> None:
    with pytest.raises(SignatureError):
        signing.verify(case["verify"], case["context"], case["text"], b64u_decode(case["signature"]))


@pytest.mark.parametrize("case", VECTORS["envelopes_refused"], ids=about)
def test_it_refuses_envelopes_that_are_none(case: Case) -> None:
    with pytest.raises(FormatError):
        signing.envelope_read(case["document"].encode())


@given(st.text(), st.text(), st.integers(0, 511))
def test_no_bit_of_a_signature_can_be_flipped(text: str, other: str, bit: int) -> None:
    key = SigningKey.generate()
    signature = bytearray(key.sign("context", text))
    signing.verify(key.verify, "context", text, bytes(signature))
    if other != text:
        with pytest.raises(SignatureError):
            signing.verify(key.verify, "context", other, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureError):
        signing.verify(key.verify, "context", text, bytes(signature))


@pytest.mark.parametrize("key", ["", "x", "A" * 42, "A" * 44, SigningKey.from_seed(bytes(32)).verify + "="])
def test_a_key_that_is_none_verifies_nothing(key: str) -> None:
    with pytest.raises(SignatureError):
        signing.verify(key, "context", "text", bytes(64))


def test_a_signature_of_another_length_is_refused() -> None:
    key = SigningKey.generate()
    for signature in (b"", key.sign("c", "t")[:-1], key.sign("c", "t") + b"\0"):
        with pytest.raises(SignatureError):
            signing.verify(key.verify, "c", "t", signature)


def test_what_is_signed_is_what_is_read_even_with_a_lone_surrogate() -> None:
    key = SigningKey.generate()
    envelope = signing.envelope_read(signing.envelope_write("c", "a\ud800b", key))
    assert envelope.signed == "a\ufffdb"
    signing.verify(key.verify, "c", envelope.signed, envelope.signature)


def test_only_32_bytes_are_a_key() -> None:
    for length in (0, 31, 33, 64):
        with pytest.raises(FormatError):
            SigningKey.from_seed(bytes(length))
