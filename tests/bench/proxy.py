"""nginx in front of a server, where the machine has it: as a proxy that passes uploads on while they come."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.portal import free_port

PLACES: Final = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
CONFIGURATION: Final = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; client_max_body_size 0; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection "";
            proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 600s;
        }}
    }}
}}
"""


def found() -> str | None:
    """The program, or nothing."""
    return shutil.which("nginx", path=PLACES)


@contextlib.contextmanager
def nginx(folder: Path, behind: int) -> Iterator[int]:
    """A proxy in front of a port; gives its own port."""
    program, port = found(), free_port()
    assert program is not None
    folder.mkdir()
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, behind=behind))
    process = subprocess.Popen([program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("nginx did not start")
