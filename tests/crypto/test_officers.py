"""User names, passwords, and tickets."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import kdf, tickets
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.tickets import Purpose
from app.domain import OrganisationId
from app.errors import FormatError, PasswordError, UserNameError

from .vectors import Case, load

VECTORS = load("kdf.json")
ORGANISATION = OrganisationId(VECTORS["organisation"])
TESTING = kdf.PROFILES["testing"]


@pytest.mark.parametrize("case", VECTORS["user_names"], ids=lambda case: repr(case["typed"]))
def test_user_names_are_folded(case: Case) -> None:
    assert kdf.user_name(case["typed"]) == case["name"]
    assert kdf.user_name(case["name"]) == case["name"]


@pytest.mark.parametrize("typed", VECTORS["user_names_refused"], ids=repr)
def test_it_refuses_user_names_that_are_none(typed: str) -> None:
    with pytest.raises(UserNameError):
        kdf.user_name(typed)
    with pytest.raises(UserNameError):
        kdf.derive("a password that is long", ORGANISATION, typed, TESTING)


@pytest.mark.parametrize("case", VECTORS["derivations"], ids=lambda case: f"{case['profile']} {case['user']}")
def test_passwords_derive_the_same_everywhere(case: Case) -> None:
    secrets = kdf.derive(case["password"], ORGANISATION, case["user"], kdf.PROFILES[case["profile"]])
    assert secrets.login == b64u_decode(case["login"])
    assert secrets.unlock.seed == b64u_decode(case["unlock_seed"])
    assert kdf.login_hash(secrets.login) == b64u_decode(case["login_hash"]) == hashlib.sha256(secrets.login).digest()


def test_one_production_derivation_is_in_the_vectors() -> None:
    assert [case["profile"] for case in VECTORS["derivations"]].count("production") == 1
    production = kdf.PROFILES["production"]
    assert (production.memory_kib, production.passes) == (65536, 3)


def test_a_password_is_the_same_in_every_unicode_form() -> None:
    first, second = (kdf.derive(password, ORGANISATION, "ada", TESTING) for password in VECTORS["same_passwords"])
    assert first == second


@pytest.mark.parametrize("password", VECTORS["passwords_refused"], ids=len)
def test_it_refuses_passwords_of_the_wrong_length(password: str) -> None:
    with pytest.raises(PasswordError):
        kdf.derive(password, ORGANISATION, "ada", TESTING)


def test_other_organisations_users_passwords_and_profiles_derive_other_secrets() -> None:
    password = "correct horse battery"
    other_profile = kdf.Profile("testing", 128, 1)
    made = [
        kdf.derive(password, ORGANISATION, "ada", TESTING),
        kdf.derive(password, ORGANISATION, "adam", TESTING),
        kdf.derive(password, OrganisationId("a" * 26), "ada", TESTING),
        kdf.derive(password + ".", ORGANISATION, "ada", TESTING),
        kdf.derive(password, ORGANISATION, "ada", other_profile),
    ]
    assert len({secrets.login for secrets in made} | {secrets.unlock.seed for secrets in made}) == 10


def test_the_name_is_length_prefixed_so_that_parts_cannot_run_together() -> None:
    password = "correct horse battery"
    assert kdf.derive(password, OrganisationId("ab"), "c", TESTING) != kdf.derive(password, OrganisationId("a"), "bc", TESTING)


def test_only_32_bytes_are_a_login() -> None:
    for length in (0, 31, 33):
        with pytest.raises(FormatError):
            kdf.login_hash(bytes(length))


KEY, ENTROPY, EXPIRES = tickets.new_key(), bytes(range(16)), 1_800_000_000
TICKET = tickets.seal_ticket(KEY, ENTROPY, EXPIRES, ORGANISATION, "report")


def _open(
    ticket: str = TICKET,
    keys: tuple[bytes, ...] = (KEY,),
    now: int = 0,
    organisation: OrganisationId = ORGANISATION,
    purpose: Purpose = "report",
) -> bytes:
    return tickets.open_ticket(keys, ticket, now, organisation, purpose)


def test_a_ticket_opens_with_any_of_the_keys_until_it_expires() -> None:
    assert _open() == ENTROPY
    assert _open(keys=(tickets.new_key(), KEY)) == ENTROPY
    assert _open(now=EXPIRES - 1) == ENTROPY


def test_an_expired_ticket_is_refused() -> None:
    for now in (EXPIRES, EXPIRES + 1, 2**40):
        with pytest.raises(FormatError):
            _open(now=now)


def test_a_ticket_is_good_for_its_organisation_and_purpose_only() -> None:
    with pytest.raises(FormatError):
        _open(organisation=OrganisationId("a" * 26))
    with pytest.raises(FormatError):
        _open(purpose="conversation")


def test_a_ticket_of_another_server_is_refused() -> None:
    for keys in ((), (tickets.new_key(),), (tickets.new_key(), tickets.new_key())):
        with pytest.raises(FormatError):
            _open(keys=keys)


@given(st.integers(0, 52 * 8 - 1))
def test_no_bit_of_a_ticket_can_be_flipped(bit: int) -> None:
    data = bytearray(b64u_decode(TICKET))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FormatError):
        _open(b64u_encode(bytes(data)))


@pytest.mark.parametrize("ticket", ["", "x", TICKET[:-1], TICKET + "A", TICKET + "=", "\u00e9" * 70], ids=len)
def test_something_else_is_no_ticket(ticket: str) -> None:
    with pytest.raises(FormatError):
        _open(ticket)


def test_tickets_of_the_same_receipt_differ_and_hide_it() -> None:
    other = tickets.seal_ticket(KEY, ENTROPY, EXPIRES, ORGANISATION, "report")
    assert other != TICKET
    assert len(other) == len(TICKET)
    assert ENTROPY not in b64u_decode(other)


def test_only_16_bytes_go_into_a_ticket() -> None:
    for length in (0, 15, 17):
        with pytest.raises(FormatError):
            tickets.seal_ticket(KEY, bytes(length), EXPIRES, ORGANISATION, "report")
