"""An organisation, as small as one can be, and what is there of them."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.domain import OrganisationId
from app.storage import organisations
from app.storage.database import Database

ORG = OrganisationId("a" * 26)


def add_organisation(session: Session, organisation: OrganisationId = ORG, name: str = "Northwind") -> None:
    organisations.add(session, organisation, name, demo=False, created_on=date(2026, 11, 21))


def names(database: Database) -> list[str]:
    with database.read() as session:
        return [each.name for each in organisations.all_of_them(session)]
