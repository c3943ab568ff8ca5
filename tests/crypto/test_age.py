"""Sealing and opening: round trips, every kind of damage, and streams in constant memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import age, header, hybrid, inspect, stream
from app.crypto.encoding import b64u_decode
from app.crypto.header import Stanza
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.crypto.pull import Pull
from app.errors import FormatError, HeaderError, MacError, NoMatch, PayloadError, QuietlineError, RecipientError, SizeError

from .vectors import Case, about, load

SEALED = load("sealed.json")
ADA = HybridIdentity.from_seed(hashlib.sha256(b"ada").digest())
BO = HybridIdentity.from_seed(hashlib.sha256(b"bo").digest())
CHUNK = stream.CHUNK


def errors() -> dict[str, type[QuietlineError]]:
    """Our errors by code."""
    found, left = {}, [QuietlineError]
    while left:
        kind = left.pop()
        found[kind.code] = kind
        left += kind.__subclasses__()
    return found


@pytest.mark.parametrize("case", SEALED["files"], ids=about)
def test_a_sealed_file_opens_with_each_of_its_seeds_and_no_other(case: Case) -> None:
    sealed = b64u_decode(case["sealed"])
    for seed in case["opened_by"]:
        plain = age.unseal_bytes(sealed, [HybridIdentity.from_seed(b64u_decode(seed))])
        assert (len(plain), hashlib.sha256(plain).hexdigest()) == (case["length"], case["sha256"])
    with pytest.raises(NoMatch):
        age.unseal_bytes(sealed, [HybridIdentity.from_seed(b64u_decode(case["not_opened_by"]))])


@pytest.mark.parametrize("case", SEALED["broken"], ids=about)
def test_a_broken_file_ends_in_its_error(case: Case) -> None:
    sealed, identity, released = b64u_decode(case["sealed"]), HybridIdentity.from_seed(b64u_decode(case["seed"])), 0
    with pytest.raises(errors()[case["error"]]) as raised:
        for chunk in age.unseal((sealed,), [identity]):
            released += len(chunk)
    assert raised.value.code == case["error"]
    assert released == case["released"]


@pytest.mark.parametrize("case", [*SEALED["files"], *SEALED["broken"], SEALED["foreign"], SEALED["keyring"]], ids=about)
def test_inspection_sees_the_framing(case: Case) -> None:
    expected, sealed = case["inspection"], b64u_decode(case["sealed"])
    if "error" in expected:
        with pytest.raises(FormatError) as raised:
            inspect.inspect(sealed)
        assert raised.value.code == expected["error"]
    else:
        found = inspect.inspect(sealed)
        assert (found.stanzas, found.header_length, found.plaintext_length) == tuple(expected.values())
        assert inspect.inspect(sealed[: found.header_length], len(sealed)) == found


def test_a_file_with_a_foreign_stanza_opens() -> None:
    case = SEALED["foreign"]
    identity = HybridIdentity.from_seed(b64u_decode(case["seed"]))
    assert age.unseal_bytes(b64u_decode(case["sealed"]), [identity]) == case["plaintext"].encode()


@given(st.lists(st.binary(max_size=50), max_size=6), st.integers(1, 3))
def test_what_was_sealed_opens(chunks: list[bytes], readers: int) -> None:
    identities = [HybridIdentity.generate() for _ in range(readers)]
    sealed = b"".join(age.seal(chunks, [identity.recipient for identity in identities]))
    for identity in identities:
        assert age.unseal_bytes(sealed, [ADA, identity]) == b"".join(chunks)
    with pytest.raises(NoMatch):
        age.unseal_bytes(sealed, [ADA])


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])
def test_lengths_around_chunks_open_and_are_seen_from_outside(length: int) -> None:
    plain = bytes(i % 251 for i in range(length))
    sealed = age.seal_bytes(plain, [ADA.recipient])
    assert age.unseal_bytes(sealed, [ADA]) == plain
    if length:
        assert inspect.inspect(sealed).plaintext_length == length


def test_two_seals_of_the_same_share_nothing_but_the_frame() -> None:
    first, second = (age.seal_bytes(b"same", [ADA.recipient]) for _ in range(2))
    assert len(first) == len(second)
    assert first[60:1500] != second[60:1500]
    assert first[-20:] != second[-20:]


def test_it_refuses_to_seal_to_nobody_at_the_call() -> None:
    with pytest.raises(RecipientError):
        age.seal([b"x"], [])


def test_it_refuses_more_than_64_recipients_at_the_call() -> None:
    sealed = age.seal_bytes(b"x", [ADA.recipient] * 64)
    assert inspect.inspect(sealed).stanzas == 64
    with pytest.raises(RecipientError):
        age.seal([b"x"], [ADA.recipient] * 65)


class Classic:
    """A recipient of another kind, with the same methods."""

    def wrap(self, file_key: bytes) -> Stanza:
        return Stanza("X25519", ("x",), file_key)


@pytest.mark.parametrize("other", [Classic(), str(ADA.recipient), ADA, None], ids=["classic", "text", "identity", "none"])
def test_it_refuses_anything_but_hybrid_recipients_at_the_call(other: object) -> None:
    with pytest.raises(RecipientError):
        age.seal([b"x"], [ADA.recipient, cast(HybridRecipient, other)])


def test_it_refuses_keys_that_are_none() -> None:
    data = bytes(ADA.recipient)
    for bad in (b"", data[:-1], data + b"\0", b"\xff" * 1184 + data[1184:]):
        with pytest.raises(RecipientError):
            HybridRecipient(bad)
    low_order = HybridRecipient(data[:1184] + bytes(32))
    with pytest.raises(RecipientError):
        age.seal([b"x"], [low_order])
    for length in (0, 31, 33):
        with pytest.raises(RecipientError):
            HybridIdentity.from_seed(bytes(length))


SMALL = age.seal_bytes(b"Nobody may change this.", [ADA.recipient, BO.recipient])
SMALL_HEAD = header.read(Pull((SMALL,))).length


def _refused(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as raised:
        age.unseal_bytes(data, [ADA])
    return raised.value


@given(st.integers(0, len(SMALL) * 8 - 1))
def test_no_bit_can_be_flipped(bit: int) -> None:
    flipped = bytearray(SMALL)
    flipped[bit // 8] ^= 1 << bit % 8
    error = _refused(bytes(flipped))
    assert isinstance(error, HeaderError | NoMatch | MacError if bit // 8 < SMALL_HEAD else PayloadError)


@given(st.integers(0, len(SMALL) - 1))
def test_no_end_can_be_cut_off(length: int) -> None:
    error = _refused(SMALL[:length])
    assert isinstance(error, HeaderError if length < SMALL_HEAD + 16 else PayloadError)


@given(st.binary(min_size=1, max_size=70000))
def test_nothing_can_be_added(more: bytes) -> None:
    assert isinstance(_refused(SMALL + more), PayloadError)


PLAIN = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(4 * CHUNK // 32)) + b"end"
LARGE = age.seal_bytes(PLAIN, [ADA.recipient])
START = header.read(Pull((LARGE,))).length + 16
CHUNKS = [LARGE[i : i + stream.SEALED_CHUNK] for i in range(START, len(LARGE), stream.SEALED_CHUNK)]


def _released(data: bytes) -> tuple[bytes, bool]:
    """What a streaming reader was given, and whether it ended well."""
    got = bytearray()
    try:
        for chunk in age.unseal((data,), [ADA]):
            got += chunk
    except PayloadError:
        return bytes(got), False
    return bytes(got), True


def test_the_large_file_has_five_chunks_and_opens() -> None:
    assert len(CHUNKS) == 5
    assert _released(LARGE) == (PLAIN, True)


@pytest.mark.parametrize("kept", range(5))
def test_a_cut_at_a_chunk_boundary_is_noticed(kept: int) -> None:
    assert _released(LARGE[:START] + b"".join(CHUNKS[:kept])) == (PLAIN[: kept * CHUNK], False)


@given(st.permutations(range(5)))
def test_chunks_cannot_be_reordered(order: list[int]) -> None:
    same = 0
    while same < 5 and order[same] == same:
        same += 1
    released, whole = _released(LARGE[:START] + b"".join(CHUNKS[i] for i in order))
    assert (released, whole) == ((PLAIN, True) if same == 5 else (PLAIN[: same * CHUNK], False))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(lambda order: order != [0, 1, 2, 3, 4]))
def test_chunks_cannot_be_left_out_or_repeated(order: list[int]) -> None:
    released, whole = _released(LARGE[:START] + b"".join(CHUNKS[i] for i in order))
    assert not whole
    assert PLAIN.startswith(released)


def test_a_chunk_of_another_file_does_not_fit() -> None:
    other = age.seal_bytes(PLAIN, [ADA.recipient])
    assert _released(LARGE[:START] + other[START : START + stream.SEALED_CHUNK] + b"".join(CHUNKS[1:])) == (b"", False)


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=5))
def test_pieces_of_any_size_open(sizes: list[int]) -> None:
    def pieces() -> Iterator[bytes]:
        at = turn = 0
        while at < len(LARGE):
            yield LARGE[at : at + sizes[turn % len(sizes)] + 100]
            at += sizes[turn % len(sizes)] + 100
            turn += 1

    assert b"".join(age.unseal(pieces(), [ADA])) == PLAIN


def test_a_stream_of_any_length_takes_constant_memory() -> None:
    def endless(count: int) -> Iterator[bytes]:
        piece = bytes(100_000)
        for _ in range(count):
            yield piece

    tracemalloc.start()
    try:
        total = sum(len(chunk) for chunk in age.unseal(age.seal(endless(200), [ADA.recipient]), [ADA]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 20_000_000
    assert peak < 2_000_000


def test_nothing_is_read_of_the_payload_before_the_header_is_checked() -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        for piece in (SMALL[:SMALL_HEAD], SMALL[SMALL_HEAD:]):
            taken.append(len(piece))
            yield piece

    with pytest.raises(NoMatch):
        age.unseal(pieces(), [HybridIdentity.generate()])
    assert taken == [SMALL_HEAD]


@pytest.mark.parametrize("line", [b"x" * (1 << 20), b"-> a\n" + b"A" * 64 + b"\n"])
def test_an_endless_header_is_given_up(line: bytes) -> None:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        yield b"age-encryption.org/v1\n"
        while True:
            read += len(line)
            yield line
            assert read < header.HEADER_BYTES * 8, "still reading"

    with pytest.raises(HeaderError):
        age.unseal(pieces(), [ADA])


class Wrong:
    """An identity that answers with a file key of its own."""

    def __init__(self, file_key: bytes) -> None:
        self._file_key = file_key

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        return self._file_key


def test_a_wrong_file_key_is_a_mac_error_and_a_long_one_a_header_error() -> None:
    with pytest.raises(MacError):
        age.unseal([SMALL], [Wrong(bytes(16))])
    for length in (0, 15, 17, 24, 32):
        with pytest.raises(HeaderError):
            age.unseal([SMALL], [Wrong(bytes(length))])


def test_stanzas_cannot_be_swapped_or_left_out_unnoticed() -> None:
    head = header.read(Pull((SMALL,)))
    parts = SMALL[:SMALL_HEAD].split(b"-> ")
    swapped = b"-> ".join((parts[0], parts[2].split(b"---")[0], parts[1] + b"---" + parts[2].split(b"---")[1]))
    for changed in (swapped, b"-> ".join((parts[0], parts[1] + b"---" + parts[2].split(b"---")[1]))):
        with pytest.raises(MacError):
            age.unseal([changed + SMALL[SMALL_HEAD:]], [ADA])
    assert len(head.stanzas) == 2


STANZA = st.builds(
    Stanza,
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).filter(lambda kind: kind != "scrypt"),
    st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), max_size=3).map(tuple),
    st.binary(max_size=150),
)


@given(st.lists(STANZA, min_size=1, max_size=4))
def test_headers_come_back(stanzas: list[Stanza]) -> None:
    encoded = header.encode(stanzas, bytes(16))
    source = Pull((encoded, b"rest"))
    head = header.read(source)
    assert head.stanzas == tuple(stanzas)
    assert head.length == len(encoded)
    assert source.read(10) == b"rest"
    header.check_mac(head, bytes(16))
    with pytest.raises(MacError):
        header.check_mac(head, b"\1" * 16)


def test_a_header_without_a_stanza_is_refused() -> None:
    with pytest.raises(HeaderError):
        header.read(Pull((header.encode([], bytes(16)),)))


@pytest.mark.parametrize("length", [4096, 4352, 5120, 65536, 1048576])
def test_a_message_of_a_size_class_passes(length: int) -> None:
    sealed = age.seal_bytes(bytes(length), [ADA.recipient, BO.recipient])
    assert inspect.require_message(sealed, 2) == sealed


def test_a_message_off_its_class_or_with_other_stanzas_is_refused() -> None:
    for length in (1, 4095, 4097, 4353, 65537, 1048577, 1114112):
        with pytest.raises(SizeError):
            inspect.require_message(age.seal_bytes(bytes(length), [ADA.recipient]), 1)
    sealed = age.seal_bytes(bytes(4096), [ADA.recipient, BO.recipient])
    for stanzas in (0, 1, 3):
        with pytest.raises(HeaderError):
            inspect.require_message(sealed, stanzas)
    for damaged in (sealed[:-1], sealed + b"\0"):
        with pytest.raises(SizeError):
            inspect.require_message(damaged, 2)


def test_an_empty_file_is_no_message() -> None:
    with pytest.raises(PayloadError):
        inspect.inspect(age.seal_bytes(b"", [ADA.recipient]))


@given(st.integers(0, 5 * stream.SEALED_CHUNK))
def test_lengths_seen_from_outside_are_those_that_sealing_makes(payload: int) -> None:
    def sealed_length(plain: int) -> int:
        return 16 + plain + 16 * max(1, -(-plain // CHUNK))

    try:
        assert sealed_length(inspect.plaintext_length(payload)) == payload
    except PayloadError:
        assert payload not in {sealed_length(plain) for plain in range(max(1, payload - 150), payload)}


@given(st.lists(st.binary(max_size=9)), st.lists(st.integers(0, 12), max_size=12))
def test_blocks_and_lines_are_pulled_whole(pieces: list[bytes], lengths: list[int]) -> None:
    whole, source, at = b"".join(pieces), Pull(pieces), 0
    for turn, length in enumerate(lengths):
        expected = whole[at : at + length]
        if turn % 2:
            expected = expected[: expected.find(b"\n") + 1] or expected
        assert (source.line(length) if turn % 2 else source.read(length)) == expected
        at += len(expected)


def test_the_stanza_shape_is_checked() -> None:
    good = ADA.recipient.wrap(bytes(16))
    assert [len(part) for part in hybrid.stanza_parts(good)] == [1120, 32]
    argument = good.arguments[0]
    bad = (
        Stanza("X25519", good.arguments, good.body),
        Stanza(good.type, (), good.body),
        Stanza(good.type, (argument, argument), good.body),
        Stanza(good.type, (argument[:-2],), good.body),
        Stanza(good.type, (argument + "=",), good.body),
        Stanza(good.type, good.arguments, good.body + b"\0"),
        Stanza(good.type, good.arguments, b""),
    )
    for stanza in bad:
        with pytest.raises(HeaderError):
            hybrid.stanza_parts(stanza)
