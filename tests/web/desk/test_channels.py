"""Channels and keys: what an officer compares, downloads, and opens."""

from __future__ import annotations

from typing import Any

from app.crypto import armor, fingerprint, identity_file, keyring
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.keyring import Keyring
from tests.support import Place
from tests.web.desk.helpers import Browser, Elements


def new_ring(place: Place) -> Keyring:
    return keyring.new_keyring(place.id, place.audit_id, place.ctx.today(), [place.nathan.member], [str(place.recovery.recipient)])


def opening(ring: Keyring) -> dict[str, Any]:
    return {"recipient": ring.recipient, "verify": ring.verify, "sealed": b64u_encode(keyring.seal(ring))}


def test_an_open_channel_shows_the_fingerprint_that_reporters_see(olivia: Browser, place: Place) -> None:
    page = olivia.get("/desk/channels").text
    assert fingerprint.channel(place.keyring.recipient, place.keyring.verify) in page
    assert "Audit committee" not in page


def test_a_channel_without_keys_is_not_yet_open_and_asks_to_compare_with_the_paper(nathan: Browser, place: Place) -> None:
    page = nathan.get("/desk/channels").text
    assert "Not yet open" in page
    elements = Elements(page)
    assert str(place.recovery.recipient) in elements.values("data-recipient")
    compared = elements.with_attribute("data-compared")
    assert len(compared) == 1
    assert "required" in compared[0]
    assert "checked" not in compared[0]


def test_the_first_officer_opens_the_channel(nathan: Browser, place: Place) -> None:
    ring = new_ring(place)
    nathan.get("/desk/channels")
    assert nathan.post(f"/desk/channels/{place.audit_id}/open", opening(ring)).json == {}
    rings = nathan.get("/desk/keyrings").json
    assert rings is not None
    (found,) = rings["keyrings"]
    assert (found["recipient"], found["verify"], found["version"]) == (ring.recipient, ring.verify, 1)
    assert keyring.open(b64u_decode(found["sealed"]), [place.nathan.keys.identity]).verify == ring.verify
    assert "Not yet open" not in nathan.get("/desk/channels").text


def test_a_channel_is_opened_once(nathan: Browser, place: Place) -> None:
    nathan.get("/desk/channels")
    nathan.post(f"/desk/channels/{place.audit_id}/open", opening(new_ring(place)))
    again = nathan.post(f"/desk/channels/{place.audit_id}/open", opening(new_ring(place)))
    assert (again.status_code, again.json) == (409, {"error": "conflict"})


def test_an_officer_of_another_channel_cannot_open_it(olivia: Browser, nathan: Browser, place: Place) -> None:
    olivia.get("/desk/channels")
    assert olivia.post(f"/desk/channels/{place.audit_id}/open", opening(new_ring(place))).status_code == 403
    assert "Not yet open" in nathan.get("/desk/channels").text


def test_a_keyring_that_is_not_sealed_for_recovery_opens_nothing(nathan: Browser, place: Place) -> None:
    ring = new_ring(place)
    nathan.get("/desk/channels")
    body = {**opening(ring), "sealed": b64u_encode(identity_file.seal(place.nathan.keys, place.nathan.keys.identity.recipient))}
    answer = nathan.post(f"/desk/channels/{place.audit_id}/open", body)
    assert answer.json == {"error": "keyring"}
    assert "Not yet open" in nathan.get("/desk/channels").text


def test_keyrings_are_those_of_the_officers_own_channels(olivia: Browser, place: Place) -> None:
    rings = olivia.get("/desk/keyrings").json
    assert rings is not None
    (found,) = rings["keyrings"]
    assert set(found) == {"channel", "name", "slug", "recipient", "verify", "version", "sealed", "officers", "recovery"}
    assert found["channel"] == place.ethics_id
    assert [member["name"] for member in found["officers"]] == ["Olivia Officer"]
    assert found["recovery"] == [str(place.recovery.recipient)]


def test_an_officer_downloads_their_own_identity_file_sealed_with_their_password(olivia: Browser, place: Place) -> None:
    answer = olivia.get("/desk/identity.age")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="identity.age"'
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.data.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    sealed = b"".join(armor.decode([answer.data]))
    opened = identity_file.open(sealed, place.olivia.secrets.unlock)
    assert (opened.officer, opened.user) == (place.olivia.id, "olivia")


def test_an_officer_sees_their_own_fingerprint(olivia: Browser, place: Place) -> None:
    own = place.olivia.keys
    assert fingerprint.officer(str(own.identity.recipient), own.signing.verify) in olivia.get("/desk/keys").text
