"""The tables `attempt`, `sent_part` and `sender_process` and their queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Integer,
    Table,
    Uuid,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from services.notify.providers.result import receipt_key, receipt_keys
from services.notify.tables import instant, notify, words
from shared.store.bulk import Insert, insert_together, update_rows
from shared.store.unit_of_work import UnitOfWork

attempt = Table(
    "attempt",
    notify,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    words("channel"),
    Column("started_by", Uuid, nullable=False),
    instant("started_at"),
    Column("repeat", Boolean, nullable=False),
    instant("finished_at", nullable=True),
    words("result", nullable=True),
    words("code", nullable=True),
)
sent_part = Table(
    "sent_part",
    notify,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("attempt_id", BigInteger, nullable=False),
    Column("message_id", Uuid, nullable=False),
    words("channel"),
    words("provider_id"),
    words("key"),
    words("state", nullable=True),
    instant("sent_at"),
)
sender_process = Table("sender_process", notify, Column("id", Uuid, primary_key=True), instant("alive_at"))

# Providers begin to count anew now and then: of parts with one id, only the latest come into question.
_NAMESAKES = 20

_LOCK_KEYS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(key, 2)) FROM "
    "(SELECT unnest(CAST(:keys AS text[])) AS key ORDER BY 1) AS sorted"
)


_STARTED = "SELECT id, message_id FROM part_0"
_UNLESS_FINISHED = "AND (attempt.result IS NULL OR attempt.result = 'unknown') RETURNING attempt.id"

_OF_MESSAGE = attempt.c.message_id == bindparam("message")
_REPEATED = select(attempt.c.id).where(_OF_MESSAGE, attempt.c.repeat).limit(1)
_IN_DOUBT = select(attempt.c.id).where(_OF_MESSAGE, attempt.c.result == "unknown").limit(1)
_REJECTED = select(attempt.c.id).where(_OF_MESSAGE, attempt.c.result == "rejected")


@dataclass(frozen=True, slots=True)
class Start:
    """An attempt that is to be written down: the `number`-th of its message."""

    message_id: UUID
    number: int
    channel: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an attempt that a provider took under an id of its own, e.g. a segment of a long SMS."""

    id: int
    attempt_id: int
    message_id: UUID
    key: str
    """The one spelling of its id."""


async def lock_ids(uow: UnitOfWork, provider_ids: Iterable[str]) -> None:
    """Makes the answer to a call and a receipt that overtakes it take turns, so that neither misses the other."""
    keys = sorted({key for provider_id in provider_ids for key in receipt_keys(provider_id)})
    if keys:
        await uow.execute(_LOCK_KEYS, {"keys": keys})


async def start(uow: UnitOfWork, starts: Sequence[Start], by: UUID) -> dict[UUID, int]:
    """Writes attempts down, of no message two; returns their ids by their messages."""
    rows = [
        {
            "message_id": start.message_id,
            "number": start.number,
            "channel": start.channel,
            "started_by": by,
            "started_at": uow.now,
            "repeat": start.repeat,
        }
        for start in starts
    ]
    written = [Insert(attempt, rows, "RETURNING id, message_id")]
    return {row.message_id: row.id for row in await insert_together(uow.connection, written, _STARTED)}


async def finish(uow: UnitOfWork, attempt_ids: Sequence[int], result: str, code: str | None) -> set[int]:
    """Writes a result of attempts; returns those that had none of that kind already (the same answer stored twice)."""
    rows = [{"id": each, "finished_at": uow.now, "result": result, "code": code} for each in attempt_ids]
    return {row.id for row in await update_rows(uow.connection, attempt, rows, suffix=_UNLESS_FINISHED)}


def add_part(uow: UnitOfWork, attempt_id: int, message_id: UUID, channel: str, provider_id: str) -> None:
    """Queues an id under which a provider took an attempt."""
    uow.insert(
        sent_part,
        attempt_id=attempt_id,
        message_id=message_id,
        channel=channel,
        provider_id=provider_id,
        key=receipt_key(provider_id),
        sent_at=uow.now,
    )


async def parts_named(uow: UnitOfWork, channel: str, keys: Sequence[str]) -> list[Part]:
    """The parts that a receipt may tell of: by the likeliest key first, of one key the one sent last."""
    query = (
        select(sent_part.c.id, sent_part.c.attempt_id, sent_part.c.message_id, sent_part.c.key)
        .where(sent_part.c.channel == channel, sent_part.c.key.in_(keys))
        .order_by(sent_part.c.sent_at.desc(), sent_part.c.id.desc())
        .limit(_NAMESAKES)
    )
    parts = [Part(*row) for row in await uow.execute(query)]
    return sorted(parts, key=lambda part: keys.index(part.key))


async def mark_part(uow: UnitOfWork, part: Part, state: str) -> set[str | None]:
    """Notes what became of a part; returns the states of all parts of its attempt."""
    await uow.execute(update(sent_part).where(sent_part.c.id == part.id).values(state=state))
    result = await uow.execute(select(sent_part.c.state).where(sent_part.c.attempt_id == part.attempt_id))
    return set(result.scalars())


async def was_repeated(uow: UnitOfWork, message_id: UUID) -> bool:
    """Whether a message was sent once more after a doubt."""
    return (await uow.execute(_REPEATED, {"message": message_id})).first() is not None


async def was_in_doubt(uow: UnitOfWork, message_id: UUID) -> bool:
    """Whether some attempt of a message may have been taken without anybody having said so."""
    return (await uow.execute(_IN_DOUBT, {"message": message_id})).first() is not None


async def rejections(uow: UnitOfWork, message_id: UUID) -> int:
    """How many attempts of a message were surely not taken."""
    return len((await uow.execute(_REJECTED, {"message": message_id})).all())


async def of_message(uow: UnitOfWork, message_id: UUID) -> list[dict[str, object]]:
    """Every attempt of a message, in order."""
    result = await uow.execute(select(attempt).where(attempt.c.message_id == message_id).order_by(attempt.c.number))
    return [dict(row._mapping) for row in result]


async def abandoned(uow: UnitOfWork, dead_after: timedelta, limit: int) -> list[tuple[int, UUID]]:
    """(attempt, message) of calls without an answer whose sender has not said for `dead_after` that it lives."""
    living = (
        select(sender_process.c.id)
        .where(sender_process.c.id == attempt.c.started_by, sender_process.c.alive_at > uow.now - dead_after)
        .exists()
    )
    query = (
        select(attempt.c.id, attempt.c.message_id)
        .where(attempt.c.result.is_(None), attempt.c.started_at <= uow.now - dead_after, ~living)
        .order_by(attempt.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(row.id, row.message_id) for row in await uow.execute(query)]


async def says_alive(uow: UnitOfWork, sender_id: UUID) -> None:
    """A sender says that it lives."""
    statement = insert(sender_process).values(id=sender_id, alive_at=uow.now)
    await uow.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_={"alive_at": statement.excluded.alive_at})
    )


async def says_goodbye(uow: UnitOfWork, sender_id: UUID, silent_since: datetime) -> None:
    """A sender leaves; rows of those that died without a word go with it."""
    await uow.execute(
        delete(sender_process).where((sender_process.c.id == sender_id) | (sender_process.c.alive_at < silent_since))
    )
