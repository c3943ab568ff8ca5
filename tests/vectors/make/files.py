"""filenames.json and attachments.json: names and types as given and as cleaned; what is fixed of a sealed file."""

from __future__ import annotations

import hashlib
import unicodedata

from app.crypto import attachment, padding
from app.crypto.encoding import b64u_encode

Case = dict[str, object]
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

_NAMES = (
    ("an ordinary name", "minutes.pdf", "minutes.pdf"),
    ("no ending", "minutes", "minutes"),
    ("two endings", "photo.jpg.exe", "photo.jpg.exe"),
    ("a path", "/home/ada/Documents/minutes.pdf", "minutes.pdf"),
    ("a path upwards", "../../etc/passwd", "passwd"),
    ("a Windows path", "C:\\Users\\ada\\minutes.pdf", "minutes.pdf"),
    ("both separators", "a\\b/c\\d.txt", "d.txt"),
    ("a Windows share", "\\\\host\\share\\minutes.pdf", "minutes.pdf"),
    ("a Windows device path", "\\\\.\\C:\\minutes.pdf", "minutes.pdf"),
    ("a long Windows path", "\\\\?\\C:\\a\\..\\minutes.pdf", "minutes.pdf"),
    ("a Windows device", "\\\\.\\NUL", "NUL"),
    ("a device's name is left to where it is saved", "con.txt", "con.txt"),
    ("a stream of a Windows file is left to where it is saved", "minutes.pdf:other:$DATA", "minutes.pdf:other:$DATA"),
    ("a file address", "file:///home/ada/minutes.pdf", "minutes.pdf"),
    ("separators of other scripts are none", "a\u2044b\uff0fc\u29f5d", "a\u2044b\uff0fc\u29f5d"),
    ("nothing", "", "file"),
    ("a folder", "a/b/", "file"),
    ("a dot", ".", "file"),
    ("two dots", "a/..", "file"),
    ("three dots", "...", "..."),
    ("two dots and a space", ".. ", "file"),
    ("two dots behind a space", " ..", "file"),
    ("a dot between marks of direction", "\u202e.\u202c", "file"),
    ("white space only", " \t\u00a0\u3000\n", "file"),
    ("a hidden file", ".profile", ".profile"),
    ("a dot at the end", "minutes.", "minutes."),
    ("white space around", " \u2003 minutes .pdf \t\r\n", "minutes .pdf"),
    ("a line end", "minutes\r\nContent-Type: text/html.pdf", "html.pdf"),
    ("a line end without a path", "a\r\nb\rc\nd.pdf", "a b c d.pdf"),
    ("a TAB", "a\tb.pdf", "a b.pdf"),
    ("control characters", "a\0b\x07c\x1b[31m\x7f\x85.pdf", "abc[31m.pdf"),
    ("a NUL before another ending", "minutes.pdf\0.exe", "minutes.pdf.exe"),
    ("an ending turned round", "annual\u202efdp.exe", "annualfdp.exe"),
    ("every mark of direction", "a\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069b", "ab"),
    ("a mark of direction at the beginning, then a space", "\u200f a.txt", "a.txt"),
    ("right-to-left letters stay", "\u05d3\u05d5\u05d7.pdf", "\u05d3\u05d5\u05d7.pdf"),
    ("joiners stay", f"{_FAMILY}.png", f"{_FAMILY}.png"),
    ("composed letters stay as they are", unicodedata.normalize("NFC", "r\u00e9sum\u00e9.pdf"), "r\u00e9sum\u00e9.pdf"),
    ("and decomposed ones too", unicodedata.normalize("NFD", "r\u00e9sum\u00e9.pdf"), "re\u0301sume\u0301.pdf"),
    ("a lone surrogate", "a\ud800b.txt", "a\ufffdb.txt"),
    ("markup is text", '<img src="x">.png', '<img src="x">.png'),
    ("quotes and percent signs", "a\"b'c%00%2f.png", "a\"b'c%00%2f.png"),
    ("the longest", "x" * 96 + ".txt", "x" * 96 + ".txt"),
    ("a character more", "x" * 97 + ".txt", "x" * 96 + ".txt"),
    ("no ending and too long", "x" * 101, "x" * 100),
    ("the longest ending that is kept", "x" * 200 + "." + "y" * 11, "x" * 88 + "." + "y" * 11),
    ("a longer one", "x" * 200 + "." + "y" * 12, "x" * 100),
    ("an ending of a dot alone", "x" * 200 + ".", "x" * 100),
    ("cut at a space", "x" * 99 + " " + "y" * 50, "x" * 99),
    ("cut at a space, before an ending", "x" * 95 + " " + "y" * 50 + ".txt", "x" * 95 + " .txt"),
    ("characters beyond the first plane", "\U0001f333" * 150 + ".\U0001f333", "\U0001f333" * 98 + ".\U0001f333"),
    ("ten thousand characters", "x" * 10_000 + ".tar.gz", "x" * 97 + ".gz"),
    ("ten thousand dots", "." * 10_000, "." * 100),
    ("ten thousand folders", "a/" * 5_000 + "b", "b"),
    ("ten thousand marks of direction", "\u202e" * 10_000 + "a", "a"),
)

_TYPES = (
    ("a type", "application/pdf", "application/pdf"),
    ("every character", "a0!#$&^_.+-/b0!#$&^_.+-", "a0!#$&^_.+-/b0!#$&^_.+-"),
    ("capitals", "Image/PNG", "image/png"),
    ("the longest", "a/" + "b" * 98, "a/" + "b" * 98),
    ("a character more", "a/" + "b" * 99, ""),
    ("nothing", "", ""),
    ("parameters", "text/plain; charset=utf-8", ""),
    ("parameters without a space", "text/plain;charset=utf-8", ""),
    ("no slash", "text", ""),
    ("two slashes", "text/plain/x", ""),
    ("nothing before the slash", "/plain", ""),
    ("nothing behind it", "text/", ""),
    ("a sign first", "text/+xml", ""),
    ("a sign before the slash", ".text/xml", ""),
    ("a space around", " text/plain", ""),
    ("a line end behind", "text/plain\n", ""),
    ("a header inside", "text/plain\r\nX: y", ""),
    ("a wildcard", "*/*", ""),
    ("a letter whose lower case is of ASCII", "\u212aml/text", ""),
    ("letters of another script", "t\u0435xt/plain", ""),
    ("digits of another script", "a\u0661/b", ""),
    ("markup", "<b>/x", ""),
)


def filenames() -> Case:
    """filenames.json"""
    names = [{"about": about, "given": given, "clean": clean} for about, given, clean in _NAMES]
    return {"names": names, "types": [{"about": about, "given": given, "clean": clean} for about, given, clean in _TYPES]}


def plain(size: int) -> bytes:
    """The bytes 0, 1, 2 ... 250, 0, 1 ..., so many."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def attachments() -> Case:
    """attachments.json"""
    return {"files": [_file(size) for size in (0, 1, 65535, 65536, 65537, 67584, 67585, 131072, 200000)]}


def _file(size: int) -> Case:
    file, padded = plain(size), padding.attachment_class(size)
    return {
        "size": size,
        "sha256": b64u_encode(hashlib.sha256(file).digest()),
        "padded": padded,
        "padded_sha256": b64u_encode(hashlib.sha256(file + bytes(padded - size)).digest()),
        "sealed": [{"recipients": count, "length": attachment.sealed_length(padded, count)} for count in (1, 2, 64)],
    }
