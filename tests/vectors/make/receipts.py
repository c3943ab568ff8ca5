"""receipts.json: derivations, typed forms, and words inside a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from app.crypto import words
from app.crypto.alias import alias
from app.crypto.encoding import b64u_encode
from app.crypto.receipt import Receipt, mailbox_hash

from .people import RECEIPT, secret

Case = dict[str, object]

ENTROPIES = (bytes(16), b"\xff" * 16, bytes(range(16)), RECEIPT.entropy, secret("third receipt")[:16])
ZERO = " ".join(words.write_words(bytes(16)))  # "abandon" eleven times and "about"
OURS = " ".join(RECEIPT.words)
RECOVERY = " ".join(words.write_words(secret("recovery")))


def _text(entropy: bytes) -> str:
    return " ".join(words.write_words(entropy))


def _entropy_with(name: str, wanted: Callable[[str], bool]) -> bytes:
    """The first of a fixed series in which some word is as wanted."""
    series = (secret(f"{name} {i}")[:16] for i in range(1000))
    return next(entropy for entropy in series if any(map(wanted, words.write_words(entropy))))


_SHORT = _entropy_with("short", lambda word: len(word) == 3)
_LIGATURE = _entropy_with("ligature", lambda word: "fi" in word)


def _derived(entropy: bytes) -> Case:
    receipt = Receipt.from_entropy(entropy)
    return {
        "entropy": b64u_encode(entropy),
        "words": list(receipt.words),
        "identity_seed": b64u_encode(receipt.identity.seed),
        "identity": str(receipt.identity),
        "recipient": str(receipt.identity.recipient),
        "mailbox_key": b64u_encode(receipt.mailbox_key),
        "mailbox_hash": b64u_encode(mailbox_hash(receipt.mailbox_key)),
        "signing_seed": b64u_encode(receipt.signing.seed),
        "verify": receipt.signing.verify,
        "case_id": receipt.case_id,
        "alias": alias(receipt.case_id),
    }


def _good(about: str, typed: str, entropy: bytes = RECEIPT.entropy) -> Case:
    return {"about": about, "typed": typed, "count": len(entropy) * 3 // 4, "entropy": b64u_encode(entropy)}


def _bad(about: str, typed: str, reason: str, **more: object) -> Case:
    return {"about": about, "typed": typed, "count": 12, "error": {"reason": reason, **more}}


def _with(position: int, part: str, text: str = OURS) -> str:
    split = text.split(" ")
    split[position - 1] = part
    return " ".join(split)


def _four_letters(text: str) -> str:
    return " ".join(word[:4] for word in text.split(" "))


def _fullwidth(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in text)


def _typed_good() -> list[Case]:
    split = OURS.split(" ")
    numbered = " ".join(f"{i}.{word[:4]}" for i, word in enumerate(RECOVERY.split(" "), 1))
    return [
        _good("as shown", OURS),
        _good("all zeros", ZERO, bytes(16)),
        _good("upper case", OURS.upper()),
        _good("capitals and a full stop", OURS.title() + "."),
        _good("commas", ", ".join(split)),
        _good("commas without spaces", ",".join(split)),
        _good("a line each", "\n".join(split)),
        _good("a line each, Windows line ends", "\r\n".join(split) + "\r\n"),
        _good("tabs and spaces around", "\t " + "  ".join(split) + " \n\n"),
        _good("numbered", "\n".join(f"{i}. {word}" for i, word in enumerate(split, 1))),
        _good("numbered in brackets, one line", " ".join(f"({i}) {word}" for i, word in enumerate(split, 1))),
        _good("numbers that touch the words", " ".join(f"{i}{word}" for i, word in enumerate(split, 1))),
        _good("hyphens", "-".join(split)),
        _good("no-break spaces", "\u00a0".join(split)),
        _good("ideographic spaces", "\u3000".join(split)),
        _good("quotation marks and dashes", "\u201c" + " \u2014 ".join(split) + "\u201d"),
        _good("full-width letters, which NFKD makes plain", _fullwidth(OURS)),
        _good("a ligature, which NFKD takes apart", _text(_LIGATURE).replace("fi", "\ufb01"), _LIGATURE),
        _good("a long s, which NFKD makes an s", OURS.replace("s", "\u017f")),
        _good("a byte-order mark in front", "\ufeff" + OURS),
        _good("four letters of every word", _four_letters(OURS)),
        _good("four letters, upper case, commas", ",".join(_four_letters(OURS).upper().split(" "))),
        _good("four letters of one", _with(1, split[0][:4])),
        _good("three-letter words are whole words", _text(_SHORT), _SHORT),
        _good("1000 characters", OURS + " " * (1000 - len(OURS))),
        _good("the characters of the limit are code points", OURS + "\U0001f333" * (1000 - len(OURS))),
        _good("recovery words", RECOVERY, secret("recovery")),
        _good("recovery words, four letters and numbers", numbered, secret("recovery")),
        _good("decomposed text around the words does not hurt", unicodedata.normalize("NFD", "\u2013 \u00bf") + OURS),
    ]


def _typed_bad() -> list[Case]:
    split = OURS.split(" ")
    swapped = " ".join([split[1], split[0], *split[2:]])
    return [
        {"about": "nothing", "typed": "", "count": 12, "error": {"reason": "wrong_count", "count": 0}},
        {"about": "only separators", "typed": " ,\n1. 2.", "count": 12, "error": {"reason": "wrong_count", "count": 0}},
        {"about": "eleven words", "typed": " ".join(split[:11]), "count": 12, "error": {"reason": "wrong_count", "count": 11}},
        {"about": "thirteen words", "typed": f"{OURS} zoo", "count": 12, "error": {"reason": "wrong_count", "count": 13}},
        {"about": "recovery words as a receipt", "typed": RECOVERY, "count": 12, "error": {"reason": "wrong_count", "count": 24}},
        {"about": "a receipt as recovery words", "typed": OURS, "count": 24, "error": {"reason": "wrong_count", "count": 12}},
        _bad("a word that is not on the list", _with(3, "xylophone"), "not_on_list", parts=[[3, "xylophone"]]),
        _bad("two of them", _with(12, "qqqq", _with(1, "zz")), "not_on_list", parts=[[1, "zz"], [12, "qqqq"]]),
        _bad("not on the list is said before a wrong count", "abandon blorb", "not_on_list", parts=[[2, "blorb"]]),
        _bad("five letters of a longer word", _with(2, "aband", ZERO), "not_on_list", parts=[[2, "aband"]]),
        _bad("three letters of a longer word", _with(2, "aba", ZERO), "not_on_list", parts=[[2, "aba"]]),
        _bad("a word and one letter more", _with(2, "abandons", ZERO), "not_on_list", parts=[[2, "abandons"]]),
        _bad("four letters that begin no word", _with(2, "abzz", ZERO), "not_on_list", parts=[[2, "abzz"]]),
        _bad("a word cut by a hyphen", _with(2, "aban-don", ZERO), "not_on_list", parts=[[3, "don"]]),
        _bad("an accent cuts a word", _with(2, "ab\u00e1ndon", ZERO), "not_on_list", parts=[[2, "aba"], [3, "ndon"]]),
        _bad("two words that touch", ZERO.replace("abandon abandon", "abandonabandon", 1), "not_on_list", parts=[[1, "abandonabandon"]]),
        _bad("letters of another alphabet are separators", _with(2, "\u0430bandon", ZERO), "not_on_list", parts=[[2, "bandon"]]),
        _bad("a dotted capital I leaves an i and a mark", _with(2, "\u0130", ZERO), "not_on_list", parts=[[2, "i"]]),
        _bad("a soft hyphen is a separator", _with(2, "aban\u00addon", ZERO), "not_on_list", parts=[[3, "don"]]),
        _bad("two words in the wrong places", swapped, "checksum"),
        _bad("the same word twelve times", " ".join(["abandon"] * 12), "checksum"),
        _bad("1001 characters", OURS + " " * (1001 - len(OURS)), "too_long"),
        _bad("too long is said before anything else", "x" * 1001, "too_long"),
    ]


def _appears() -> list[Case]:
    split = OURS.split(" ")
    cases = (
        ("the words alone", OURS, True),
        ("inside a sentence", f"My words are {OURS}, keep them.", True),
        ("numbered, a line each", "Words:\n" + "\n".join(f"{i}. {word.upper()}" for i, word in enumerate(split, 1)), True),
        ("full-width letters", _fullwidth(OURS), True),
        ("twice eleven, then all", " ".join(split[:11]) + " " + OURS, True),
        ("nothing", "", False),
        ("eleven of them", " ".join(split[:11]), False),
        ("in another order", " ".join([split[1], split[0], *split[2:]]), False),
        ("with a word between", " ".join([*split[:6], "and", *split[6:]]), False),
        ("the last one longer", OURS + "s", False),
        ("the first one longer", "s" + OURS, False),
        ("four letters of each are not the words", _four_letters(OURS), False),
        ("somebody else's", ZERO, False),
    )
    return [{"about": about, "entropy": b64u_encode(RECEIPT.entropy), "text": text, "appears": appears} for about, text, appears in cases]


def receipts() -> Case:
    """The whole file."""
    return {"receipts": [_derived(e) for e in ENTROPIES], "typed": _typed_good() + _typed_bad(), "appears_in": _appears()}
