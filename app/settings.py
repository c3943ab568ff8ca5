"""What the program is told by its environment: pure, frozen, and loud about nonsense."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, cast
from urllib.parse import SplitResult, parse_qsl, urlsplit

from app.domain import LIMITS
from app.errors import SettingsError

Mode = Literal["production", "testing", "demo"]
ReadFile = Callable[[str], str]

SECRETS: Final = ("QUIETLINE_SECRET_KEY", "QUIETLINE_S3_ACCESS_KEY", "QUIETLINE_S3_SECRET_KEY", "QUIETLINE_REDIS_URL")
PLAIN: Final = (
    "QUIETLINE_DATA",
    "QUIETLINE_DATABASE_URL",
    "QUIETLINE_BLOBS",
    "QUIETLINE_S3_ENDPOINT",
    "QUIETLINE_S3_REGION",
    "QUIETLINE_UPLOAD_BYTES",
    "QUIETLINE_FORM_UPLOAD_BYTES",
    "QUIETLINE_STORAGE_BYTES",
    "QUIETLINE_BACKUP_DAYS",
    "QUIETLINE_BACKUP_RECIPIENT",
    "QUIETLINE_BIND",
    "QUIETLINE_MONITOR",
    "QUIETLINE_WORKERS",
    "QUIETLINE_THREADS",
    "QUIETLINE_KDF_PROFILE",
    "QUIETLINE_MODE",
    "QUIETLINE_TRUST_PROXY",
    "QUIETLINE_PROOF_OF_WORK",
)
SECRET_CHARACTERS: Final = 32
DATABASES: Final = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
BACKUP_DAYS: Final = 35
BYTES_LEAST: Final = 64 * 1024
BYTES_MOST: Final = 1024**4
STORAGE_MOST: Final = 1024**5
SOCKET_CHARACTERS: Final = 100
_BUCKET: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._/-]*))?")
_KNOWN: Final = frozenset(PLAIN) | {name + suffix for name in SECRETS for suffix in ("", "_FILE")}


@dataclass(frozen=True)
class S3Settings:
    """Where sealed files lie on an S3-compatible store. `endpoint` is empty for Amazon's own; `prefix` has no slash at either end."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything a process is told. `secret_key` signs the desk's form tokens; it is empty only for commands that serve nothing.

    `blobs`: the folder of sealed files, or an S3 store. `upload_bytes`: the largest file; `form_upload_bytes`: the largest form with files.
    `storage_bytes`: what all sealed files together may take; None where only the disk says. `monitor`: where the monitor answers, an
    address of this machine or a Unix socket; None where there is none. `backup_days`: how long backups are kept, and so what is left of
    deleted cases and messages.
    `backup_recipient`: whom backups are sealed to beside the recovery recipients, as it was given (a file's name, perhaps); may be empty.
    `redis_url`: where several servers count together, with its password; empty where this one counts by itself.
    `proof_of_work`: whether scripts are offered some in a flood.
    """

    data: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    bind: tuple[str, int]
    workers: int
    threads: int
    mode: Mode
    kdf_profile: Literal["production", "testing"]
    trust_proxy: bool
    blobs: Path | S3Settings
    upload_bytes: int
    form_upload_bytes: int
    storage_bytes: int | None
    backup_days: int
    monitor: tuple[str, int] | Path | None
    backup_recipient: str
    redis_url: str = field(repr=False)
    proof_of_work: bool

    @property
    def staging(self) -> Path:
        """Where sealed files lie while they arrive: on the same file system as they will lie on, since they are then only renamed."""
        default = self.data / "staging"
        if isinstance(self.blobs, S3Settings) or self.blobs.parent == self.data:
            return default
        return self.blobs / "staging"

    @property
    def loopback(self) -> bool:
        """Whether the server can be reached from this machine only."""
        return is_loopback(self.bind[0])


def is_loopback(host: str) -> bool:
    """Whether a host name or address (IPv6 with or without brackets) means this machine."""
    if host in {"localhost", "127.0.0.1", "::1"}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_text(path: str) -> str:
    """The one place where settings touch a file; tests pass another."""
    return Path(path).read_text(encoding="utf-8")


def from_env(env: Mapping[str, str], read_file: ReadFile = read_text, *, serving: bool = True) -> Settings:
    """Settings from environment variables. With `serving=False` (commands) the secret may be missing. SettingsError says what to change."""
    _refuse_unknown(env)
    data = Path(_value(env, "QUIETLINE_DATA", "./data")).absolute()
    mode = _choice(env, "QUIETLINE_MODE", "production", ("production", "testing", "demo"))
    settings = Settings(
        data=data,
        database_url=_value(env, "QUIETLINE_DATABASE_URL", f"sqlite:///{data / 'quietline.db'}"),
        secret_key=_secret(env, "QUIETLINE_SECRET_KEY", read_file, required=serving),
        bind=_bind(_value(env, "QUIETLINE_BIND", "127.0.0.1:8000")),
        workers=_number(env, "QUIETLINE_WORKERS", 2, 1, 64),
        threads=_number(env, "QUIETLINE_THREADS", 8, 1, 64),
        mode=cast(Mode, mode),
        kdf_profile=cast(Literal["production", "testing"], _choice(env, "QUIETLINE_KDF_PROFILE", "production", ("production", "testing"))),
        trust_proxy=_choice(env, "QUIETLINE_TRUST_PROXY", "0", ("0", "1")) == "1",
        blobs=_blobs(env, data, read_file),
        upload_bytes=_bytes(env, "QUIETLINE_UPLOAD_BYTES", LIMITS.attachment_bytes),
        form_upload_bytes=_bytes(env, "QUIETLINE_FORM_UPLOAD_BYTES", LIMITS.multipart_bytes),
        storage_bytes=_bytes(env, "QUIETLINE_STORAGE_BYTES", 0, STORAGE_MOST) if "QUIETLINE_STORAGE_BYTES" in env else None,
        backup_days=_number(env, "QUIETLINE_BACKUP_DAYS", BACKUP_DAYS, 1, 3650),
        monitor=_monitor(env["QUIETLINE_MONITOR"]) if "QUIETLINE_MONITOR" in env else None,
        backup_recipient=env.get("QUIETLINE_BACKUP_RECIPIENT", "").strip(),
        redis_url=_redis(_given(env, "QUIETLINE_REDIS_URL", read_file)),
        proof_of_work=_choice(env, "QUIETLINE_PROOF_OF_WORK", "0", ("0", "1")) == "1",
    )
    _refuse_contradictions(settings)
    return settings


def _refuse_unknown(env: Mapping[str, str]) -> None:
    for name in sorted(env):
        if name.startswith("QUIETLINE_") and name not in _KNOWN:
            raise SettingsError(f"{name} is not a setting: remove it, or correct its spelling ({', '.join(sorted(_KNOWN))}).")


def _refuse_contradictions(settings: Settings) -> None:
    if settings.mode != "production" and not settings.loopback:
        raise SettingsError(
            f"QUIETLINE_MODE={settings.mode} is for this machine only: set QUIETLINE_BIND to 127.0.0.1:PORT, or use production."
        )
    if settings.monitor == settings.bind:
        raise SettingsError("QUIETLINE_MONITOR and QUIETLINE_BIND are the same: the monitor needs a port of its own.")
    if settings.kdf_profile == "testing" and settings.mode != "testing":
        raise SettingsError("QUIETLINE_KDF_PROFILE=testing makes passwords cheap to guess: remove it (it needs QUIETLINE_MODE=testing).")
    if settings.database_url.split(":", 1)[0] not in DATABASES:
        raise SettingsError("QUIETLINE_DATABASE_URL must begin with sqlite:/// or postgresql://.")


def _value(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name, default)
    if not value.strip():
        raise SettingsError(f"{name} is empty: give it a value, or remove it for the default ({default}).")
    return value


def _choice(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = _value(env, name, default)
    if value not in choices:
        raise SettingsError(f"{name} must be one of: {', '.join(choices)}.")
    return value


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = _value(env, name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) <= 4 and least <= int(value) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}.")
    return int(value)


def _bytes(env: Mapping[str, str], name: str, default: int, most: int = BYTES_MOST) -> int:
    value = _value(env, name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and BYTES_LEAST <= int(value) <= most):
        raise SettingsError(f"{name} must be a whole number of bytes from {BYTES_LEAST} to {most}.")
    return int(value)


def _blobs(env: Mapping[str, str], data: Path, read_file: ReadFile) -> Path | S3Settings:
    value = _value(env, "QUIETLINE_BLOBS", str(data / "blobs"))
    if "://" not in value:
        _refuse_s3(env)
        return Path(value).absolute()
    found = _BUCKET.fullmatch(value)
    if found is None:
        raise SettingsError("QUIETLINE_BLOBS must be a folder, or s3://BUCKET/PREFIX.")
    return S3Settings(
        bucket=found[1],
        prefix=(found[2] or "").strip("/"),
        endpoint=_endpoint(env),
        region=_value(env, "QUIETLINE_S3_REGION", "us-east-1"),
        access_key=_credential(env, "QUIETLINE_S3_ACCESS_KEY", read_file),
        secret_key=_credential(env, "QUIETLINE_S3_SECRET_KEY", read_file),
    )


def _refuse_s3(env: Mapping[str, str]) -> None:
    for name in sorted(env):
        if name.startswith("QUIETLINE_S3_"):
            raise SettingsError(f"{name} is for QUIETLINE_BLOBS=s3://BUCKET/PREFIX only: set that too, or remove it.")


def _endpoint(env: Mapping[str, str]) -> str:
    value = env.get("QUIETLINE_S3_ENDPOINT", "")
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", value):
        raise SettingsError("QUIETLINE_S3_ENDPOINT must be https://HOST[:PORT], without a path, a name or a password.")
    return value.rstrip("/")


def _credential(env: Mapping[str, str], name: str, read_file: ReadFile) -> str:
    value = _given(env, name, read_file)
    if not value:
        raise SettingsError(f"{name}_FILE is not set: QUIETLINE_BLOBS names an S3 store, which asks for it.")
    return value


def _bind(value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise SettingsError("QUIETLINE_BIND must be ADDRESS:PORT, for example 127.0.0.1:8000 or [::1]:8000.")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise SettingsError("QUIETLINE_BIND with an IPv6 address needs brackets around it, for example [::1]:8000.")
    return host.strip("[]"), int(port)


def _monitor(value: str) -> tuple[str, int] | Path:
    """An address, never a name: what a name means, others decide."""
    if value.startswith("unix:/") and len(value) <= SOCKET_CHARACTERS and value.isprintable():
        return Path(value.removeprefix("unix:"))
    host, colon, port = value.rpartition(":")
    local = host != "localhost" and is_loopback(host) and (":" in host) == (host.startswith("[") and host.endswith("]"))
    if not (colon and local and port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise SettingsError(
            "QUIETLINE_MONITOR must be an address of this machine, 127.0.0.1:PORT or [::1]:PORT, or a socket, unix:/FOLDER/NAME: "
            "what it tells is for this machine only."
        )
    return host.strip("[]"), int(port)


def _redis(value: str | None) -> str:
    """As the client reads it; but no option, which could take back what is asked of its connections here (redis_link.py)."""
    if value is None:
        return ""
    try:
        parts = urlsplit(value)
        usable = value.startswith(f"{parts.scheme}://") and (_is_socket(parts) if parts.scheme == "unix" else _is_host(parts))
    except ValueError:  # brackets or a port that are none; it would repeat them
        usable = False
    if not (usable and value.isascii() and value.isprintable()):
        raise SettingsError(
            "QUIETLINE_REDIS_URL must be redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER], the same with rediss://, "
            "or unix:///FOLDER/NAME[?db=NUMBER&password=PASSWORD]."
        )
    return value


def _is_socket(parts: SplitResult) -> bool:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = options.keys() <= {"db", "password"} and options.get("db", "0").isdecimal()
    return named and not (parts.fragment or parts.netloc) and len(parts.path) > 1


def _is_host(parts: SplitResult) -> bool:
    number = parts.path.removeprefix("/")
    known = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    return known and not (parts.query or parts.fragment) and (not number or number.isdecimal())


def _secret(env: Mapping[str, str], name: str, read_file: ReadFile, *, required: bool) -> str:
    value = _given(env, name, read_file)
    if value is None and not required:
        return ""
    if value is None:
        raise SettingsError(
            f"{name}_FILE is not set: point it at a file with a random secret (quietline init makes secret-key in the data folder)."
        )
    if len(value) < SECRET_CHARACTERS or len(set(value)) < 8:
        raise SettingsError(f"{name} is too easy to guess: use at least {SECRET_CHARACTERS} random characters.")
    return value


def _given(env: Mapping[str, str], name: str, read_file: ReadFile) -> str | None:
    """A secret as it was given: by itself, or in a file."""
    if name in env and f"{name}_FILE" in env:
        raise SettingsError(f"{name} and {name}_FILE are both set: remove one of them.")
    if f"{name}_FILE" in env:
        return _from_file(f"{name}_FILE", env[f"{name}_FILE"], read_file)
    return env.get(name)


def _from_file(name: str, path: str, read_file: ReadFile) -> str:
    try:
        return read_file(path).strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{name} names a file that cannot be read as text: check the path and who may read it.") from None
