from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app.errors import SettingsError
from app.settings import from_env

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
GOOD = {"QUIETLINE_SECRET_KEY": SECRET}


def no_file(path: str) -> str:
    raise AssertionError(f"{path} was read")


def test_the_defaults_serve_this_machine_only() -> None:
    settings = from_env(GOOD, no_file)
    assert settings.bind == ("127.0.0.1", 8000)
    assert settings.loopback
    assert settings.mode == "production"
    assert settings.kdf_profile == "production"
    assert not settings.trust_proxy
    assert not settings.proof_of_work
    assert (settings.workers, settings.threads) == (2, 8)


def test_the_database_lies_in_the_data_folder() -> None:
    settings = from_env({**GOOD, "QUIETLINE_DATA": "/srv/line"}, no_file)
    assert settings.data == Path("/srv/line")
    assert settings.database_url == "sqlite:////srv/line/quietline.db"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        from_env(GOOD, no_file).workers = 3  # type: ignore[misc]


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(from_env(GOOD, no_file))


def test_there_is_no_default_secret() -> None:
    with pytest.raises(SettingsError, match="QUIETLINE_SECRET_KEY_FILE is not set"):
        from_env({}, no_file)


def test_a_command_that_serves_nothing_needs_no_secret() -> None:
    assert from_env({}, no_file, serving=False).secret_key == ""


def test_a_secret_is_read_from_its_file_without_the_line_end() -> None:
    settings = from_env({"QUIETLINE_SECRET_KEY_FILE": "/run/secrets/key"}, {"/run/secrets/key": SECRET + "\n"}.__getitem__)
    assert settings.secret_key == SECRET


def test_a_secret_file_that_is_not_there_is_named_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="QUIETLINE_SECRET_KEY_FILE names a file that cannot be read"):
        from_env({"QUIETLINE_SECRET_KEY_FILE": str(tmp_path / "none")})


def test_a_secret_given_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="both set"):
        from_env({**GOOD, "QUIETLINE_SECRET_KEY_FILE": "/x"}, no_file)


@pytest.mark.parametrize("secret", ["short", "a" * 64, SECRET[:31]])
def test_a_secret_that_can_be_guessed_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(SettingsError, match="too easy to guess") as caught:
        from_env({"QUIETLINE_SECRET_KEY": secret}, no_file)
    assert secret not in str(caught.value)


def test_a_misspelt_name_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="QUIETLINE_WROKERS is not a setting"):
        from_env({**GOOD, "QUIETLINE_WROKERS": "2"}, no_file)


def test_names_of_other_programs_are_left_alone() -> None:
    from_env({**GOOD, "PATH": "/bin", "GUNICORN_CMD_ARGS": "--x"}, no_file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIND", "8000"),
        ("BIND", ":8000"),
        ("BIND", "127.0.0.1:"),
        ("BIND", "127.0.0.1:0"),
        ("BIND", "127.0.0.1:65536"),
        ("BIND", "127.0.0.1:http"),
        ("BIND", "::1:8000"),
        ("WORKERS", "0"),
        ("BACKUP_DAYS", "0"),
        ("BACKUP_DAYS", "3651"),
        ("BACKUP_DAYS", ""),
        ("WORKERS", "-1"),
        ("WORKERS", "two"),
        ("WORKERS", "65"),
        ("WORKERS", "٣"),
        ("THREADS", "1.5"),
        ("THREADS", ""),
        ("MODE", "debug"),
        ("KDF_PROFILE", "fast"),
        ("TRUST_PROXY", "yes"),
        ("PROOF_OF_WORK", "yes"),
        ("PROOF_OF_WORK", ""),
        ("DATA", ""),
        ("DATABASE_URL", "mysql://db/quietline"),
        ("DATABASE_URL", " "),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"QUIETLINE_{name}"):
        from_env({**GOOD, f"QUIETLINE_{name}": value}, no_file)


@pytest.mark.parametrize(
    ("bind", "expected", "loopback"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80), True),
        ("localhost:8000", ("localhost", 8000), True),
        ("[::1]:8000", ("::1", 8000), True),
        ("0.0.0.0:8000", ("0.0.0.0", 8000), False),
        ("[::]:8000", ("::", 8000), False),
        ("192.0.2.1:65535", ("192.0.2.1", 65535), False),
        ("example.org:8000", ("example.org", 8000), False),
    ],
)
def test_an_address_is_read_and_known_to_be_local_or_not(bind: str, expected: tuple[str, int], loopback: bool) -> None:
    settings = from_env({**GOOD, "QUIETLINE_BIND": bind}, no_file)
    assert (settings.bind, settings.loopback) == (expected, loopback)


@pytest.mark.parametrize("mode", ["demo", "testing"])
def test_demo_and_testing_are_refused_where_others_can_reach_them(mode: str) -> None:
    with pytest.raises(SettingsError, match=f"QUIETLINE_MODE={mode} is for this machine only"):
        from_env({**GOOD, "QUIETLINE_MODE": mode, "QUIETLINE_BIND": "0.0.0.0:8000"}, no_file)


@pytest.mark.parametrize("mode", ["production", "demo"])
def test_cheap_passwords_are_for_tests_only(mode: str) -> None:
    with pytest.raises(SettingsError, match="QUIETLINE_KDF_PROFILE=testing"):
        from_env({**GOOD, "QUIETLINE_MODE": mode, "QUIETLINE_KDF_PROFILE": "testing"}, no_file)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_postgresql_address_is_taken_and_its_password_shown_nowhere(scheme: str) -> None:
    url = f"{scheme}://quietline:canary@db.example/quietline"
    settings = from_env({"QUIETLINE_DATABASE_URL": url}, serving=False)
    assert settings.database_url == url
    assert "canary" not in f"{settings} {settings!r}"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("127.0.0.1:9100", ("127.0.0.1", 9100)),
        ("[::1]:9100", ("::1", 9100)),
        ("unix:/run/quietline/monitor", Path("/run/quietline/monitor")),
    ],
)
def test_the_monitor_is_on_this_machine(value: str, place: tuple[str, int] | Path) -> None:
    assert from_env(GOOD, no_file).monitor is None
    assert from_env({**GOOD, "QUIETLINE_MONITOR": value}, no_file).monitor == place


@pytest.mark.parametrize(
    "value",
    ["", "9100", ":9100", "0.0.0.0:9100", "192.0.2.1:9100", "localhost:9100", "[::]:9100", "::1:9100", "[127.0.0.1]:9100", "127.0.0.1:0"],
)
def test_a_monitor_that_others_could_reach_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="QUIETLINE_MONITOR must be an address of this machine"):
        from_env({**GOOD, "QUIETLINE_MONITOR": value}, no_file)


@pytest.mark.parametrize("value", ["unix:", "unix:monitor", "unix:/" + "a" * 100, "unix:/run/a\nb"])
def test_a_socket_that_cannot_be_one_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="unix:/FOLDER/NAME"):
        from_env({**GOOD, "QUIETLINE_MONITOR": value}, no_file)


def test_the_monitor_needs_a_port_of_its_own() -> None:
    with pytest.raises(SettingsError, match="a port of its own"):
        from_env({**GOOD, "QUIETLINE_MONITOR": "127.0.0.1:8000"}, no_file)
