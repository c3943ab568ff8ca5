"""The small files: encodings, strict JSON, size classes, text, signatures, fingerprints, user names and passwords, aliases."""

from __future__ import annotations

import hashlib

from app.crypto import alias, fingerprint, kdf, padding
from app.crypto.encoding import b64u_encode
from app.crypto.signing import SigningKey, envelope_write
from app.domain import CaseId, OrganisationId
from app.errors import SizeError

from .people import ADA, OLD_TEAM, TEAM, an_id, identity, recipient, signing

Case = dict[str, object]


def _flip(text: str, at: int) -> str:
    return text[:at] + ("q" if text[at] != "q" else "p") + text[at + 1 :]


def encodings() -> Case:
    """encodings.json"""
    good_id, team, key = an_id("an id"), recipient(TEAM), str(identity(TEAM))
    b64u = [(data, b64u_encode(data)) for data in (b"", b"\0", b"\xff\xee", b"\xfb\xff\xbf", bytes(range(32)))]
    b64u_bad = ["A", "AAAAA", "AB", "_-9", "AA==", "AA=", "+/8", "AAA ", " AAA", "AAA\n", "AA\u00e9A", "A.AA"]
    ids = [good_id, "a" * 26, "7" * 25 + "4", "a" * 25 + "e"]
    ids_bad = [
        "",
        "a" * 25,
        "a" * 27,
        "a" * 25 + "b",
        "7" * 26,
        good_id.upper(),
        "a" * 24 + "1a",
        " " + good_id,
        good_id + "\n",
        "a" * 26 + "======",
    ]
    recipients_bad = [
        ("one letter changed", _flip(team, 700)),
        ("the checksum changed", _flip(team, len(team) - 1)),
        ("upper case", team.upper()),
        ("mixed case", team[:10] + team[10].upper() + team[11:]),
        ("a letter short", team[:-1]),
        ("a space behind", team + " "),
        ("another prefix", "age1pr" + team[6:]),
        ("an X25519 recipient", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"),
        ("an identity", key),
        ("nothing", ""),
    ]
    identities_bad = [
        ("one letter changed", key[:30] + ("Q" if key[30] != "Q" else "P") + key[31:]),
        ("lower case", key.lower()),
        ("a letter short", key[:-1]),
        ("an X25519 identity", "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"),
        ("a recipient", team),
        ("nothing", ""),
    ]
    return {
        "b64u": [{"bytes": list(data), "text": text} for data, text in b64u],
        "b64u_refused": b64u_bad,
        "ids": ids,
        "ids_refused": ids_bad,
        "identities": [
            {"seed": b64u_encode(identity(n).seed), "identity": str(identity(n)), "recipient": recipient(n)} for n in (TEAM, OLD_TEAM)
        ],
        "recipients_refused": [{"about": about, "text": text} for about, text in recipients_bad],
        "identities_refused": [{"about": about, "text": text} for about, text in identities_bad],
    }


_DEEP = '{"a":' * 7 + "{}" + "}" * 7

_JSON_GOOD = (
    ("an empty object", "{}"),
    ("white space of JSON", ' \t\r\n{ "a" : 1 } \n'),
    ("zero", '{"a":0}'),
    ("minus zero", '{"a":-0}'),
    ("the largest number", '{"a":9007199254740991}'),
    ("a whole number written as a fraction", '{"a":1.0}'),
    ("a whole number with an exponent", '{"a":250e-1}'),
    ("an exponent", '{"a":1E3}'),
    ("too small for a double, so zero", '{"a":1e-400}'),
    ("rounded to the largest number", '{"a":9007199254740991.4}'),
    ("null and booleans", '{"a":null,"b":true,"c":false}'),
    ("eight deep", _DEEP),
    ("lists eight deep", '{"a":' + "[" * 7 + "]" * 7 + "}"),
    ("brackets in strings are no depth", '{"a":"[[[[[[[[[[{{{{{{{{{","\\"[[[[[[[[[[":1}'),
    ("an escaped pair", '{"a":"\\ud83c\\udf33"}'),
    ("escapes", '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000"}'),
    ("an escaped backslash before ud800", '{"a":"\\\\ud800"}'),
    ("a key twice", '{"a":1,"a":2}'),
    ("non-characters", '{"a":"\uffff\ufffe\U0010ffff"}'),
    ("line separators in a string", '{"a":"\u2028\u2029\u007f"}'),
    ("a key of objects' prototypes", '{"__proto__":{"a":1},"constructor":1}'),
)

_JSON_BAD = (
    ("nothing", ""),
    ("only white space", " "),
    ("a list", "[]"),
    ("a string", '"a"'),
    ("null", "null"),
    ("cut short", '{"a":1'),
    ("an open string", '{"a":"b}'),
    ("something behind it", "{}{}"),
    ("a comma too many", '{"a":1,}'),
    ("single quotes", "{'a':1}"),
    ("a comment", '{"a":1/**/}'),
    ("a byte-order mark", "\ufeff{}"),
    ("a no-break space", "\u00a0{}"),
    ("a raw line end in a string", '{"a":"b\nc"}'),
    ("a raw NUL in a string", '{"a":"b\0c"}'),
    ("an unknown escape", '{"a":"\\x41"}'),
    ("a leading zero", '{"a":01}'),
    ("a plus sign", '{"a":+1}'),
    ("NaN", '{"a":NaN}'),
    ("Infinity", '{"a":Infinity}'),
    ("minus Infinity", '{"a":-Infinity}'),
    ("a negative number", '{"a":-1}'),
    ("a fraction", '{"a":0.5}'),
    ("2^53", '{"a":9007199254740992}'),
    ("rounded to 2^53", '{"a":9007199254740991.5}'),
    ("more than a double holds", '{"a":1e400}'),
    ("five thousand digits", '{"a":' + "9" * 5000 + "}"),
    ("a bad number under a key nobody knows", '{"a":{"b":[1,2,0.5]}}'),
    ("nine deep", '{"a":' + _DEEP + "}"),
    ("lists nine deep", '{"a":' + "[" * 8 + "]" * 8 + "}"),
    ("ten thousand deep", '{"a":' + "[" * 10000 + "]" * 10000 + "}"),
    ("ten thousand deep and never closed", '{"a":' + "[" * 10000),
    ("a lone high surrogate", '{"a":"\\ud800"}'),
    ("a lone low surrogate", '{"a":"\\udc00b"}'),
    ("a pair the wrong way round", '{"a":"\\udf33\\ud83c"}'),
    ("a lone surrogate in a key", '{"\\uD800":1}'),
    ("a lone surrogate far inside", '{"a":{"b":["c","\\uDFFF"]}}'),
)

_DOCUMENTS = (
    ("spaces behind", b"{}" + b" " * 4094, True),
    ("the largest document", b"{}" + b" " * (1048576 - 2), True),
    ("a byte more than the largest", b"{}" + b" " * (1048577 - 2), False),
    ("a byte-order mark", b"\xef\xbb\xbf{}", False),
    ("a byte that is not UTF-8", b'{"a":"\xff"}', False),
    ("an overlong slash", b'{"a":"\xc0\xaf"}', False),
    ("a surrogate in UTF-8", b'{"a":"\xed\xa0\x80"}', False),
    ("beyond Unicode", b'{"a":"\xf4\x90\x80\x80"}', False),
    ("a character cut short", b'{"a":"\xe2\x82"}', False),
    ("UTF-16", '{"a":1}'.encode("utf-16-le"), False),
    ("zeros behind", b"{}" + b"\0" * 10, False),
)


def strict_json() -> Case:
    """json.json"""
    texts = [{"about": about, "text": text, "ok": True} for about, text in _JSON_GOOD]
    texts += [{"about": about, "text": text, "ok": False} for about, text in _JSON_BAD]
    # Long runs of one character at the end are given as a count.
    documents = []
    for about, data, ok in _DOCUMENTS:
        spaces = len(data) - len(data.rstrip(b" "))
        documents.append({"about": about, "bytes": b64u_encode(data.rstrip(b" ")), "spaces": spaces, "ok": ok})
    return {"texts": texts, "documents": documents}


def _class(length: int, of: str) -> int | None:
    try:
        return padding.message_class(length) if of == "message" else padding.attachment_class(length)
    except SizeError:
        return None


def sizes() -> Case:
    """padding.json"""
    message = [
        0,
        1,
        2,
        4095,
        4096,
        4097,
        4098,
        4352,
        4353,
        5000,
        8191,
        8192,
        8193,
        8448,
        8449,
        10000,
        12288,
        65535,
        65536,
        65537,
        67584,
        67585,
    ]
    message += [100000, 131072, 131073, 500000, 524288, 524289, 1000000, 1015807, 1015808, 1015809, 1048575, 1048576, 1048577, 2000000]
    attachment = [
        0,
        1,
        65535,
        65536,
        65537,
        67584,
        67585,
        100000,
        131073,
        1048577,
        123456789,
        2**31 - 1,
        2**31,
        2**31 + 1,
        2**32,
        2**32 + 1,
        10**10,
        2**40 + 1,
    ]
    classes = [0, 1, 4095, 4096, 4097, 4352, 4608, 4353, 8192, 8448, 8449, 65536, 66560, 67584, 68608, 1015808, 1048576, 1048577, 1114112]
    return {
        "message": [{"length": n, "class": _class(n, "message")} for n in message],
        "attachment": [{"length": n, "class": _class(n, "attachment")} for n in attachment],
        "is_message_class": [{"length": n, "is": padding.is_message_class(n)} for n in classes],
    }


_TEXTS = (
    ("nothing", "", ""),
    ("plain", "Hello, world.", "Hello, world."),
    ("Windows line ends", "a\r\nb\r\n\r\nc", "a\nb\n\nc"),
    ("old Mac line ends", "a\rb\r\rc", "a\nb\n\nc"),
    ("mixed line ends", "a\n\rb\r\r\nc", "a\n\nb\n\nc"),
    ("TAB and LF stay inside", "a\tb\nc", "a\tb\nc"),
    ("control characters go", "a\x00b\x07c\x1bd\x7fe\x0bf\x0cg", "abcdefg"),
    ("control characters above ASCII go", "a\x80b\x85c\x9fd", "abcd"),
    ("white space in front stays", "  a", "  a"),
    ("white space at the end goes", "a \t\n \n", "a"),
    ("only white space", " \n\t ", ""),
    ("every white space at the end goes", "a\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000", "a"),
    ("what only looks like white space stays", "a\u200b\ufeff\u2060\u180e", "a\u200b\ufeff\u2060\u180e"),
    ("a control character behind white space", "a \x00", "a"),
    ("white space behind a control character", "a\x00 ", "a"),
    ("lone surrogates", "a\ud800b\udfffc\udc00\ud800", "a\ufffdb\ufffdc\ufffd\ufffd"),
    ("beyond the first plane", "\U0001f333\U0010ffff", "\U0001f333\U0010ffff"),
    ("Unicode form is left alone", "e\u0301 \u00e9 \ufb01", "e\u0301 \u00e9 \ufb01"),
    ("format characters stay", "a\u200e\u202eb\u00ad", "a\u200e\u202eb\u00ad"),
)
_LINES = (
    ("plain", "a b", "a b"),
    ("LF and TAB", "a\nb\tc", "a b c"),
    ("CR LF is one space", "a\r\nb", "a b"),
    ("CR", "a\rb", "a b"),
    ("each LF is a space", "a\n\n\nb", "a   b"),
    ("in front", "\n\ta", "  a"),
    ("at the end", "a\n\t \r\n", "a"),
    ("a control character", "a\x00b", "ab"),
    ("line separators are not LF", "a\u2028b\u2029c", "a\u2028b\u2029c"),
    ("a lone surrogate", "\udabc", "\ufffd"),
)


def text() -> Case:
    """text.json"""
    return {
        "text": [{"about": about, "typed": typed, "clean": clean} for about, typed, clean in _TEXTS],
        "line": [{"about": about, "typed": typed, "clean": clean} for about, typed, clean in _LINES],
    }


def signatures() -> Case:
    """signing.json"""
    # The first is RFC 8032's first secret key; its messages are other ones.
    seeds = [bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"), signing(ADA).seed]
    texts = ["", "{}", '{"a":"\u00e9\U0001f333\u2028"}', "line\nline", "x" * 5000]
    contexts = ["quietline/message/v1", "quietline/keyring/v1"]
    cases = []
    for seed, context, words in [(s, c, t) for s in seeds for c in contexts for t in texts]:
        key = SigningKey.from_seed(seed)
        cases.append(
            {
                "seed": b64u_encode(seed),
                "verify": key.verify,
                "context": context,
                "text": words,
                "signature": b64u_encode(key.sign(context, words)),
                "envelope": envelope_write(context, words, key).decode(),
            }
        )
    return {"signatures": cases, "refused": _refused_signatures(), "envelopes_refused": _refused_envelopes()}


def _refused_signatures() -> list[Case]:
    key, context, words = signing(ADA), "quietline/message/v1", "text"
    right = key.sign(context, words)
    order = 2**252 + 27742317777372353535851937790883648493
    larger = right[:32] + (int.from_bytes(right[32:], "little") + order).to_bytes(32, "little")
    cases = (
        ("another text", key.verify, context, "Text", right),
        ("another context", key.verify, "quietline/keyring/v1", words, right),
        ("the LF moved into the text", key.verify, "quietline/message", "/v1\ntext", right),
        ("another key", signing(TEAM).verify, context, words, right),
        ("a bit of the signature flipped", key.verify, context, words, bytes([right[0] ^ 1]) + right[1:]),
        ("S not reduced (RFC 8032 section 5.1.7)", key.verify, context, words, larger),
        ("zeros", key.verify, context, words, bytes(64)),
    )
    return [{"about": a, "verify": v, "context": c, "text": t, "signature": b64u_encode(s)} for a, v, c, t, s in cases]


def _refused_envelopes() -> list[Case]:
    key, zeros = b64u_encode(bytes(32)), b64u_encode(bytes(64))
    cases = (
        ("no JSON", "signed"),
        ("a list", "[]"),
        ("no signed", f'{{"key":"{key}","signature":"{zeros}"}}'),
        ("no key", f'{{"signed":"","signature":"{zeros}"}}'),
        ("no signature", f'{{"signed":"","key":"{key}"}}'),
        ("signed is an object", f'{{"signed":{{}},"key":"{key}","signature":"{zeros}"}}'),
        ("the key is short", f'{{"signed":"","key":"{key[:-2]}","signature":"{zeros}"}}'),
        ("the key is padded", f'{{"signed":"","key":"{key}=","signature":"{zeros}"}}'),
        ("the key has bits that do not count", f'{{"signed":"","key":"{key[:-1]}B","signature":"{zeros}"}}'),
        ("the signature is a key", f'{{"signed":"","key":"{key}","signature":"{key}"}}'),
        ("a lone surrogate is signed", f'{{"signed":"\\ud800","key":"{key}","signature":"{zeros}"}}'),
    )
    return [{"about": about, "document": document} for about, document in cases]


def fingerprints() -> Case:
    """fingerprints.json"""
    names = (TEAM, OLD_TEAM, ADA)
    printed = fingerprint.channel(recipient(TEAM), signing(TEAM).verify)
    other = fingerprint.officer(recipient(TEAM), signing(TEAM).verify)
    same = [
        (printed, printed, True),
        (printed, printed.upper(), True),
        (printed, printed.replace(" ", ""), True),
        (printed, "  " + printed.replace(" ", "\n") + "\t", True),
        (printed, other, False),
        (printed, printed[:-1], False),
        (printed, "", False),
    ]
    pairs = [{"recipient": recipient(name), "verify": signing(name).verify} for name in names]
    return {
        "channel": [pair | {"fingerprint": fingerprint.channel(**pair)} for pair in pairs],
        "officer": [pair | {"fingerprint": fingerprint.officer(**pair)} for pair in pairs],
        "recovery": [{"recipient": recipient(name), "fingerprint": fingerprint.recovery(recipient(name))} for name in names],
        "same": [{"a": a, "b": b, "same": is_same} for a, b, is_same in same],
    }


_PASSWORD = "correct horse battery"
_PASSWORDS = (
    ("testing", "ada", _PASSWORD),
    ("testing", "bo.b-c_3", _PASSWORD),
    ("testing", "ada", "p\u00e4ssw\u00f6rd \ufb01 \U0001f333 long"),
    ("testing", "ada", "x" * 1024),
    ("testing", "ada", "a lone surrogate \ud800 counts as U+FFFD"),
    ("testing", "ada", "fourteen chars"),
    ("production", "ada", _PASSWORD),
)
_SAME_PASSWORDS = ("pa\u0308sswo\u0308rd fi \U0001f333 long", "p\u00e4ssw\u00f6rd \ufb01 \U0001f333 long")


def officers() -> Case:
    """kdf.json"""
    organisation = OrganisationId(an_id("organisation"))
    good = [
        ("ada", "ada"),
        ("Ada", "ada"),
        ("ADA.B_c-1", "ada.b_c-1"),
        ("x" * 64, "x" * 64),
        ("\uff21\uff44\uff41", "ada"),
        ("\u212aim", "kim"),
        (".", "."),
    ]
    bad = ["", " ", "ada b", " ada", "ada\n", "\u00e4da", "a\u0308da", "ada@example", "x" * 65, "\u0430da", "\u0130", "ada\u200b", "\ufdfa"]
    return {
        "user_names": [{"typed": typed, "name": name} for typed, name in good],
        "user_names_refused": bad,
        "organisation": organisation,
        "derivations": [_derivation(organisation, *case) for case in _PASSWORDS],
        "same_passwords": list(_SAME_PASSWORDS),
        "passwords_refused": ["", "x" * 13, "x" * 1025, "\U0001f333" * 13, "e\u0301" * 7 + "x" * 6],
    }


def _derivation(organisation: OrganisationId, profile: str, user: str, password: str) -> Case:
    secrets = kdf.derive(password, organisation, user, kdf.PROFILES[profile])
    return {
        "profile": profile,
        "user": user,
        "password": password,
        "login": b64u_encode(secrets.login),
        "login_hash": b64u_encode(hashlib.sha256(secrets.login).digest()),
        "unlock_seed": b64u_encode(secrets.unlock.seed),
    }


def aliases() -> Case:
    """aliases.json"""
    ids = [CaseId(i) for i in ("a" * 26, "7" * 25 + "4", *(an_id(f"case {n}") for n in range(8)))]
    return {
        "adjectives": list(alias.ADJECTIVES),
        "nouns": list(alias.NOUNS),
        "aliases": [{"case": case, "alias": alias.alias(case)} for case in ids],
    }
