"""Keyrings and identity files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.crypto import age, identity_file, inspect, keyring
from app.crypto.encoding import b64u_decode
from app.crypto.hybrid import HybridIdentity
from app.crypto.keyring import Keyring
from app.domain import ChannelId, OfficerId, OrganisationId
from app.errors import ArmorError, FormatError, NoMatch, RecipientError, SignatureError
from tests.vectors.make.keyrings import member, officer_identity, the_keyring
from tests.vectors.make.people import ADA, BO, CY, OLD_TEAM, STRANGER, TEAM, an_id, identity, recipient, signing

from .vectors import Case, about, load

VECTORS = load("keyrings.json")
SEALED = load("sealed.json")


def test_a_keyring_is_read_and_written_again_to_the_same_bytes() -> None:
    case = VECTORS["keyring"]
    read = keyring.read(case["document"].encode(), case["verify"])
    assert read == the_keyring()
    assert keyring.write(read) == case["document"].encode().ljust(case["length"], b" ")
    assert (read.verify, read.recipient) == (case["verify"], case["recipient"])
    assert read.verify_keys == set(case["verify_keys"])
    assert read.recipients == set(case["recipients"])
    assert read.identities == (identity(TEAM), identity(OLD_TEAM))
    assert read.current.epoch == 2


@pytest.mark.parametrize("case", VECTORS["read"], ids=about)
def test_a_keyring_is_right_or_refused(case: Case) -> None:
    document = case["document"].encode()
    if case["error"] is None:
        keyring.read(document, case["expected_verify"])
        return
    with pytest.raises(FormatError) as raised:
        keyring.read(document, case["expected_verify"])
    assert isinstance(raised.value, SignatureError) is (case["error"] == "signature")


def test_the_sealed_keyring_opens_for_officers_and_recovery_and_nobody_else() -> None:
    case = SEALED["keyring"]
    sealed = b64u_decode(case["sealed"])
    for seed in case["opened_by"]:
        assert keyring.open(sealed, [HybridIdentity.from_seed(b64u_decode(seed))], case["verify"]) == the_keyring()
    for name in (CY, STRANGER, TEAM, OLD_TEAM):
        with pytest.raises(NoMatch):
            keyring.open(sealed, [identity(name)], case["verify"])
    with pytest.raises(SignatureError):
        keyring.open(sealed, [identity(ADA)], signing(STRANGER).verify)


def _new() -> Keyring:
    members = [member(ADA, "Ada"), member(BO, "Bo")]
    return keyring.new_keyring(OrganisationId(an_id("o")), ChannelId(an_id("c")), date(2026, 1, 1), members, [recipient("recovery")])


def test_a_new_keyring_has_keys_of_its_own_and_opens() -> None:
    made = _new()
    assert (made.version, len(made.epochs), made.current.until) == (1, 1, None)
    assert made.recipient != _new().recipient
    assert made.verify != _new().verify
    sealed = keyring.seal(made)
    inspect.require_message(sealed, 3)
    assert keyring.open(sealed, [identity(BO)], made.verify) == made


def test_a_member_is_added_as_the_next_version_with_the_same_keys() -> None:
    made = _new()
    more = keyring.with_member(made, member(CY, "Cy"), date(2026, 2, 1))
    assert (more.version, more.made_on, more.epochs) == (2, date(2026, 2, 1), made.epochs)
    assert [m.id for m in more.officers] == [an_id(ADA), an_id(BO), an_id(CY)]
    assert keyring.open(keyring.seal(more), [identity(CY)], made.verify) == more
    with pytest.raises(NoMatch):
        keyring.open(keyring.seal(made), [identity(CY)], made.verify)


def test_a_member_of_the_same_id_is_replaced() -> None:
    renewed = replace(member(ADA, "Ada"), recipient=recipient(CY))
    more = keyring.with_member(_new(), renewed, date(2026, 2, 1))
    assert len(more.officers) == 2
    assert renewed in more.officers
    with pytest.raises(NoMatch):
        keyring.open(keyring.seal(more), [identity(ADA)])


def test_a_keyring_without_officers_or_recovery_is_never_made() -> None:
    made = _new()
    for wrong in ({"officers": ()}, {"recovery": ()}, {"epochs": ()}, {"version": 0}, {"officers": made.officers * 32}):
        with pytest.raises(FormatError):
            keyring.seal(replace(made, **wrong))
    with pytest.raises(FormatError):
        keyring.new_keyring(made.organisation, made.channel, made.made_on, [], made.recovery)
    with pytest.raises(FormatError):
        keyring.new_keyring(made.organisation, made.channel, made.made_on, made.officers, [])


def test_a_keyring_is_not_sealed_to_something_that_is_no_recipient() -> None:
    classic = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    with pytest.raises(RecipientError):
        keyring.seal(replace(_new(), recovery=(classic,)))


def test_an_identity_file_is_read_and_written_again_to_the_same_bytes() -> None:
    case = VECTORS["identity_file"]
    assert identity_file.read(case["document"].encode()) == officer_identity()
    assert identity_file.write(officer_identity()) == case["document"].encode().ljust(case["length"], b" ")


@pytest.mark.parametrize("case", VECTORS["identity_files_refused"], ids=about)
def test_it_refuses_identity_files_that_are_none(case: Case) -> None:
    with pytest.raises(FormatError):
        identity_file.read(case["document"].encode())


def test_the_identity_file_opens_armored_or_not() -> None:
    case = SEALED["identity_file"]
    unlock = HybridIdentity.from_seed(b64u_decode(case["unlock_seed"]))
    for sealed in (b64u_decode(case["sealed"]), case["armored"].encode(), case["armored"].replace("\n", "\r\n").encode()):
        assert identity_file.open(sealed, unlock) == officer_identity()
        with pytest.raises(NoMatch):
            identity_file.open(sealed, identity(STRANGER))
    with pytest.raises(ArmorError):
        identity_file.open(case["armored"][:500].encode(), unlock)


def test_an_identity_file_is_sealed_to_one_recipient_in_a_size_class() -> None:
    unlock = HybridIdentity.generate()
    sealed = identity_file.seal(officer_identity(), unlock.recipient)
    inspect.require_message(sealed, 1)
    assert identity_file.open(sealed, unlock) == officer_identity()


def test_an_identity_file_that_could_not_be_read_is_not_made() -> None:
    unlock = HybridIdentity.generate().recipient
    for wrong in ({"user": "Ada"}, {"user": ""}, {"officer": OfficerId("x")}):
        with pytest.raises(FormatError):
            identity_file.seal(replace(officer_identity(), **wrong), unlock)


def test_a_file_with_something_else_inside_is_refused() -> None:
    unlock = HybridIdentity.generate()
    with pytest.raises(FormatError):
        identity_file.open(age.seal_bytes(b"{}", [unlock.recipient]), unlock)
    with pytest.raises(FormatError):
        keyring.open(age.seal_bytes(b"{}", [unlock.recipient]), [unlock])
