"""Static files: whole, typed, compressed once; nothing else is ever compressed or served."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

import app as package
from tests.web.reporter import BASE, Reporter

FOLDER = Path(package.__file__).parent / "static"


def test_a_file_is_sent_compressed_to_who_takes_that_and_plain_otherwise(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/static/css/quietline.css", base_url=BASE)
    packed = client.get("/static/css/quietline.css", base_url=BASE, headers={"Accept-Encoding": "gzip, br"})
    refused = client.get("/static/css/quietline.css", base_url=BASE, headers={"Accept-Encoding": "gzip;q=0"})
    assert plain.data == refused.data == gzip.decompress(packed.data)
    written = re.sub(r"/\*.*?\*/", "", (FOLDER / "css/quietline.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.sub(r"[\s;]", "", plain.data.decode()) == re.sub(r"[\s;]", "", written)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_a_script_is_sent_to_the_byte(app: Flask) -> None:
    assert app.test_client().get("/static/js/guard.js", base_url=BASE).data == (FOLDER / "js/guard.js").read_bytes()


@pytest.mark.parametrize(("path", "content_type"), [("css/quietline.css", "text/css; charset=utf-8"), ("img/mark.svg", "image/svg+xml")])
def test_a_file_has_its_type(app: Flask, path: str, content_type: str) -> None:
    assert app.test_client().get(f"/static/{path}", base_url=BASE).headers["Content-Type"] == content_type


@pytest.mark.parametrize("path", ["", "../factory.py", "..%2ffactory.py", "css", "css/", "/etc/passwd", "css/../css/quietline.css"])
def test_nothing_but_the_files_is_served(app: Flask, path: str) -> None:
    assert app.test_client().get(f"/static/{path}", base_url=BASE).status_code == 404


def test_a_page_that_shows_secrets_is_never_compressed(reporter: Reporter) -> None:
    form = reporter.check().form("/report/ethics/send")
    page = reporter.post("/report/ethics/send", form, **{"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert "Your twelve words" in page.text
    assert "Content-Encoding" not in page.headers
