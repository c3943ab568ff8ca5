"""The floors of a report: a bare Flask application that does one HPKE seal and one durable SQLite insert for each post, and one indexed
query for each reading.

It is served with the portal's own server settings.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from flask import Flask, Response, request

from app.storage.sqlite import PRAGMAS

INFO = b"floor"


def create_app(database: Path) -> Flask:
    """The bare application; its table is made here."""
    app = Flask("floor")
    key = MLKEM768X25519PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()).public_key()
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    local = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(database, isolation_level=None)
            for pragma in PRAGMAS:
                local.connection.execute(f"PRAGMA {pragma}")
        opened: sqlite3.Connection = local.connection
        return opened

    connection().execute("CREATE TABLE IF NOT EXISTS reports (id BLOB PRIMARY KEY, sealed BLOB) WITHOUT ROWID")
    connection().execute("CREATE TABLE IF NOT EXISTS answers (mailbox BLOB PRIMARY KEY, answer BLOB) WITHOUT ROWID")
    connection().close()
    del local.connection

    @app.post("/")
    def report() -> str:
        sealed = suite.encrypt(request.form["body"].encode(), key, info=INFO)
        writer = connection()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO reports VALUES (?, ?)", (os.urandom(16), sealed))
        writer.execute("COMMIT")
        return "received"

    @app.post("/read")
    def read() -> Response:
        query = connection().execute("SELECT answer FROM answers WHERE mailbox = ?", (request.get_data(),))
        return Response(query.fetchone()[0], content_type="application/json")

    return app
