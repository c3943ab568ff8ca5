"""An organisation's life by its real commands and pages: recovery words, first officer, a case, the offline desk, a lost officer."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.crypto import recovery
from app.crypto.hybrid import HybridIdentity
from tests.canary import found_below, word_pairs
from tests.flows.desks import close, open_page
from tests.flows.journeys import AGENT, Traces, search
from tests.flows.officers import open_keys
from tests.portal import COMMAND, Portal, clean_environment
from tests.relay import Relay

TOML = """
name = "Northwind Works"

[[channels]]
slug = "ethics"
name = "Ethics team"
"""
PASSWORD = "six plain words make a lock"
REPORT = "life canary: the scaffold was signed off from a desk"
REPLY = "life canary: thank you, which scaffold was it?"


@dataclass(frozen=True)
class Installation:
    """A server's folder, and a folder on another machine."""

    server: Path
    elsewhere: Path
    words: str = field(repr=False)

    def on_server(self, *arguments: str | Path) -> str:
        return run(self.server, self._environment(), *arguments)

    def offline(self, *arguments: str | Path, stdin: str = "") -> str:
        return run(self.elsewhere, clean_environment(QUIETLINE_KDF_PROFILE="testing", QUIETLINE_MODE="testing"), *arguments, stdin=stdin)

    def serve(self) -> Portal:
        return Portal(self._environment(SECRET_KEY_FILE=str(self.server / "data" / "secret-key")), self.server / "serve.log")

    def _environment(self, **more: str) -> dict[str, str]:
        settings = {"DATA": str(self.server / "data"), "MODE": "testing", "KDF_PROFILE": "testing", "WORKERS": "1", **more}
        return clean_environment(**{f"QUIETLINE_{name}": value for name, value in settings.items()})


