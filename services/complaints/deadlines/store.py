"""The table of deadlines and its queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, Table, Text, Uuid, select, update

from services.complaints.deadlines.model import Deadline, DeadlineKind, Instants
from services.complaints.tables import metadata
from shared.store.unit_of_work import UnitOfWork

deadline = Table(
    "deadline",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", Uuid, ForeignKey("ticket.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("policy", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("warn_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("warned_at", DateTime(timezone=True)),
    Column("met_at", DateTime(timezone=True)),
    Column("missed_at", DateTime(timezone=True)),
)


def add(uow: UnitOfWork, new: Deadline) -> None:
    """Stores a new deadline."""
    uow.insert(deadline, **asdict(new))


async def lock(uow: UnitOfWork, deadline_id: UUID) -> Deadline | None:
    """The deadline, locked to the end of the transaction."""
    result = await uow.execute(select(deadline).where(deadline.c.id == deadline_id).with_for_update())
    row = result.one_or_none()
    return None if row is None else Deadline(**row._mapping)


async def lock_running(uow: UnitOfWork, ticket_id: UUID, kinds: Sequence[DeadlineKind]) -> list[Deadline]:
    """The ticket's deadlines of these kinds that are not met, locked in order of their ids."""
    result = await uow.execute(
        select(deadline)
        .where(deadline.c.ticket_id == ticket_id, deadline.c.kind.in_(kinds), deadline.c.met_at.is_(None))
        .order_by(deadline.c.id)
        .with_for_update()
    )
    return [Deadline(**row._mapping) for row in result]


async def of_tickets(uow: UnitOfWork, ticket_ids: Sequence[UUID]) -> dict[UUID, list[Deadline]]:
    """Every deadline of these tickets, by ticket, the oldest first."""
    result = await uow.execute(
        select(deadline).where(deadline.c.ticket_id.in_(ticket_ids)).order_by(deadline.c.started_at, deadline.c.kind)
    )
    found: dict[UUID, list[Deadline]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in result:
        found[row.ticket_id].append(Deadline(**row._mapping))
    return found


async def plan(uow: UnitOfWork, deadline_id: UUID, policy: str, instants: Instants) -> None:
    """Another policy's instants for a running deadline."""
    await uow.execute(update(deadline).where(deadline.c.id == deadline_id).values(policy=policy, **asdict(instants)))


async def mark(uow: UnitOfWork, deadline_id: UUID, **instant: datetime) -> None:
    """Sets `warned_at`, `met_at` or `missed_at`."""
    await uow.execute(update(deadline).where(deadline.c.id == deadline_id).values(**instant))
