"""Proof of work: what counts as one, once, in its time; everything else is worth nothing and breaks nothing."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge
from hypothesis import given
from hypothesis import strategies as st

from app.cli import proofs as module
from app.cli.framing import PROOF_BYTES
from app.cli.proofs import MINUTES, Proofs

Change = Callable[[dict[str, Any]], object]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> Proofs:
    monkeypatch.setattr(module, "MOST", 200)
    return Proofs()


def answered(challenge: dict[str, Any]) -> dict[str, Any]:
    """What a browser makes of it."""
    made = Challenge.from_dict(challenge)
    solution = solve_challenge(made)
    assert solution is not None
    solution.time = None
    return Payload(made, solution).to_dict()


def header(value: object) -> bytes:
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode())


def test_a_proof_is_taken_once(proofs: Proofs) -> None:
    proof = header(answered(proofs.challenge()))
    assert proofs.take(proof)
    assert not proofs.take(proof)
    assert proofs.take(header(answered(proofs.challenge())))


def test_the_same_proof_in_other_words_is_the_same(proofs: Proofs) -> None:
    answer = answered(proofs.challenge())
    assert proofs.take(header(answer))
    assert not proofs.take(base64.b64encode(json.dumps(answer, indent=1).encode()))
    answer["challenge"]["parameters"]["nonce"] = answer["challenge"]["parameters"]["nonce"].upper()
    assert not proofs.take(header(answer))


def test_it_fits_the_header_and_asks_for_what_it_says() -> None:
    proofs = Proofs()
    challenge = proofs.challenge()
    assert challenge["parameters"].keys() == {"algorithm", "cost", "keyLength", "keyPrefix", "nonce", "salt", "expiresAt", "data"}
    assert challenge["parameters"]["data"] == {"most": module.MOST}
    answer = answered(challenge)
    assert 0 <= answer["solution"]["counter"] <= module.MOST
    assert len(header(answer)) <= PROOF_BYTES - 200
    assert proofs.take(header(answer))


def test_it_tells_minutes_only(proofs: Proofs) -> None:
    until = proofs.challenge()["parameters"]["expiresAt"]
    assert until % 60 == 0
    assert (MINUTES - 1) * 60 <= until - time.time() <= MINUTES * 60


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer["challenge"]["parameters"].update(keyPrefix=""),
        lambda answer: answer["challenge"]["parameters"].update(keyPrefix="00"),
        lambda answer: answer["challenge"]["parameters"].update(expiresAt=2**40),
        lambda answer: answer["challenge"]["parameters"].update(data={"most": 1}),
        lambda answer: answer["challenge"]["parameters"].update(cost=0),
        lambda answer: answer["challenge"]["parameters"].update(algorithm="PBKDF2/SHA-256", cost=2**31),
        lambda answer: answer["challenge"]["parameters"].update(keyLength=0, keyPrefix=""),
        lambda answer: answer["challenge"].update(signature="0" * 64),
        lambda answer: answer["challenge"].update(signature=None),
        lambda answer: answer["challenge"].pop("signature"),
        lambda answer: answer["solution"].update(counter=answer["solution"]["counter"] + 1),
        lambda answer: answer["solution"].update(counter=-1),
        lambda answer: answer["solution"].update(counter="1"),
        lambda answer: answer["solution"].update(derivedKey="00" * 32),
        lambda answer: answer["solution"].pop("derivedKey"),
        lambda answer: answer.pop("solution"),
    ],
)
def test_what_was_altered_is_worth_nothing(proofs: Proofs, change: Change) -> None:
    answer = answered(proofs.challenge())
    change(answer)
    assert not proofs.take(header(answer))


def test_of_another_server_it_is_worth_nothing(proofs: Proofs) -> None:
    assert not proofs.take(header(answered(Proofs().challenge())))


def test_workers_forked_from_one_process_take_each_others(proofs: Proofs) -> None:
    proof = header(answered(proofs.challenge()))
    child = os.fork()
    if child == 0:
        os._exit(0 if proofs.take(proof) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_after_its_time_it_is_worth_nothing(proofs: Proofs, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = header(answered(proofs.challenge()))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + MINUTES * 60 + 1)
    assert not proofs.take(proof)


@given(st.binary(max_size=100) | st.binary(max_size=100).map(base64.b64encode))
def test_garbage_is_worth_nothing(data: bytes) -> None:
    assert not Proofs().take(data)


@given(JSON, JSON, JSON)
def test_so_is_any_other_json(one: object, two: object, three: object) -> None:
    proofs = Proofs()
    for value in (
        one,
        {"challenge": one, "solution": two},
        {"challenge": {"parameters": one, "signature": three}, "solution": {"counter": two, "derivedKey": three}},
        {
            "challenge": {"parameters": {"algorithm": one, "nonce": two, "salt": three, "cost": one, "expiresAt": two}, "signature": three},
            "solution": {"counter": 1, "derivedKey": "00"},
        },
    ):
        assert not proofs.take(header(value))


@pytest.mark.parametrize("data", [b"", b"none", b"W" * PROOF_BYTES, b"[" * PROOF_BYTES, b"\xff" * 20, base64.b64encode(b"[" * 700)])
def test_so_is_what_can_only_break_a_reader(data: bytes) -> None:
    assert not Proofs().take(data)


def test_what_is_remembered_is_bounded(proofs: Proofs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 5)
    clock = time.time()
    monkeypatch.setattr(time, "time", lambda: clock)
    for _ in range(12):
        assert proofs.take(header(answered(proofs.challenge()))), "who works is not shut out by others who did"
        assert _remembered(proofs) <= 5
    clock += (MINUTES + 2) * 60
    assert proofs.take(header(answered(proofs.challenge())))
    assert _remembered(proofs) == 1


def _remembered(proofs: Proofs) -> int:
    return sum(map(len, proofs._used.values()))


@pytest.mark.parametrize(("value", "loaded"), [("0", False), ("1", True)])
def test_its_library_is_loaded_only_where_it_is_switched_on(value: str, loaded: bool) -> None:
    script = (
        "import sys; from app.cli.serve import _proofs; from app.settings import from_env\n"
        f"found = _proofs(from_env({{'QUIETLINE_PROOF_OF_WORK': '{value}'}}, serving=False))\n"
        "print(found is not None, 'altcha' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == f"{loaded} {loaded}\n"
