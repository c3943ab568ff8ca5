"""The units, the onion service's settings and the containers: what they forbid, and that the program runs under it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import PLAIN
from deploy.stack import units
from tests.stack import Stack

SERVICES = sorted(units.UNITS.glob("*.service"))
SANDBOX = (sys.executable, "-m", "tests.stack.sandbox")
EXPOSURE = "20"
"""Of a hundred: 2.0 as systemd-analyze prints it."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd")


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_units_exposure_is_at_most_two(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", str(unit)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_memory_goes_to_no_disk_and_nothing_goes_out(unit: Path) -> None:
    said = units.values(unit.name)
    assert (said["LimitCORE"], said["MemorySwapMax"], said["PrivateTmp"], said["ProtectSystem"]) == (["0"], ["0"], ["yes"], ["strict"])
    if "nginx" not in unit.name:
        assert (said["IPAddressDeny"], said["IPAddressAllow"]) == (["any"], ["localhost"])
    assert said["UMask"] == ["0077"]


def test_what_the_unit_tells_the_program_are_settings_of_it() -> None:
    told = units.settings("quietline@.service", {"QUIETLINE_SECRET_KEY_FILE": "x", "QUIETLINE_BIND": "x", "QUIETLINE_MONITOR": "x"})
    ours = {name for name in told if name.startswith("QUIETLINE_")} - {"QUIETLINE_SECRET_KEY_FILE"}
    assert ours < set(PLAIN)
    assert told["QUIETLINE_TRUST_PROXY"] == "1"


@needs_systemd
def test_the_whole_stack_runs_under_the_calls_and_memory_that_its_units_allow() -> None:
    """Sealing, Argon2id, migrations and serving: cffi and OpenSSL need nothing of what is forbidden. PostgreSQL's unit is Debian's own."""
    found = ["env", f"PYTHONPATH={units.DEPLOY.parent}", *SANDBOX]
    under = {"quietline": [*found, "quietline@.service"], "nginx": [*found, "quietline-nginx.service"]}
    with Stack(database="sqlite", under=under) as stack:
        states = [Path(f"/proc/{pid}/status").read_text() for pids in stack.pids().values() for pid in pids]
        assert len(states) >= 5
        for state in states:
            assert re.search(r"^Seccomp:\t2$", state, re.M)
            assert re.search(r"^NoNewPrivs:\t1$", state, re.M)
        for pid in (pid for pids in stack.pids().values() for pid in pids):
            (core,) = re.findall(r"^Max core file size +(\d+) +(\d+)", Path(f"/proc/{pid}/limits").read_text(), re.M)
            assert core == ("0", "0")


@needs_systemd
def test_the_sandbox_forbids() -> None:
    """Otherwise running under it would say nothing."""
    forbidden = (
        ("import os; os.chroot('/')", "PermissionError"),
        ("import os; os.setpriority(os.PRIO_PROCESS, 0, 5)", "PermissionError"),
        ("import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)", "PermissionError"),
    )
    for code, error in forbidden:
        done = subprocess.run([*SANDBOX, "quietline@.service", sys.executable, "-c", code], capture_output=True, text=True)
        assert error in done.stderr, (code, done.stderr)
        assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0 or "chroot" in code


SEALING = """
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from app.crypto.age import seal_bytes, unseal_bytes
from app.crypto.hybrid import HybridIdentity
import psycopg, obstore
identity = HybridIdentity.generate()
assert unseal_bytes(seal_bytes(b"x" * 4096, [identity.recipient]), [identity]) == b"x" * 4096
hash_secret_raw(b"password", b"s" * 32, 3, 65536, 1, 32, Type.ID)
Ed25519PrivateKey.generate().sign(b"x")
print("sealed")
"""


@needs_systemd
def test_sealing_passwords_and_database_drivers_work_in_the_sandbox() -> None:
    done = subprocess.run([*SANDBOX, "quietline@.service", sys.executable, "-c", SEALING], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "sealed\n"), done.stderr


@pytest.mark.skipif(shutil.which("tor") is None, reason="tor is missing: apt-get install tor")
def test_tor_takes_the_onion_services_settings(tmp_path: Path) -> None:
    text = (units.DEPLOY / "tor" / "torrc").read_text()
    assert "\nHiddenServicePoWDefensesEnabled 1\n" in text
    (tmp_path / "torrc").write_text(text.replace("/var/lib/tor/quietline", str(tmp_path / "service")))
    how = ["--verify-config", "-f", str(tmp_path / "torrc"), "--DataDirectory", str(tmp_path / "data"), "--defaults-torrc", "/dev/null"]
    done = subprocess.run(["tor", *how], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "[warn]" not in done.stdout.replace("[warn] You are running Tor as root.", "")


def test_the_onion_service_leads_to_where_nginx_listens() -> None:
    (port,) = re.findall(r"^HiddenServicePort 80 (\S+)$", (units.DEPLOY / "tor" / "torrc").read_text(), re.M)
    assert f"\nlisten {port};" in (units.DEPLOY / "nginx" / "places" / "onion-listen.conf").read_text()


@pytest.mark.parametrize("name", ["compose.yaml", "compose.postgresql.yaml"])
def test_a_container_can_write_nothing_but_its_volumes(name: str) -> None:
    """No container engine runs here: what is held is what the files say."""
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((units.DEPLOY / "container" / name).read_text())["services"]
    if name == "compose.postgresql.yaml":
        assert services.pop("quietline").keys() == {"depends_on", "environment", "volumes"}
    for service in services.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["memswap_limit"] == service["mem_limit"]
        assert service["ulimits"]["core"] == 0
        assert not service["user"].startswith("0") and "privileged" not in service and "ports" not in service
        assert all(each.endswith("noexec,nosuid,nodev") for each in service["tmpfs"])
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["network_mode"] in ("host", "none")


def test_an_image_is_built_from_hashes_and_runs_as_nobody_with_a_name() -> None:
    text = (units.DEPLOY / "container" / "Containerfile").read_text()
    assert text.count("pip --disable-pip-version-check") == 2 == text.count("--require-hashes") + text.count("--no-index")
    assert re.findall(r"^USER (.+)$", text, re.M) == ["10001:10001"]
    assert re.search(r"^ARG BASE=\S+:3\.11\.\d+-slim-bookworm$", text, re.M)
    last = text.rpartition("FROM ")[2]
    assert "/bin/sh" in last and last.index("/bin/sh") < last.index("USER")


def test_settings_in_containers_are_settings() -> None:
    text = "".join(path.read_text() for path in (units.DEPLOY / "container").glob("*"))
    assert set(re.findall(r"QUIETLINE_[A-Z_0-9]+", text)) <= {*PLAIN, "QUIETLINE_SECRET_KEY_FILE"}
