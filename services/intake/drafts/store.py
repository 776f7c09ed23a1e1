"""Table and queries of drafts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, Text, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.intake.drafts.model import Draft
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

visit_draft = Table(
    "visit_draft",
    metadata,
    identifier("id", primary_key=True),
    identifier("owner_id"),
    words("kind"),
    document("content"),
    Column("address_ids", ARRAY(Text), nullable=False),
    instant("created_at"),
    instant("saved_at"),
    number("version"),
)


async def add(uow: UnitOfWork, one: Draft) -> None:
    """Stores a new draft."""
    await uow.execute(insert(visit_draft).values(**_row(one)))


async def save(uow: UnitOfWork, one: Draft) -> None:
    """Writes a changed draft."""
    await uow.execute(update(visit_draft).where(visit_draft.c.id == one.id).values(**_row(one)))


async def get(uow: UnitOfWork, draft_id: UUID, *, lock: bool = False) -> Draft | None:
    """A draft by id."""
    query = select(visit_draft).where(visit_draft.c.id == draft_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _draft(row)


async def of(uow: UnitOfWork, owner_id: UUID) -> list[Draft]:
    """Somebody's drafts, the newest first."""
    query = select(visit_draft).where(visit_draft.c.owner_id == owner_id).order_by(visit_draft.c.id.desc())
    return [_draft(row) for row in (await uow.execute(query)).mappings()]


async def count(uow: UnitOfWork, owner_id: UUID) -> int:
    """How many drafts somebody has."""
    query = select(func.count()).select_from(visit_draft).where(visit_draft.c.owner_id == owner_id)
    return int((await uow.execute(query)).scalar_one())


async def remove(uow: UnitOfWork, draft_id: UUID) -> None:
    """Throws a draft away."""
    await uow.execute(delete(visit_draft).where(visit_draft.c.id == draft_id))


async def erase(uow: UnitOfWork, address_ids: Collection[str]) -> None:
    """Throws every draft away that names one of these addresses."""
    await uow.execute(delete(visit_draft).where(visit_draft.c.address_ids.overlap(list(address_ids))))


def _row(one: Draft) -> dict[str, Any]:
    return asdict(one) | {"address_ids": list(one.address_ids)}


def _draft(row: Any) -> Draft:
    return Draft(**{**row, "address_ids": tuple(row["address_ids"])})
