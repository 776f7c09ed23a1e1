"""Table and queries of delegations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Table, insert, or_, select, update

from services.intake.approvals.model import Delegation
from services.intake.tables import identifier, instant, metadata, words
from shared.kernel.money import Money
from shared.store.unit_of_work import UnitOfWork

approval_delegation = Table(
    "approval_delegation",
    metadata,
    identifier("id", primary_key=True),
    identifier("principal_id"),
    identifier("delegate_id"),
    identifier("department_id", nullable=True),
    Column("cap", BigInteger, nullable=False),
    words("currency"),
    instant("starts"),
    instant("ends", nullable=True),
    instant("given_at"),
    instant("ended_at", nullable=True),
)
_MOST = 200


async def add(uow: UnitOfWork, one: Delegation) -> None:
    """Stores a delegation."""
    plain = {name: getattr(one, name) for name in Delegation.__dataclass_fields__}
    await uow.execute(
        insert(approval_delegation).values(**plain | {"cap": one.cap.minor, "currency": one.cap.currency})
    )


async def get(uow: UnitOfWork, delegation_id: UUID, *, lock: bool = False) -> Delegation | None:
    """A delegation by id."""
    query = select(approval_delegation).where(approval_delegation.c.id == delegation_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _delegation(row)


async def end(uow: UnitOfWork, one: Delegation) -> None:
    """Writes when it ended."""
    table = approval_delegation
    await uow.execute(update(table).where(table.c.id == one.id).values(ended_at=one.ended_at))


async def in_force(uow: UnitOfWork, principal_id: UUID) -> list[Delegation]:
    """What somebody gave and did not end, the newest first; some may not hold yet, or any more."""
    table = approval_delegation
    query = select(table).where(table.c.principal_id == principal_id, table.c.ended_at.is_(None))
    rows = await uow.execute(query.order_by(table.c.given_at.desc(), table.c.id).limit(_MOST))
    return [_delegation(row) for row in rows.mappings()]


async def of(uow: UnitOfWork, staff_id: UUID) -> list[Delegation]:
    """What somebody gave or got, the newest first."""
    table = approval_delegation
    query = select(table).where(or_(table.c.principal_id == staff_id, table.c.delegate_id == staff_id))
    rows = await uow.execute(query.order_by(table.c.given_at.desc(), table.c.id).limit(_MOST))
    return [_delegation(row) for row in rows.mappings()]


def _delegation(row: Any) -> Delegation:
    values = {name: value for name, value in row.items() if name != "currency"}
    return Delegation(**{**values, "cap": Money(row["cap"], row["currency"])})
