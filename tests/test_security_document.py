"""SECURITY.md lists every stored column; the schema is what it is held to."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import inspect

from app.services.context import Context

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| `(\w+\.\w+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


def _documented() -> dict[str, tuple[str, str]]:
    rows = ROW.findall((ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(rows) == len({name for name, _, _ in rows}), "a column is listed twice"
    return {name: (what, reveals) for name, what, reveals in rows}


def test_every_stored_column_is_listed_with_what_it_reveals(ctx: Context) -> None:
    with ctx.database.read() as session:
        schema = inspect(session.connection())
        stored = {f"{table}.{column['name']}" for table in schema.get_table_names() for column in schema.get_columns(table)}
    assert "alembic_version.version_num" in stored  # it is the upgraded database, not the models
    assert set(_documented()) == stored


def test_no_row_is_empty() -> None:
    assert all(what.strip() and reveals.strip() for what, reveals in _documented().values())