def run(folder: Path, environment: dict[str, str], *arguments: str | Path, stdin: str = "") -> str:
    done = subprocess.run([COMMAND, *arguments], input=stdin, capture_output=True, text=True, cwd=folder, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def new_recovery_key(folder: Path) -> tuple[str, str]:
    """Words and recipient, as a person with a paper gets them: the words are shown first, and some are asked back."""
    with subprocess.Popen([COMMAND, "recovery", "new"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = ""
        while "From the paper" not in shown:
            shown += process.stdout.readline()
        words = {int(number): word for number, word in re.findall(r"(\d+)\. ([a-z]+)", shown)}
        rest = ""
        while "Recipient" not in rest:
            rest += process.stdout.read(1)
            if asked := re.search(r"Word (\d+): $", rest):
                process.stdin.write(f"{words[int(asked[1])]}\n")
                process.stdin.flush()
                rest = ""
        found = re.search(r"age1pq1\w+", process.stdout.read())
    assert found is not None
    return " ".join(words[number] for number in range(1, 25)), found[0]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    server, elsewhere = tmp_path / "server", tmp_path / "elsewhere"
    server.mkdir()
    elsewhere.mkdir()
    words, recipient = new_recovery_key(elsewhere)
    assert HybridIdentity.from_seed(recovery.read(words).seed).recipient == recovery.read(words).recipient
    (server / "recipient.txt").write_text(recipient)
    (server / "organisation.toml").write_text(TOML)
    yield Installation(server, elsewhere, words)


def token_of(output: str) -> str:
    found = re.search(r"/desk/enrol#(\S+)", output)
    assert found is not None
    return found[1]


def enrol(page: Page, token: str, user: str, name: str, download: Path) -> None:
    """What an invited officer does, up to their channels."""
    page.goto(f"/desk/enrol#{token}")
    for field_id, value in (("user", user), ("name", name), ("password", PASSWORD), ("password-again", PASSWORD)):
        page.fill(f"#{field_id}", value)
    page.click("[data-details-form] [data-submit]")
    expect(page.locator("[data-step=done]")).to_be_visible()
    with page.expect_download() as waiting:
        page.click("[data-download]")
    waiting.value.save_as(download)
    page.get_by_role("link", name="Go on to your channels").click()
    open_keys(page)


def test_a_lost_officer_strands_no_case(chromium: Browser, installation: Installation) -> None:
    made = installation.on_server("init", "--recovery", "recipient.txt", "--name", "Northwind")
    installation.on_server("configure", "organisation.toml")
    assert "not yet open" in installation.on_server("status")
    with installation.serve() as portal, relayed(portal) as officers, relayed(portal) as reporters:
        with open_page(chromium, f"http://127.0.0.1:{officers.port}") as mara:
            enrol(mara, token_of(made), "mara", "Mara Okafor", installation.elsewhere / "mara.age")
            mara.check("[data-compared]")
            mara.click("[data-open-form] [data-submit]")
            expect(mara.locator("section[data-open] [data-slot=agreement] .mark-good")).to_be_visible()
            words = _somebody_reports(chromium, reporters)
            _reply(mara)
        _mara_works_offline(installation)
        with open_page(chromium, f"http://127.0.0.1:{officers.port}") as noor:
            _noor_takes_over(noor, installation)
        traces = Traces(installation.server / "data", portal.log, [reporters], [officers])
        search(traces, [REPORT, REPLY, PASSWORD, "AGE-SECRET-KEY", *word_pairs(installation.words.split())], words)


@contextmanager
def relayed(portal: Portal) -> Iterator[Relay]:
    relay = Relay(portal.port)
    try:
        yield relay
    finally:
        relay.close()


def _somebody_reports(chromium: Browser, relay: Relay) -> list[str]:
    context = chromium.new_context(base_url=f"http://127.0.0.1:{relay.port}", java_script_enabled=False, user_agent=AGENT)
    page = context.new_page()
    page.goto("/report/ethics")
    page.fill("#body", REPORT)
    page.click("noscript button")
    page.click("form .button")
    expect(page.locator(".words li")).to_have_count(12)
    words = page.locator(".words li").all_inner_texts()
    close(context)
    return words


def _reply(page: Page) -> None:
    page.goto("/desk/")
    page.locator("[data-row-link]").click()
    expect(page.locator(".letters")).to_contain_text(REPORT)
    page.fill("#reply-body", REPLY)
    page.click("#reply [data-submit]")
    expect(page.locator(".letters")).to_contain_text(REPLY)


def _mara_works_offline(installation: Installation) -> None:
    export = installation.on_server("export")
    (installation.elsewhere / "export.jsonl").write_text(export)
    assert found_below(installation.elsewhere, [REPORT, REPLY]) == {}
    shown = _desk(installation, "mara")
    assert [(each["mark"], each["body"]) for each in shown] == [("server", REPORT), ("verified", REPLY)]


def _desk(installation: Installation, user: str) -> list[dict[str, str]]:
    """The messages of the one case that the offline desk opens."""
    arguments = ["desk", "export.jsonl", "--identity", f"{user}.age", "--user", user, "--password-file", "-", "--json"]
    (case,) = json.loads(installation.offline(*arguments, stdin=PASSWORD))["cases"]
    return [{"mark": each["mark"], "body": each["body"]} for each in case["messages"]]


def _noor_takes_over(noor: Page, installation: Installation) -> None:
    enrol(noor, token_of(installation.on_server("invite")), "noor", "Noor Haddad", installation.elsewhere / "noor.age")
    noor.goto("/desk/")
    expect(noor.get_by_text("The channel's keyring is not sealed to you yet")).to_be_visible()
    noor.goto("/desk/keys")
    expect(noor.locator("[data-slot=agreement] .mark-good")).to_be_visible()
    fingerprint = noor.locator("[data-slot=own-fingerprint]").inner_text()
    (installation.elsewhere / "noor.json").write_text(installation.on_server("fingerprint", "--officer", "noor", "--json"))
    recovering = ["recover", "export.jsonl", "--officer", "noor.json", "--fingerprint", fingerprint, "--words-file", "-", "-o", "new.age"]
    installation.offline(*recovering, stdin=installation.words)
    (installation.server / "new.age").write_bytes((installation.elsewhere / "new.age").read_bytes())
    installation.on_server("keyring", "install", "--channel", "ethics", "--version", "2", "new.age")
    noor.goto("/desk/")
    noor.locator("[data-row-link]").click()
    expect(noor.locator(".letters")).to_contain_text(REPORT)
    expect(noor.locator(".letters")).to_contain_text(REPLY)
    (installation.elsewhere / "export.jsonl").write_text(installation.on_server("export"))
    assert [each["body"] for each in _desk(installation, "noor")] == [REPORT, REPLY]
