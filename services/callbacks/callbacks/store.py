"""Tables of callbacks and their attempts, and every query on them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    Uuid,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.callbacks.callbacks.model import OPEN_STATES, Callback
from services.callbacks.metadata import metadata
from shared.kernel.errors import NotFound
from shared.store.unit_of_work import UnitOfWork


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


callback = Table(
    "callback",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("subject_number", Text),
    Column("occasion", Integer, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("address_id", Text),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    _instant("due"),
    _instant("latest"),
    Column("priority", Integer, nullable=False),
    _instant("planned_at"),
    Column("handler_id", Uuid),
    Column("responsible_department_id", Uuid),
    Column("accused_ids", JSONB, nullable=False),
    _instant("answer_until", nullable=True),
    Column("needs_person", Boolean, nullable=False),
    Column("outcome", Text),
    Column("contact_wanted", Boolean, nullable=False),
    Column("end_reason", Text),
    _instant("ended_at", nullable=True),
    Column("version", Integer, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    Column("callback_id", Uuid, ForeignKey("callback.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("due_event", Text, nullable=False),
    _instant("due_at"),
    Column("mode", Text, nullable=False),
    Column("result", Text),
    Column("message_id", Uuid),
    Column("by", Uuid),
    _instant("at", nullable=True),
)


def add(uow: UnitOfWork, planned: Callback) -> None:
    """Stores a new callback."""
    row = asdict(planned)
    uow.insert(callback, **{**row, "accused_ids": [str(staff_id) for staff_id in planned.accused_ids]})


def _read(row: Row[Any]) -> Callback:
    fields = row._asdict()
    return Callback(**{**fields, "accused_ids": tuple(map(UUID, fields["accused_ids"]))})


async def find_locked(uow: UnitOfWork, callback_id: UUID) -> Callback | None:
    """The callback, its row locked until the end of the transaction; None where there is none."""
    found = (await uow.execute(select(callback).where(callback.c.id == callback_id).with_for_update())).one_or_none()
    return None if found is None else _read(found)


async def locked(uow: UnitOfWork, callback_id: UUID) -> Callback:
    """The callback, its row locked until the end of the transaction. Raises NotFound."""
    found = await find_locked(uow, callback_id)
    if found is None:
        raise NotFound("callback")
    return found


async def get(uow: UnitOfWork, callback_id: UUID) -> Callback:
    """The callback as it is now. Raises NotFound."""
    found = (await uow.execute(select(callback).where(callback.c.id == callback_id))).one_or_none()
    if found is None:
        raise NotFound("callback")
    return _read(found)


async def of_subject(uow: UnitOfWork, rule: str, subject_kind: str, subject_id: UUID) -> list[Callback]:
    """Every callback by `rule` about the subject, locked, the latest occasion first."""
    rows = await uow.execute(
        select(callback)
        .where(
            callback.c.rule == rule,
            callback.c.subject_kind == subject_kind,
            callback.c.subject_id == subject_id,
        )
        .order_by(callback.c.occasion.desc())
        .with_for_update()
    )
    return [_read(row) for row in rows]


async def open_of_subject(uow: UnitOfWork, subject_kind: str, subject_id: UUID) -> list[Callback]:
    """The callbacks about the subject that are still open, locked in the order of their ids."""
    rows = await uow.execute(
        select(callback)
        .where(
            callback.c.subject_kind == subject_kind,
            callback.c.subject_id == subject_id,
            callback.c.state.in_(OPEN_STATES),
        )
        .order_by(callback.c.id)
        .with_for_update()
    )
    return [_read(row) for row in rows]


async def open_of_party(uow: UnitOfWork, party_id: UUID) -> list[Callback]:
    """The callbacks with the party that are still open, locked in the order of their ids."""
    rows = await uow.execute(
        select(callback)
        .where(callback.c.party_id == party_id, callback.c.state.in_(OPEN_STATES))
        .order_by(callback.c.id)
        .with_for_update()
    )
    return [_read(row) for row in rows]


async def forget_addresses(uow: UnitOfWork, party_id: UUID) -> None:
    """Takes the party's address ids out of its callbacks."""
    await uow.execute(update(callback).where(callback.c.party_id == party_id).values(address_id=None))


async def save(uow: UnitOfWork, before: Callback, **changes: Any) -> Callback:
    """Writes `changes` to the locked callback, its version one higher, and gives it back as it is now."""
    after = replace(before, **changes, version=before.version + 1)
    await uow.execute(
        update(callback).where(callback.c.id == before.id).values(**changes, version=after.version),
    )
    return after


async def page(
    uow: UnitOfWork,
    *,
    where: dict[str, Any],
    overdue_at: datetime | None,
    after: UUID | None,
    limit: int,
) -> list[Callback]:
    """At most `limit` callbacks in the order (due, id), those after the callback `after`; `where` names columns.

    `overdue_at` keeps those whose deadline lies before it and that are still open. Raises NotFound for an unknown
    `after`.
    """
    query = select(callback).where(*(callback.c[name] == value for name, value in where.items()))
    if overdue_at is not None:
        query = query.where(callback.c.latest < overdue_at, callback.c.state.in_(OPEN_STATES))
    if after is not None:
        last = await get(uow, after)
        query = query.where(tuple_(callback.c.due, callback.c.id) > (last.due, last.id))
    rows = await uow.execute(query.order_by(callback.c.due, callback.c.id).limit(limit))
    return [_read(row) for row in rows]


def add_attempt(uow: UnitOfWork, called: Callback, due_event: str) -> None:
    """Stores the attempt that begins now; `due_event` is the id of the callback-due that asks for it."""
    uow.insert(
        attempt,
        callback_id=called.id,
        number=called.attempt,
        due_event=due_event,
        due_at=called.due,
        mode=called.mode,
    )


async def attempts(uow: UnitOfWork, callback_id: UUID) -> list[dict[str, Any]]:
    """The attempts of a callback, in their order."""
    rows = await uow.execute(select(attempt).where(attempt.c.callback_id == callback_id).order_by(attempt.c.number))
    return [row._asdict() for row in rows]


async def attempt_by_event(uow: UnitOfWork, callback_id: UUID, due_event: str) -> dict[str, Any] | None:
    """The attempt that this callback-due asked for; None where the message was another one's."""
    row = (
        await uow.execute(select(attempt).where(attempt.c.callback_id == callback_id, attempt.c.due_event == due_event))
    ).one_or_none()
    return None if row is None else row._asdict()


async def was_asked(uow: UnitOfWork, callback_id: UUID) -> bool:
    """Whether any attempt's question went out."""
    asked = await uow.execute(
        select(func.count()).where(attempt.c.callback_id == callback_id, attempt.c.result == "asked")
    )
    return bool(asked.scalar_one())


async def end_attempt(uow: UnitOfWork, callback_id: UUID, number: int, **changes: Any) -> None:
    """Writes what came of an attempt."""
    await uow.execute(
        update(attempt).where(attempt.c.callback_id == callback_id, attempt.c.number == number).values(**changes)
    )
