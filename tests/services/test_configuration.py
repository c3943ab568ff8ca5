from __future__ import annotations

import pytest

from app.errors import CommandError
from app.services import configuration
from app.services.configuration import EXAMPLE_TOML, Configuration, configure, from_json, parse_toml, starter, to_json
from app.services.organisations import portal
from app.services.setup import initialise
from app.storage import organisations as rows
from tests.support import TWO_CHANNELS, Place

ONE = '[[channels]]\nslug = "ethics"\nname = "Ethics team"\n'
QUESTION = ONE + '[[channels.questions]]\nid = "q"\nlabel = "L"\n'


def versions(place: Place) -> int:
    with place.ctx.database.read() as session:
        row = rows.latest_configuration(session, place.id)
    assert row is not None
    return row.version


def test_the_example_is_a_configuration() -> None:
    example = parse_toml(EXAMPLE_TOML)
    assert [each.slug for each in example.channels] == ["ethics", "audit"]
    assert example.channels[0].questions[0].options[-1] == "Something else"


KEPT = TWO_CHANNELS.replace('slug = "ethics"\n', 'slug = "ethics"\nretention_days = 3650\n')


@pytest.mark.parametrize("given", [parse_toml(EXAMPLE_TOML), parse_toml(TWO_CHANNELS), parse_toml(KEPT), starter("Northwind")])
def test_the_stored_form_gives_the_same_configuration_back(given: Configuration) -> None:
    assert from_json(to_json(given)) == given


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("name = ", "not TOML"),
        ('name = "N"\n' + ONE + "retention_days = 0\n", r"channels\[1\]\.retention_days must be a whole number from 1 to 3650"),
        ('name = "N"\n' + ONE + "retention_days = 3651\n", r"retention_days must be a whole number"),
        ('name = "N"\n' + ONE + 'retention_days = "90"\n', r"retention_days must be a whole number from 1 to 3650, without quotes"),
        ('name = "N"\n' + ONE + "retention_days = true\n", r"retention_days must be a whole number"),
        ('name = "N"\n' + ONE + "retention_days = 1.0\n", r"retention_days must be a whole number"),
        (ONE, "name is missing"),
        ('name = ""\n' + ONE, "name is empty"),
        ("name = 5\n" + ONE, "name must be a text in quotes"),
        ('name = "N"\n', "channels is missing"),
        ('name = "N"\ncolour = "red"\n' + ONE, "colour is not a setting here"),
        (f'name = "{"n" * 101}"\n' + ONE, "name has 101 characters: 100 are the most"),
        ('name = "a\\nb"\n' + ONE, "name has a line break"),
        ('name = "N"\nlanguage = "English"\n' + ONE, "language must be a language tag"),
        ('name = "N"\nneutral_url = "http://example.org/"\n' + ONE, "neutral_url must be a web address that begins with https://"),
        ('name = "N"\nneutral_url = "javascript:alert(1)"\n' + ONE, "neutral_url must be"),
        ('name = "N"\nneutral_url = "https://[bad"\n' + ONE, "neutral_url must be"),
        ('name = "N"\nhosts = "example.org"\n' + ONE, "hosts must be a list"),
        ('name = "N"\nhosts = ["https://example.org"]\n' + ONE, "hosts must list host names only"),
        ('name = "N"\nhosts = ["example.org:443"]\n' + ONE, "hosts must list host names only"),
        ('name = "N"\nhosts = ["Example.org"]\n' + ONE, "hosts must list host names only"),
        ('name = "N"\nhosts = ["a.org", "a.org"]\n' + ONE, "hosts has the same entry twice"),
        ('name = "N"\nonion = "https://example.onion"\n' + ONE, "onion must be http:// and the 56 characters"),
        ('name = "N"\n[[outside_help]]\nname = "H"\n' + ONE, r"outside_help\[1\]\.text is missing"),
        ('name = "N"\n[[outside_help]]\nname = "H"\ntext = "T"\nurl = "x"\n' + ONE, r"outside_help\[1\]\.url must be"),
        ('name = "N"\n[channels]\nslug = "x"\n', "channels must be a list"),
        ('name = "N"\nchannels = ["ethics"]\n', r"channels must be written as tables: \[\[channels\]\]"),
        ('name = "N"\n[[channels]]\nslug = "Ethics Team"\nname = "E"\n', r"channels\[1\]\.slug must have 1 to 40"),
        ('name = "N"\n' + ONE + ONE, "channels must differ in their slug: ethics is there twice"),
        ('name = "N"\n' + QUESTION, r"channels\[1\]\.questions\[1\]\.kind is missing"),
        ('name = "N"\n' + QUESTION + 'kind = "number"\n', r"channels\[1\]\.questions\[1\]\.kind must be one of: text, one, several, date"),
        ('name = "N"\n' + QUESTION + 'kind = "one"\n', r"questions\[1\]\.options must list at least two"),
        ('name = "N"\n' + QUESTION + 'kind = "text"\noptions = ["a", "b"]\n', r"questions\[1\]\.options means nothing"),
        ('name = "N"\n' + QUESTION + 'kind = "several"\noptions = ["a", "a"]\n', r"options has the same entry twice"),
        ('name = "N"\n' + QUESTION + 'kind = "text"\nrequired = "yes"\n', r"questions\[1\]\.required must be true or false"),
        ('name = "N"\n' + QUESTION.replace('"q"', '"Q 1"') + 'kind = "text"\n', r"questions\[1\]\.id must have 1 to 40"),
        ('name = "N"\n' + QUESTION.replace('"q"', '"category"') + 'kind = "text"\n', r'questions\[1\]\.kind must be "one"'),
        (
            'name = "N"\n' + QUESTION + 'kind = "text"\n' + QUESTION.removeprefix(ONE) + 'kind = "text"\n',
            "differ in their id: q is there twice",
        ),
        ('name = "N"\n' + ONE + '[[channels.questions]]\nid = "q"\n' * 21, r"channels\[1\]\.questions has 21 entries: 20 are the most"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_key(toml: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        parse_toml(toml)


def test_the_choices_of_a_question_fit_into_one_answer() -> None:
    options = ", ".join(f'"{number:02}{"x" * 150}"' for number in range(40))
    sentence = r"questions\[1\]\.options of the question q have 6119 characters together: 4000 are the most"
    with pytest.raises(CommandError, match=sentence):
        parse_toml('name = "N"\n' + QUESTION + f'kind = "several"\noptions = [{options}]\n')
    parse_toml('name = "N"\n' + QUESTION + f'kind = "one"\noptions = [{options}]\n')  # where only one of them is chosen


def test_choices_that_just_fit_together_are_taken() -> None:
    for last, fits in ((181, True), (182, False)):
        options = ", ".join(f'"{number:02}{"x" * 198}"' for number in range(19)) + f', "{"y" * last}"'
        toml = 'name = "N"\n' + QUESTION + f'kind = "several"\noptions = [{options}]\n'
        if fits:
            parse_toml(toml)
        else:
            with pytest.raises(CommandError, match="of the question q have 4001 characters"):
                parse_toml(toml)


def test_the_same_content_again_makes_no_new_version(place: Place) -> None:
    before = versions(place)
    assert configure(place.ctx, place.id, parse_toml("# a comment\n" + TWO_CHANNELS)) == before
    assert versions(place) == before


def test_another_content_makes_the_next_version(place: Place) -> None:
    before = versions(place)
    assert configure(place.ctx, place.id, parse_toml('emergency = "112"\n' + TWO_CHANNELS)) == before + 1
    assert configure(place.ctx, place.id, parse_toml(TWO_CHANNELS)) == before + 2


def test_a_channel_keeps_its_id_and_keys_when_it_is_described_anew(place: Place) -> None:
    before = place.ethics
    configure(place.ctx, place.id, parse_toml(TWO_CHANNELS.replace("Ethics team", "Integrity office")))
    assert (place.ethics.id, place.ethics.keys, place.ethics.name) == (before.id, before.keys, "Integrity office")


def test_a_channel_no_longer_listed_is_retired_and_keeps_its_name(place: Place) -> None:
    configure(place.ctx, place.id, parse_toml('name = "N"\n[[channels]]\nslug = "audit"\nname = "Audit"\n'))
    shown = portal(place.ctx, place.id)
    assert [each.slug for each in shown.channels] == ["audit"]
    assert shown.by_slug("ethics") is None
    assert shown.by_slug("ethics", retired=True) == place.ethics
    assert (place.ethics.name, place.ethics.retired, place.ethics.open) == ("Ethics team", True, False)


def test_a_retired_channel_that_is_listed_again_comes_back_as_it_was(place: Place) -> None:
    keys = place.ethics.keys
    configure(place.ctx, place.id, parse_toml('name = "N"\n[[channels]]\nslug = "audit"\nname = "Audit"\n'))
    configure(place.ctx, place.id, parse_toml(TWO_CHANNELS))
    assert (place.ethics.open, place.ethics.keys) == (True, keys)


def test_the_name_of_the_organisation_follows(place: Place) -> None:
    configure(place.ctx, place.id, parse_toml(TWO_CHANNELS.replace("Northwind Works", "Southwind")))
    assert portal(place.ctx, place.id).name == "Southwind"


def test_a_host_of_another_organisation_is_refused_and_nothing_is_changed(place: Place) -> None:
    second = initialise(place.ctx, [str(place.recovery.recipient)], "Southwind").organisation
    taken = parse_toml('hosts = ["example.org"]\n' + TWO_CHANNELS)
    configure(place.ctx, place.id, taken)
    with pytest.raises(CommandError, match="another organisation"):
        configure(place.ctx, second, taken)
    assert configuration.current(place.ctx, second) == starter("Southwind")
