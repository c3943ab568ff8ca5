"""The negative control: what a careful beginner would put up. Werkzeug's own parsing, gunicorn's access log, nginx as its sample has it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flask import Flask, request

from app.crypto.encoding import b64u_encode
from deploy.stack import programs
from tests.faults.sweep.canaries import FAILING, FILES, TYPED, Canaries
from tests.faults.sweep.client import Client
from tests.portal import free_port
from tests.web.filling import Chosen

NOT_KEPT: Final = frozenset({"Accept-Language", "Cookie", "entropy of the words"})
"""What even such a site keeps nowhere: the first two nobody logs, the last is sent to nobody."""

NGINX: Final = """
daemon off;
{user}
worker_processes 1;
error_log {folder}/log/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" '
                    '"$http_user_agent" "$http_x_forwarded_for"';
    access_log {folder}/log/access.log main;
    client_max_body_size 50m;
    client_body_temp_path {folder}/tmp/body;
    proxy_temp_path {folder}/tmp/proxy;
    fastcgi_temp_path {folder}/tmp/fastcgi;
    uwsgi_temp_path {folder}/tmp/uwsgi;
    scgi_temp_path {folder}/tmp/scgi;
    gzip on;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


def application() -> Flask:
    """An application that takes a form and keeps nothing of it, as far as it knows."""
    app = Flask(__name__)

    @app.post("/report")
    def report() -> str:
        sizes = [len(file.read()) for file in request.files.values()]
        if "fail" in request.args:
            raise ValueError(sum(len(value) for value in request.form.values()))
        return f"Thank you: {len(request.form)} fields, {sizes}"

    @app.post("/sealed")
    def sealed() -> str:
        return f"Thank you: {len(request.get_json())}"

    return app


@contextmanager
def serve(folder: Path) -> Iterator[tuple[int, dict[str, list[int]]]]:
    """Both programs on everything below the folder: the port, and the processes."""
    for name in ("log", "tmp"):
        (folder / name).mkdir()
    port, behind = free_port(), free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, behind=behind, user=user))
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    kept = ["--access-logfile", str(folder / "log" / "gunicorn.log"), "--error-logfile", str(folder / "log" / "gunicorn-error.log")]
    gunicorn = [
        str(Path(sys.executable).with_name("gunicorn")),
        "--bind",
        f"127.0.0.1:{behind}",
        "--threads",
        "4",
        "--no-control-socket",
        *kept,
    ]
    nginx = [str(programs.nginx()), "-e", f"{folder}/log/error.log", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    commands = {"gunicorn": [*gunicorn, f"{__name__}:application()"], "nginx": nginx}
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    running = {name: subprocess.Popen([*guard, *told], env=environment, stdin=subprocess.DEVNULL) for name, told in commands.items()}
    try:
        _wait_for(port)
        yield port, {name: [each.pid, *_children(each.pid)] for name, each in running.items()}
    finally:
        for each in running.values():
            each.send_signal(signal.SIGTERM)
        for each in running.values():
            each.wait(timeout=30)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait_for(port: int) -> None:
    """Until the application answers through nginx: nobody does before it runs (502)."""
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
        except urllib.error.HTTPError as answer:
            if answer.code == 404:
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError("the control did not start")
        time.sleep(0.05)


def visit(canaries: Canaries, client: Client) -> None:
    """Give it everything that the real journey gives away."""
    files = [Chosen(f"{canaries[name]}.pdf", canaries.content(content, size)) for name, content, size in CONTENTS]
    typed = {kind: f"{canaries[kind]} " * 900 for kind in (*TYPED, FAILING[0])}
    (receipt,) = canaries.receipts
    answer = client.post_files("/report", {**typed, "words": " ".join(receipt.words)}, *files)
    assert answer.status_code == 200, answer.status_code
    assert client.post_files("/report?fail", typed, files[0]).status_code == 500
    assert client.get(f"/{canaries['path']}?from={canaries['query']}").status_code == 404
    mailbox = {"Content-Type": "application/json"}
    said = json.dumps({"sealed": "A" * 30_000, "mailbox": b64u_encode(receipt.mailbox_key)})
    assert client.ask("POST", "/sealed", said, mailbox).status_code == 200


CONTENTS: Final = (
    (FILES[0], FILES[1], 5_000_000),
    (FILES[0], FILES[2], 700_000),
    (FILES[3], FILES[4], 700_000),
    (FAILING[1], FAILING[2], 700_000),
)
