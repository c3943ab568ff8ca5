"""A browser that nothing looks into but what is asked for: Playwright has it keep every request's body, which would be measured too.

Spoken to over the pipe of the DevTools protocol: JSON messages, a zero byte behind each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chromium import executable

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PATIENCE_SECONDS = 60.0
# The browser reads from file descriptor 3 and writes to 4; whichever they are here, they go out of the way first.
_AS_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for end, place in zip(ends, (3, 4)):
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


class PlainBrowser:
    """One Chromium process with its pipe."""

    def __init__(self, process: subprocess.Popen[bytes], ask: int, answer: int) -> None:
        self.process = process
        self._ask = ask
        self._answers = os.fdopen(answer, "rb", buffering=0)
        self._held = b""
        self._last = 0

    def command(self, method: str, session: str | None = None, **values: object) -> dict[str, Any]:
        """Do something, and wait for what comes of it."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": values} | ({"sessionId": session} if session else {})
        os.write(self._ask, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            self._held += self._answers.read(65536)
        message, _, self._held = self._held.partition(b"\0")
        return dict(json.loads(message))


class PlainPage:
    """One page. Scripts are run in it; nothing is recorded."""

    def __init__(self, browser: PlainBrowser, address: str, first: str = "") -> None:
        self._browser = browser
        target = browser.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._target = target
        if first:
            self._do("Page.enable")
            self._do("Page.addScriptToEvaluateOnNewDocument", source=first)
        self._do("Page.navigate", url=address)

    def processes(self) -> set[int]:
        """The processes of all of the browser's pages: it does not say which is whose."""
        found = self._browser.command("SystemInfo.getProcessInfo")["processInfo"]
        return {int(each["id"]) for each in found if each["type"] == "renderer"}

    def run(self, script: str) -> Any:
        """The value of an expression."""
        outcome = self._do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in outcome:
            raise RuntimeError(str(outcome["exceptionDetails"])[:500])
        return outcome["result"].get("value")

    def wait(self, script: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.run(f"!!({script})"):
            if time.monotonic() > deadline:
                raise TimeoutError(script)
            time.sleep(0.1)

    def choose(self, selector: str, path: Path) -> None:
        """Choose a file in a field."""
        field = self._do("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")["result"]["objectId"]
        self._do("DOM.setFileInputFiles", objectId=field, files=[str(path)])

    def close(self) -> None:
        self._browser.command("Target.closeTarget", targetId=self._target)

    def _do(self, method: str, **values: object) -> dict[str, Any]:
        return self._browser.command(method, self._session, **values)


@contextmanager
def plain_browser() -> Iterator[PlainBrowser]:
    """Start one with a profile of its own; end it by its process id."""
    to_browser, ask = os.pipe()
    answer, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(prefix="quietline-browser-", ignore_cleanup_errors=True) as profile:
        arguments = [executable(), "--remote-debugging-pipe", f"--user-data-dir={profile}", *FLAGS, "about:blank"]
        launcher = [sys.executable, "-c", _AS_3_AND_4, str(to_browser), str(from_browser), *arguments]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(launcher, pass_fds=(to_browser, from_browser), stdin=quiet, stdout=quiet, stderr=quiet)
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield PlainBrowser(process, ask, answer)
        finally:
            process.terminate()
            process.wait()
            os.close(ask)
