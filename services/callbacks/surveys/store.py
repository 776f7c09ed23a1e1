"""The table of answers in people's own words, and every query on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Table, Text, Uuid, delete, exists, select

from services.callbacks.metadata import metadata
from services.callbacks.surveys.model import Reading
from shared.store.unit_of_work import UnitOfWork

AnswerChannel = Literal["sms", "email", "person"]

answer = Table(
    "answer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("callback_id", Uuid, ForeignKey("callback.id"), nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("inbound_id", Uuid),
    Column("channel", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("reading", Text, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("by", Uuid),
    Column("received_at", DateTime(timezone=True), nullable=False),
)


def add(
    uow: UnitOfWork,
    *,
    callback_id: UUID,
    party_id: UUID,
    inbound_id: UUID | None,
    channel: AnswerChannel,
    words: str,
    reading: Reading,
    counted: bool,
    late: bool,
    by: UUID | None,
    received_at: datetime,
) -> None:
    """Stores what a party said and how it was read."""
    uow.insert(
        answer,
        id=uow.new_id("answer"),
        callback_id=callback_id,
        party_id=party_id,
        inbound_id=inbound_id,
        channel=channel,
        words=words,
        reading=reading,
        counted=counted,
        late=late,
        by=by,
        received_at=received_at,
    )


async def is_known(uow: UnitOfWork, inbound_id: UUID) -> bool:
    """Whether this inbound message has been recorded."""
    return bool((await uow.execute(select(exists().where(answer.c.inbound_id == inbound_id)))).scalar_one())


async def of_callback(uow: UnitOfWork, callback_id: UUID, limit: int) -> list[dict[str, Any]]:
    """What was answered to a callback, the last `limit`, newest first."""
    rows = await uow.execute(
        select(answer)
        .where(answer.c.callback_id == callback_id)
        .order_by(answer.c.received_at.desc(), answer.c.id.desc())
        .limit(limit)
    )
    return [row._asdict() for row in rows]


async def erase(uow: UnitOfWork, party_id: UUID) -> None:
    """Takes away everything that the party said in its own words; what came of it stays with the callback."""
    await uow.execute(delete(answer).where(answer.c.party_id == party_id))
