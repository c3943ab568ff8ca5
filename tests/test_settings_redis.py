"""Where several servers count together: an address that may hold a password, and nothing that changes how it is asked."""

from __future__ import annotations

import pytest

from app.errors import SettingsError
from app.settings import Settings, from_env

SECRET = "a-password-that-nobody-may-see"


def read(env: dict[str, str]) -> Settings:
    return from_env(env, {"/run/redis": f"rediss://quietline:{SECRET}@192.0.2.7:6380/3\n"}.__getitem__, serving=False)


def test_by_default_there_is_none() -> None:
    assert read({}).redis_url == ""


@pytest.mark.parametrize(
    "url",
    [
        "redis://192.0.2.7",
        "redis://localhost:6379",
        "redis://[::1]:6379/0",
        f"redis://:{SECRET}@redis.example/15",
        f"rediss://quietline:{SECRET}@redis.example:6380/0",
        "unix:///run/redis/quietline",
        f"unix:///run/redis/quietline?db=2&password={SECRET}",
    ],
)
def test_an_address_is_taken_as_it_is_and_its_password_shown_nowhere(url: str) -> None:
    settings = read({"QUIETLINE_REDIS_URL": url})
    assert settings.redis_url == url
    assert SECRET not in f"{settings} {settings!r}"


def test_it_can_come_from_a_file() -> None:
    assert read({"QUIETLINE_REDIS_URL_FILE": "/run/redis"}).redis_url == f"rediss://quietline:{SECRET}@192.0.2.7:6380/3"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis",
        "redis://",
        "redis:///0",
        f"http://:{SECRET}@redis.example",
        f"REDIS://:{SECRET}@redis.example",
        f"redis://:{SECRET}@redis.example/x",
        f"redis://:{SECRET}@redis.example:0",
        f"redis://:{SECRET}@redis.example:99999",
        f"redis://:{SECRET}@redis.example:{SECRET}",
        f"redis://:{SECRET}@[redis.example",
        f"redis://:{SECRET}@redis.example/0?socket_timeout=60",
        f"rediss://:{SECRET}@redis.example/0?ssl_cert_reqs=none",
        f"redis://:{SECRET}@redis.example/0#x",
        f"redis://:{SECRET}\n@redis.example/0",
        f"redis://:{SECRET}é@redis.example/0",
        f"unix://{SECRET}@/run/redis",
        f"unix:///?password={SECRET}",
        f"unix:///run/redis?password={SECRET}&socket_timeout=60",
        f"unix:///run/redis?password={SECRET}&db=x",
        f"unix:/run/redis?password={SECRET}",
    ],
)
def test_nonsense_is_refused_and_no_password_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match="QUIETLINE_REDIS_URL must be") as refused:
        read({"QUIETLINE_REDIS_URL": url})
    assert SECRET not in f"{refused.value} {refused.value.__cause__}"


def test_it_is_given_once() -> None:
    with pytest.raises(SettingsError, match="both set"):
        read({"QUIETLINE_REDIS_URL": "redis://localhost", "QUIETLINE_REDIS_URL_FILE": "/run/redis"})
