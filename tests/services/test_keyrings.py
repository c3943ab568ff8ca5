"""A channel is opened once, by one of its own officers, and its keyring is sealed to everybody who must be able to open it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.crypto import keyring
from app.crypto.encoding import b64u_encode, new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.keyring import Keyring
from app.domain import ChannelId
from app.errors import Conflict, FormatError, KeyringRefused, NotAllowed, UnknownChannel
from app.services import keyrings
from app.services.sessions import Officer
from tests.services.letters import officer
from tests.support import Place, enrol, make_person


@pytest.fixture
def nathan(place: Place) -> Officer:
    """Of the audit committee, which is not open yet."""
    return officer(place, place.nathan)


def ring(place: Place) -> Keyring:
    """What Nathan's browser makes for the audit committee."""
    (row,) = keyrings.for_officer(place.ctx, officer(place, place.nathan))
    return keyring.new_keyring(place.id, row.channel, place.ctx.today(), row.members, row.recovery)


def open_audit(place: Place, who: Officer, made: Keyring, sealed: bytes | None = None, channel: ChannelId | None = None) -> None:
    keyrings.open_channel(place.ctx, who, channel or place.audit_id, made.recipient, made.verify, sealed or keyring.seal(made))


def test_an_officer_gets_the_keyrings_of_their_own_channels_only(place: Place, nathan: Officer) -> None:
    (ethics,) = keyrings.for_officer(place.ctx, officer(place, place.olivia))
    assert (ethics.slug, ethics.version, ethics.recipient) == ("ethics", 1, place.keyring.recipient)
    assert ethics.sealed is not None
    assert keyring.open(ethics.sealed, [place.olivia.keys.identity], ethics.verify).identities == place.keyring.identities
    (audit,) = keyrings.for_officer(place.ctx, nathan)
    assert (audit.slug, audit.version, audit.sealed, audit.recipient, audit.verify) == ("audit", None, None, None, None)
    assert audit.members == (place.nathan.member,)
    assert audit.recovery == (str(place.recovery.recipient),)


def test_the_first_officer_opens_the_channel(place: Place, nathan: Officer) -> None:
    made = ring(place)
    open_audit(place, nathan, made)
    assert place.audit.open
    assert place.audit.keys is not None
    assert (place.audit.keys.recipient, place.audit.keys.verify, place.audit.keys.epoch) == (made.recipient, made.verify, 1)
    (row,) = keyrings.for_officer(place.ctx, nathan)
    assert row.sealed is not None
    assert keyring.open(row.sealed, [place.recovery], made.verify).version == 1


def test_it_is_opened_once_and_the_same_again_is_no_error(place: Place, nathan: Officer) -> None:
    made = ring(place)
    sealed = keyring.seal(made)
    open_audit(place, nathan, made, sealed)
    open_audit(place, nathan, made, sealed)
    with pytest.raises(Conflict):
        open_audit(place, nathan, made)
    with pytest.raises(Conflict):
        open_audit(place, nathan, ring(place), sealed)
    assert place.audit.keys is not None
    assert place.audit.keys.recipient == made.recipient


def test_of_several_at_once_one_opens_it(place: Place, nathan: Officer) -> None:
    rings = [ring(place) for _ in range(6)]

    def attempt(made: Keyring) -> bool:
        try:
            open_audit(place, nathan, made)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(attempt, rings))
    assert sorted(won) == [False] * 5 + [True]
    assert place.audit.keys is not None
    assert place.audit.keys.recipient == rings[won.index(True)].recipient


def test_an_officer_of_another_channel_cannot_open_it(place: Place) -> None:
    olivia = officer(place, place.olivia)
    with pytest.raises(NotAllowed):
        open_audit(place, olivia, ring(place))
    with pytest.raises(UnknownChannel):
        open_audit(place, olivia, ring(place), channel=ChannelId(new_id()))
    assert not place.audit.open


def test_a_keyring_not_sealed_to_officer_and_recovery_is_refused(place: Place, nathan: Officer) -> None:
    made = ring(place)
    stranger = str(HybridIdentity.generate().recipient)
    for sealed in (
        b"plain",
        keyring.seal(made)[:-1],
        keyring.seal(keyring.new_keyring(place.id, place.audit_id, made.made_on, made.officers, [*made.recovery, stranger])),
    ):
        with pytest.raises(KeyringRefused):
            open_audit(place, nathan, made, sealed)
    assert not place.audit.open


def test_officers_who_enrolled_before_it_opened_may_be_on_the_keyring(place: Place, nathan: Officer) -> None:
    enrol(place.ctx, make_person(place.id, "maya", "Maya"), place.audit_id)
    made = ring(place)
    assert len(made.officers) == 2
    open_audit(place, nathan, made)
    assert place.audit.open


def test_keys_that_cannot_be_used_are_refused(place: Place, nathan: Officer) -> None:
    made = ring(place)
    for recipient, verify in (("age1x", made.verify), (made.recipient, "short"), (made.recipient, b64u_encode(bytes(33)))):
        with pytest.raises(FormatError):
            keyrings.open_channel(place.ctx, nathan, place.audit_id, recipient, verify, keyring.seal(made))
    assert not place.audit.open


def test_after_a_recovery_the_next_version_is_installed_and_the_keys_stay(place: Place) -> None:
    new = make_person(place.id, "maya", "Maya")
    recovered = keyring.open(keyring.seal(place.keyring), [place.recovery], place.keyring.verify)
    second = keyring.with_member(recovered, new.member, place.ctx.today())
    keyrings.install(place.ctx, place.id, "ethics", 2, keyring.seal(second))
    (row,) = keyrings.for_officer(place.ctx, officer(place, place.olivia))
    assert (row.version, row.recipient) == (2, place.keyring.recipient)
    assert row.sealed is not None
    assert keyring.open(row.sealed, [new.keys.identity], place.keyring.verify).version == 2


def test_a_version_that_is_not_the_next_one_is_refused(place: Place) -> None:
    sealed = keyring.seal(place.keyring)
    for version in (0, 1, 3):
        with pytest.raises(KeyringRefused):
            keyrings.install(place.ctx, place.id, "ethics", version, sealed)
    with pytest.raises(KeyringRefused):
        keyrings.install(place.ctx, place.id, "ethics", 2, b"plain")
    with pytest.raises(KeyringRefused):
        keyrings.install(place.ctx, place.id, "audit", 1, sealed)
    with pytest.raises(UnknownChannel):
        keyrings.install(place.ctx, place.id, "nowhere", 2, sealed)
