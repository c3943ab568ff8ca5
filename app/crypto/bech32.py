"""Bech32 (BIP 173), for texts of up to about 2000 characters, as age writes keys.

A recipient is 1959 characters, and every report writes one and reads one: symbol by symbol that would cost more than sealing does. So the
symbols of a text are one big number here, five bits each, the last symbol lowest."""

from __future__ import annotations

from functools import cache
from typing import Final

from app.errors import FormatError

_CHARSET: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_TO_DIGITS: Final = bytes.maketrans(_CHARSET, b"0123456789abcdefghijklmnopqrstuv")
_FROM_VALUES: Final = bytes.maketrans(bytes(range(32)), _CHARSET)
_CHECK_SYMBOLS: Final = 6
_CHECK_BITS: Final = 30
_MOST: Final = 2048  # symbols, a power of two for _spread; those that stand for the prefix count, too


def _step(checksum: int, value: int) -> int:
    top = checksum >> 25
    checksum = ((checksum & 0x1FFFFFF) << 5) ^ value
    for i, constant in enumerate(_GENERATOR):
        if top >> i & 1:
            checksum ^= constant
    return checksum


@cache
def _columns() -> tuple[int, ...]:
    """The checksum is linear: each of its 30 bits is the parity of some bits of the text. These are they, as masks."""
    states = [1 << bit for bit in range(5)]  # what each bit of the last symbol does to the checksum
    for at in range(5 * (_MOST - 1)):
        states.append(_step(states[at], 0))  # and of the symbol before it, which goes one step further
    states.reverse()
    return tuple(int("".join("1" if state >> bit & 1 else "0" for state in states), 2) for bit in range(_CHECK_BITS))


def _checksum(hrp: str, number: int, symbols: int) -> int:
    state = 1
    for value in (*(ord(c) >> 5 for c in hrp), 0, *(ord(c) & 31 for c in hrp)):
        state = _step(state, value)
    # A state is what its own six symbols leave behind, so they can stand in front of the text.
    number |= state << 5 * symbols
    return sum(((number & column).bit_count() & 1) << bit for bit, column in enumerate(_columns()))


@cache
def _halves() -> tuple[tuple[int, int, int], ...]:
    """How _spread moves: shift, mask of what stays, mask of what moves; for halves of 1024 symbols, 512 ... 1."""
    rows = []
    for size in (1 << power for power in range(_MOST.bit_length() - 2, -1, -1)):
        lanes = ((1 << 8 * _MOST) - 1) // ((1 << 16 * size) - 1)  # a one at the foot of every lane of two halves
        stay = ((1 << 5 * size) - 1) * lanes
        rows.append((3 * size, stay, stay << 5 * size))
    return tuple(rows)


def _spread(number: int, symbols: int) -> bytes:
    # From five bits a symbol to eight, by halves: the upper half moves up, then the halves of both do, and so on.
    for shift, stay, move in _halves():
        number = number & stay | (number & move) << shift
    return number.to_bytes(_MOST, "big")[-symbols:]


def encode(hrp: str, data: bytes) -> str:
    """Bech32 of `data` under the human-readable part, which must be lower-case ASCII. FormatError when that gets too long."""
    symbols = -(-len(data) * 8 // 5)
    if symbols + 2 * _CHECK_SYMBOLS > _MOST:
        raise FormatError
    number = int.from_bytes(data, "big") << symbols * 5 - len(data) * 8 + _CHECK_BITS
    symbols += _CHECK_SYMBOLS
    number |= _checksum(hrp, number, symbols) ^ 1
    return f"{hrp}1{_spread(number, symbols).translate(_FROM_VALUES).decode('ascii')}"


def decode(text: str) -> tuple[str, bytes]:
    """The human-readable part, in lower case, and the data. FormatError unless the text is Bech32 and not too long: one case throughout,
    a right checksum, unused bits zero."""
    if len(text) > _MOST or not text.isascii() or text not in (text.lower(), text.upper()):
        raise FormatError
    hrp, separator, rest = text.lower().rpartition("1")
    symbols = rest.encode("ascii")
    if not separator or not hrp or not all("!" <= c <= "~" for c in hrp) or symbols.translate(None, _CHARSET):
        raise FormatError
    if not _CHECK_SYMBOLS <= len(symbols) <= _MOST - _CHECK_SYMBOLS:
        raise FormatError
    number = int(symbols.translate(_TO_DIGITS), 32)
    if _checksum(hrp, number, len(symbols)) != 1:
        raise FormatError
    return hrp, _data(number >> _CHECK_BITS, len(symbols) - _CHECK_SYMBOLS)


def _data(number: int, symbols: int) -> bytes:
    unused = symbols * 5 % 8
    if unused > 4 or number & ((1 << unused) - 1):
        raise FormatError
    return (number >> unused).to_bytes(symbols * 5 // 8, "big")
