"""The table `message` and its queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    Row,
    Table,
    Uuid,
    bindparam,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.messages.model import PENDING, Message
from services.notify.tables import instant, notify, words
from shared.store.bulk import Insert, insert_together, update_rows
from shared.store.unit_of_work import UnitOfWork

message = Table(
    "message",
    notify,
    Column("id", Uuid, primary_key=True),
    words("rule"),
    words("subject_kind"),
    Column("subject_id", Uuid, nullable=False),
    words("occasion"),
    words("recipient_kind"),
    Column("recipient_id", Uuid, nullable=False),
    words("channel"),
    words("category"),
    words("template"),
    words("language"),
    words("zone"),
    words("address_id"),
    words("address", nullable=True),
    words("subject_line", nullable=True),
    words("text", nullable=True),
    words("in_reply_to", nullable=True),
    words("sender", nullable=True),
    Column("fallback", Boolean, nullable=False),
    instant("asks_until", nullable=True),
    Column("thread_id", Uuid),
    words("state"),
    Column("version", Integer, nullable=False),
    words("waits_for", nullable=True),
    words("withdraw_as", nullable=True),
    words("reason", nullable=True),
    Column("attempts", Integer, nullable=False),
    instant("accepted_at"),
    instant("caused_at"),
    instant("send_after", nullable=True),
    instant("expires_at"),
    instant("decide_at", nullable=True),
    instant("submitted_at", nullable=True),
    instant("ended_at", nullable=True),
    words("correlation_id"),
    words("cause_id"),
    Column("hops", Integer, nullable=False),
    words("traceparent", nullable=True),
)
_c = message.c

# Written out, not bound: only then can a prepared statement use the partial index.
_DUE = text("message.state IN ('accepted', 'scheduled')")
# Built once: senders ask this many times a second.
_CLAIM_DUE = (
    select(message)
    .where(_c.channel == bindparam("of"), _DUE, _c.send_after <= bindparam("now"))
    .order_by(_c.send_after, _c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_ANY_DUE = select(_c.id).where(_c.channel == bindparam("of"), _DUE, _c.send_after <= bindparam("now")).limit(1)
_CLAIM_UNDECIDED = (
    select(message)
    .where(_c.decide_at <= bindparam("now"))
    .order_by(_c.decide_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_BY_ID = select(message).where(_c.id == bindparam("message"))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_BY_IDS_LOCKED = text("SELECT message.* FROM message WHERE id = ANY(:messages) ORDER BY id FOR UPDATE").columns(
    *message.columns
)

_QUEUED = "messages"

Change = tuple[UUID, dict[str, Any]]
"""A message and the fields of it to write."""


def _of(row: Row[Any]) -> Message:
    return Message(**row._mapping)


async def add(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Stores new messages; returns the ids of those whose notice was not given before (its unique key holds)."""
    await _write_queued(uow)
    inserts = [Insert(message, rows, "ON CONFLICT DO NOTHING RETURNING id")]
    return {row.id for row in await insert_together(uow.connection, inserts, "SELECT id FROM part_0")}


def queue(uow: UnitOfWork, row: dict[str, Any]) -> None:
    """Stores a new message with others: before the next is stored or some are taken back, or at the end."""
    if _QUEUED not in uow.gathered:
        uow.gathered[_QUEUED] = []
        uow.at_flush(lambda: _write_queued(uow))
    uow.gathered[_QUEUED].append(row)


async def _write_queued(uow: UnitOfWork) -> None:
    rows = uow.gathered.pop(_QUEUED, None)
    if rows:
        await add(uow, rows)


async def get(uow: UnitOfWork, message_id: UUID, *, lock: bool = False) -> Message | None:
    """A message by id, its row locked if asked."""
    row = (await uow.execute(_BY_ID_LOCKED if lock else _BY_ID, {"message": message_id})).first()
    return None if row is None else _of(row)


async def locked(uow: UnitOfWork, message_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """Messages by their ids, locked in the order of these."""
    rows = await uow.execute(_BY_IDS_LOCKED, {"messages": list(message_ids)})
    return {row.id: _of(row) for row in rows}


async def change(uow: UnitOfWork, *changes: Change) -> None:
    """Writes fields of messages, of none twice, and raises their versions: those with the same fields at once."""
    for _, alike in groupby(sorted(changes, key=_fields), _fields):
        rows = [{"id": message_id, **values} for message_id, values in alike]
        await update_rows(uow.connection, message, rows, also="version = message.version + 1")


def _fields(change: Change) -> tuple[str, ...]:
    return tuple(change[1])


async def any_due(connection: AsyncConnection, channel: str, now: datetime) -> bool:
    """Whether a message of `channel` may go out now; another sender may have it."""
    return (await connection.execute(_ANY_DUE, {"of": channel, "now": now})).first() is not None


async def claim_due(uow: UnitOfWork, channel: str, limit: int) -> list[Message]:
    """Locks messages of `channel` that may go out now, the longest due first; rows of other senders are passed over."""
    rows = await uow.execute(_CLAIM_DUE, {"of": channel, "now": uow.now, "most": limit})
    return [_of(row) for row in rows]


async def claim_undecided(uow: UnitOfWork, limit: int) -> list[Message]:
    """Locks messages whose doubt, or wait for a receipt, is to be decided now."""
    return [_of(row) for row in await uow.execute(_CLAIM_UNDECIDED, {"now": uow.now, "most": limit})]


async def pending_about(uow: UnitOfWork, subject_kind: str, subject_id: UUID) -> list[Message]:
    """Locks the messages about a subject that have not gone out for good, in the order of their ids."""
    await _write_queued(uow)
    query = (
        select(message)
        .where(
            _c.subject_kind == subject_kind,
            _c.subject_id == subject_id,
            _c.state.in_((*PENDING, "sending", "in_doubt")),
        )
        .order_by(_c.id)
        .with_for_update()
    )
    return [_of(row) for row in await uow.execute(query)]


async def of_recipient(uow: UnitOfWork, recipient_id: UUID) -> list[Message]:
    """Locks every message to a person, in the order of their ids."""
    query = select(message).where(_c.recipient_id == recipient_id).order_by(_c.id).with_for_update()
    return [_of(row) for row in await uow.execute(query)]


async def wake_questions(uow: UnitOfWork, address_id: str) -> None:
    """A number has become free for an address: questions that waited for one are due now."""
    await uow.execute(
        update(message)
        .where(_c.address_id == address_id, _c.state == "scheduled", _c.waits_for == "number")
        .values(send_after=uow.now, version=_c.version + 1)
    )


async def search(
    uow: UnitOfWork,
    *,
    state: str | None = None,
    channel: str | None = None,
    subject_id: UUID | None = None,
    recipient_id: UUID | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[Message]:
    """Messages by what they are and about what, newest first."""
    query = select(message).order_by(_c.accepted_at.desc(), _c.id).limit(limit)
    for column, value in (
        (_c.state, state),
        (_c.channel, channel),
        (_c.subject_id, subject_id),
        (_c.recipient_id, recipient_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(_c.accepted_at < before)
    return [_of(row) for row in await uow.execute(query)]
