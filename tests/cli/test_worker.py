from __future__ import annotations

import re
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http.body import LengthReader

from app.cli.feed import Feed
from app.cli.group import kind_and_place
from app.cli.worker import QuietLogger
from app.crypto.encoding import id_decode
from app.web.patience import PIECE


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "error.log"


@pytest.fixture
def logger(log: Path) -> QuietLogger:
    config = Config()
    config.set("errorlog", str(log))
    config.set("loglevel", "debug")
    return QuietLogger(config)


def test_an_error_is_logged_by_kind_and_place_only(logger: QuietLogger, log: Path) -> None:
    try:
        id_decode("canary")
    except Exception:
        logger.exception("Error handling request %s", "/conversation?canary")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \[ERROR\] Error in a worker: FormatError at app/crypto/encoding\.py:\d+\n", log.read_text())


def test_a_line_carries_a_day_and_no_time(logger: QuietLogger, log: Path) -> None:
    logger.error("Worker failed to boot.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \[ERROR\] Worker failed to boot\.\n", log.read_text())


def test_addresses_and_requests_are_not_logged(logger: QuietLogger, log: Path) -> None:
    logger.warning("Invalid request from ip=203.0.113.77: canary")
    logger.debug("Closing connection. %s", "canary")
    logger.access("response", "request", {"REMOTE_ADDR": "203.0.113.77"}, None)
    assert log.read_text() == ""


def test_warnings_about_workers_pass(logger: QuietLogger, log: Path) -> None:
    logger.warning("Worker (pid:%s) was sent SIGKILL!", 7)
    assert "was sent SIGKILL" in log.read_text()


def test_an_error_from_elsewhere_is_named_by_its_type_only() -> None:
    try:
        int("canary")
    except ValueError as error:
        assert kind_and_place(error) == "ValueError"


def test_no_more_of_a_body_is_taken_from_a_connection_than_is_read() -> None:
    feed = Feed(Plenty())
    reader = LengthReader(feed, 8 * PIECE)
    assert len(reader.read(PIECE)) == PIECE
    assert feed.take_buffered() == b""


class Plenty:
    """A connection on which everything has arrived."""

    def recv(self, size: int) -> bytes:
        return bytes(size)
