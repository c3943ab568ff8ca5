"""What README.md of app/crypto promises: nothing but bytes in and out, and secrets that are not shown."""

from __future__ import annotations

import ast
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import app.crypto
from app.crypto import age, jsontext, kdf, keyring, message, recovery, words
from app.crypto.encoding import b64u_encode
from app.crypto.hybrid import HybridIdentity
from app.crypto.receipt import Receipt
from app.crypto.signing import SigningKey
from app.domain import OrganisationId
from app.errors import QuietlineError
from tests.vectors.make.keyrings import officer_identity, the_keyring
from tests.vectors.make.people import RECEIPT

FOLDER = Path(app.crypto.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))

ALLOWED = {
    *(
        "__future__",
        "base64",
        "binascii",
        "collections",
        "dataclasses",
        "datetime",
        "functools",
        "hashlib",
        "hmac",
        "json",
        "re",
        "secrets",
    ),
    *("types", "typing", "unicodedata", "argon2", "cryptography", "mnemonic"),
}
ALLOWED_OF_OURS = ("app.crypto", "app.domain", "app.errors")
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}
# Recipients and tables; and what a receipt derives is kept in that receipt, as long as it lives.
OF_A_RECEIPT = {"identity", "signing", "words"}
PUBLIC_CACHES = {"hybrid": {"team_recipient_bytes", "_parsed"}, "bech32": {"_columns", "_halves"}, "receipt": OF_A_RECEIPT}
FORBIDDEN_METHODS = {"now", "today", "utcnow", "time", "read_text", "write_text", "read_bytes", "write_bytes", "getenv"}


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_only_what_the_contract_allows(path: Path) -> None:
    for name in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        ours = any(name == allowed or name.startswith(allowed + ".") for allowed in ALLOWED_OF_OURS)
        assert ours or name.split(".")[0] in ALLOWED, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_touches_no_file_clock_or_output(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in FORBIDDEN_METHODS, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_what_is_public_is_cached(path: Path) -> None:
    cached = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert set(cached) <= PUBLIC_CACHES.get(path.stem, set())


def test_importing_crypto_loads_no_web_framework_and_no_database() -> None:
    names = ", ".join(f"app.crypto.{path.stem}" for path in MODULES if path.stem != "__init__")
    code = f"import sys, {names}; print([m for m in ('flask', 'werkzeug', 'sqlalchemy', 'logging.config') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=FOLDER.parent.parent)
    assert loaded.stdout.strip() == "[]"


# Fixed, because a traceback shows lines of code, and "raise" is a word on the list.
SECRETS = [*RECEIPT.words, RECEIPT.entropy.hex(), repr(RECEIPT.entropy), b64u_encode(RECEIPT.entropy)]


def test_no_secret_stands_in_a_repr() -> None:
    secrets = kdf.derive("a long enough password", OrganisationId("a"), "ada", kdf.PROFILES["testing"])
    shown = repr([RECEIPT, RECEIPT.identity, RECEIPT.signing, secrets, the_keyring(), officer_identity()])
    private = [RECEIPT.identity, secrets.unlock, officer_identity().identity, *the_keyring().identities]
    keys = [RECEIPT.signing, officer_identity().signing, *(epoch.signing for epoch in the_keyring().epochs)]
    seeds = [identity.seed for identity in private] + [key.seed for key in keys]
    hidden = [str(identity) for identity in private] + [write(seed) for seed in seeds for write in (repr, b64u_encode, bytes.hex)]
    for secret in [*hidden, *(f(secrets.login) for f in (repr, b64u_encode)), *SECRETS[12:], " ".join(RECEIPT.words)]:
        assert secret not in shown


def _shown(error: BaseException) -> str:
    # Causes and contexts too: what a log would print.
    return "".join(traceback.format_exception(error, chain=True)) + repr(error) + str(error)


def test_no_secret_stands_in_an_exception() -> None:
    key = HybridIdentity.generate()
    typed = " ".join([*RECEIPT.words[:11], "abandon", "abandon"])
    body = "Meet me behind the canteen."
    calls: list[Callable[[], object]] = [
        lambda: Receipt.read(typed),
        lambda: Receipt.read(" ".join([*RECEIPT.words[1:], RECEIPT.words[0]])),
        lambda: Receipt.read(" ".join(RECEIPT.words) + " canteen"),
        lambda: recovery.read(" ".join(RECEIPT.words)),
        lambda: HybridIdentity.parse(str(key)[:-1] + ("Q" if str(key)[-1] != "Q" else "P")),
        lambda: jsontext.load(f'{{"body":"{body}"'),
        lambda: message.read(f'{{"signed":"{body}"}}'.encode()),
        lambda: message.payload_read(f'{{"v":1,"body":"{body}"}}'),
        lambda: keyring.read(f'{{"signed":"{key}","key":"","signature":""}}'.encode()),
        lambda: age.unseal_bytes(age.seal_bytes(body.encode(), [key.recipient]), [RECEIPT.identity]),
        lambda: kdf.derive("short password"[:13], OrganisationId("a"), "ada", kdf.PROFILES["testing"]),
    ]
    for call in calls:
        with pytest.raises(QuietlineError) as raised:
            call()
        shown = _shown(raised.value).replace(Path(__file__).read_text(encoding="utf-8"), "")
        lines = [line for line in shown.splitlines() if not line.lstrip().startswith(("File", "lambda", "call()", "~", "^"))]
        for secret in (*RECEIPT.words, str(key), key.seed.hex(), "canteen", "short passwor"):
            assert not any(secret in line.split() or (len(secret) > 9 and secret in line) for line in lines), call


def test_words_errors_tell_only_the_parts_that_are_on_no_list() -> None:
    with pytest.raises(QuietlineError) as raised:
        words.read_words(" ".join([*RECEIPT.words[:11], "blorb"]), 12)
    assert raised.value.parameters == {"reason": "not_on_list", "parts": ((12, "blorb"),)}


def test_equality_of_keys_is_by_value() -> None:
    seed = bytes(range(32))
    assert HybridIdentity.from_seed(seed) == HybridIdentity.from_seed(seed) != HybridIdentity.generate()
    assert SigningKey.from_seed(seed) == SigningKey.from_seed(seed) != SigningKey.generate()
    assert len({HybridIdentity.from_seed(seed), HybridIdentity.from_seed(seed), HybridIdentity.generate()}) == 2
    assert len({SigningKey.from_seed(seed), SigningKey.from_seed(seed), SigningKey.generate()}) == 2
    assert HybridIdentity.from_seed(seed).recipient == HybridIdentity.from_seed(seed).recipient
