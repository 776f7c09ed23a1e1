"""Tables and queries of budgets and exemptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Table, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.budgets.model import Exemption, Planned
from services.intake.tables import identifier, instant, metadata, number, words
from shared.kernel.money import Money
from shared.store.unit_of_work import UnitOfWork

visit_budget = Table(
    "visit_budget",
    metadata,
    identifier("visit_id", primary_key=True),
    number("revision", primary_key=True),
    identifier("bearer_department_id"),
    words("currency"),
    identifier("planned_by"),
    instant("planned_at"),
    number("version"),
)
visit_budget_line = Table(
    "visit_budget_line",
    metadata,
    identifier("visit_id", primary_key=True),
    number("revision", primary_key=True),
    number("number", primary_key=True),
    words("item"),
    Column("minor", BigInteger, nullable=False),
    number("quantity", nullable=True),
    words("note", nullable=True),
)
budget_exemption = Table(
    "budget_exemption",
    metadata,
    identifier("id", primary_key=True),
    identifier("visit_id"),
    words("item"),
    Column("up_to", BigInteger, nullable=False),
    words("currency"),
    words("set_code"),
    number("edition"),
    words("level"),
    words("host_rank", nullable=True),
    words("reason"),
    words("state"),
    identifier("asked_by"),
    instant("asked_at"),
    identifier("decided_by", nullable=True),
    instant("decided_at", nullable=True),
    number("version"),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one revision of a visit is planned to cost, and which department bears it."""

    visit_id: UUID
    revision: int
    bearer_department_id: UUID
    currency: str
    planned_by: UUID
    planned_at: datetime
    plan: tuple[Planned, ...]
    version: int = 1


async def save(uow: UnitOfWork, one: Budget) -> None:
    """Writes the budget of a revision, new or instead of the one before; the visit's lock covers it."""
    key = {"visit_id": one.visit_id, "revision": one.revision}
    values = {
        "bearer_department_id": one.bearer_department_id,
        "currency": one.currency,
        "planned_by": one.planned_by,
        "planned_at": one.planned_at,
        "version": one.version,
    }
    await uow.execute(
        upsert(visit_budget).values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values)
    )
    table = visit_budget_line
    await uow.execute(delete(table).where(table.c.visit_id == one.visit_id, table.c.revision == one.revision))
    rows = [
        {
            **key,
            "number": place,
            "item": planned.item,
            "minor": planned.amount.minor,
            "quantity": planned.quantity,
            "note": planned.note,
        }
        for place, planned in enumerate(one.plan, 1)
    ]
    if rows:
        await uow.execute(insert(table), rows)


async def get(uow: UnitOfWork, visit_id: UUID, revision: int) -> Budget | None:
    """The budget of a revision."""
    query = select(visit_budget).where(visit_budget.c.visit_id == visit_id, visit_budget.c.revision == revision)
    row = (await uow.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    table = visit_budget_line
    rows = await uow.execute(
        select(table).where(table.c.visit_id == visit_id, table.c.revision == revision).order_by(table.c.number)
    )
    plan = tuple(Planned(line.item, Money(line.minor, row["currency"]), line.quantity, line.note) for line in rows)
    return Budget(**row, plan=plan)


async def add_exemption(uow: UnitOfWork, one: Exemption) -> None:
    """Stores an exemption that somebody asks for."""
    await uow.execute(insert(budget_exemption).values(**_row(one)))


async def get_exemption(uow: UnitOfWork, exemption_id: UUID, *, lock: bool = False) -> Exemption | None:
    """An exemption by id."""
    query = select(budget_exemption).where(budget_exemption.c.id == exemption_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _exemption(row)


async def save_exemption(uow: UnitOfWork, one: Exemption) -> None:
    """Writes a changed exemption."""
    await uow.execute(update(budget_exemption).where(budget_exemption.c.id == one.id).values(**_row(one)))


async def exemptions(uow: UnitOfWork, visit_id: UUID) -> Sequence[Exemption]:
    """Every exemption that was asked for a visit, in whatever state."""
    query = select(budget_exemption).where(budget_exemption.c.visit_id == visit_id).order_by(budget_exemption.c.id)
    return [_exemption(row) for row in (await uow.execute(query)).mappings()]


def _row(one: Exemption) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in Exemption.__dataclass_fields__}
    return plain | {"up_to": one.up_to.minor, "currency": one.up_to.currency}


def _exemption(row: Any) -> Exemption:
    values = {name: value for name, value in row.items() if name != "currency"}
    return Exemption(**{**values, "up_to": Money(row["up_to"], row["currency"])})
