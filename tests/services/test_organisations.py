from __future__ import annotations

import pytest

from app.crypto import fingerprint
from app.domain import OrganisationId
from app.errors import UnknownHost
from app.services import configuration
from app.services.context import Context
from app.services.organisations import portal, resolve
from app.services.setup import initialise
from tests.support import TWO_CHANNELS, Clock, Place, make_context


def configure(place: Place, extra: str) -> None:
    configuration.configure(place.ctx, place.id, configuration.parse_toml(extra + TWO_CHANNELS))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.77", "[::1]", "LOCALHOST"])
def test_without_hosts_the_only_organisation_answers_on_loopback(place: Place, host: str) -> None:
    assert resolve(place.ctx, host) == place.id


@pytest.mark.parametrize("host", ["example.org", "", "127.0.0.1.example.org", "192.0.2.1"])
def test_without_hosts_no_other_name_is_answered(place: Place, host: str) -> None:
    with pytest.raises(UnknownHost):
        resolve(place.ctx, host)


def test_once_a_host_is_configured_only_it_answers(place: Place) -> None:
    configure(place, 'hosts = ["report.example.org"]')
    assert resolve(place.ctx, "Report.Example.org") == place.id
    with pytest.raises(UnknownHost):
        resolve(place.ctx, "localhost")


def test_the_onion_address_is_a_host(place: Place) -> None:
    onion = "a" * 56 + ".onion"
    configure(place, f'onion = "http://{onion}"')
    assert resolve(place.ctx, onion) == place.id


def test_two_organisations_without_hosts_answer_nobody(place: Place) -> None:
    initialise(place.ctx, [str(place.recovery.recipient)], "Southwind")
    with pytest.raises(UnknownHost):
        resolve(place.ctx, "localhost")


def test_without_hosts_a_server_that_others_reach_answers_nobody(tmp_path_factory: pytest.TempPathFactory, place: Place) -> None:
    other = make_context(tmp_path_factory.mktemp("public"), Clock(), BIND="0.0.0.0:8000", MODE="production", KDF_PROFILE="production")
    initialise(other, [str(place.recovery.recipient)], "Northwind")
    with pytest.raises(UnknownHost):
        resolve(other, "localhost")
    other.database.dispose()


def test_hosts_are_told_apart_by_organisation(place: Place) -> None:
    configure(place, 'hosts = ["one.example.org"]')
    second = initialise(place.ctx, [str(place.recovery.recipient)], "Southwind").organisation
    hosts = configuration.parse_toml('hosts = ["two.example.org"]' + TWO_CHANNELS)
    configuration.configure(place.ctx, second, hosts)
    assert (resolve(place.ctx, "one.example.org"), resolve(place.ctx, "two.example.org")) == (place.id, second)


def test_the_portal_shows_channels_in_the_order_of_the_configuration(place: Place) -> None:
    shown = portal(place.ctx, place.id)
    assert [(each.slug, each.open) for each in shown.channels] == [("ethics", True), ("audit", False)]
    assert [question.id for question in shown.channels[0].questions] == ["category", "place", "since", "known"]


def test_an_open_channel_shows_the_fingerprint_of_its_keys(place: Place) -> None:
    keys = place.ethics.keys
    assert keys is not None
    assert keys.fingerprint == fingerprint.channel(place.keyring.recipient, place.keyring.verify)


def test_a_portal_is_built_once_and_again_after_a_change(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first = portal(place.ctx, place.id)
    assert portal(place.ctx, place.id) is first
    configure(place, 'emergency = "Call 112."')
    assert portal(place.ctx, place.id).emergency == "Call 112."


def test_a_change_by_another_process_is_seen_at_once(place: Place) -> None:
    portal(place.ctx, place.id)
    other = Context(database=place.ctx.database, settings=place.ctx.settings, clock=place.ctx.clock)
    configuration.configure(other, place.id, configuration.parse_toml('intro = "New words."' + TWO_CHANNELS))
    assert portal(place.ctx, place.id).intro == "New words."


def test_an_unknown_organisation_has_no_portal(ctx: Context) -> None:
    with pytest.raises(UnknownHost):
        portal(ctx, OrganisationId("a" * 26))
