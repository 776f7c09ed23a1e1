"""Table and queries of judgements."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, select

from services.intake.levels.model import Judgement
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

visit_level = Table(
    "visit_level",
    metadata,
    identifier("visit_id", primary_key=True),
    number("number", primary_key=True),
    number("revision"),
    identifier("set_id"),
    words("proposed"),
    number("proposed_by_row", nullable=True),
    document("because"),
    words("level"),
    words("host_rank", nullable=True),
    words("reason", nullable=True),
    identifier("judged_by"),
    instant("judged_at"),
)


async def add(uow: UnitOfWork, one: Judgement) -> None:
    """Stores a judgement; the visit's lock covers its number."""
    await uow.execute(insert(visit_level).values(**asdict(one) | {"because": list(one.because)}))


async def newest(uow: UnitOfWork, visit_id: UUID) -> Judgement | None:
    """The judgement that counts."""
    found = await history(uow, visit_id)
    return found[-1] if found else None


async def history(uow: UnitOfWork, visit_id: UUID) -> list[Judgement]:
    """Every judgement of a visit, the newest last."""
    query = select(visit_level).where(visit_level.c.visit_id == visit_id).order_by(visit_level.c.number)
    return [_judgement(row) for row in (await uow.execute(query)).mappings()]


def _judgement(row: Any) -> Judgement:
    return Judgement(**{**row, "because": tuple(row["because"])})
