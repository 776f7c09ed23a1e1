"""The tables `thread` and `number_use` and their queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, Table, Uuid, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.notify.providers.result import Channel
from services.notify.tables import instant, notify, words
from shared.store.unit_of_work import UnitOfWork

thread = Table(
    "thread",
    notify,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    words("channel"),
    words("address_id"),
    words("our_address"),
    words("subject_kind"),
    Column("subject_id", Uuid, nullable=False),
    Column("party_id", Uuid, nullable=False),
    instant("opened_at"),
    instant("until"),
    instant("closed_at", nullable=True),
)
number_use = Table("number_use", notify, words("number", primary_key=True), instant("used_at"))
_c = thread.c

# Two senders that ask for the same address take turns, so that they never pick the same number.
_IN_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:address_id, 1))")
_FREE = text(
    "SELECT n.number FROM number_use n WHERE n.number = ANY(:numbers) AND NOT EXISTS ("
    "SELECT FROM thread t WHERE t.address_id = :address_id AND t.our_address = n.number AND t.closed_at IS NULL) "
    "ORDER BY n.used_at, n.number LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Thread:
    """An open question to an address: over which of our addresses, about what, until when."""

    id: UUID
    message_id: UUID
    """Our message that asked."""
    channel: Channel
    address_id: str
    our_address: str
    """Our number, or the local part of our reply address."""
    subject_kind: str
    subject_id: UUID
    party_id: UUID
    opened_at: datetime
    until: datetime
    closed_at: datetime | None


def _of(row: Row[Any] | None) -> Thread | None:
    return None if row is None else Thread(**row._mapping)


async def free_number(uow: UnitOfWork, address_id: str, numbers: Sequence[str]) -> str | None:
    """The least recently used number without an open thread to the address; None where all are taken."""
    never = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    rows = [{"number": number, "used_at": never} for number in sorted(numbers)]
    await uow.execute(insert(number_use).values(rows).on_conflict_do_nothing())
    await uow.execute(_IN_TURN, {"address_id": address_id})
    result = await uow.execute(_FREE, {"numbers": list(numbers), "address_id": address_id})
    number: str | None = result.scalar_one_or_none()
    return number


async def number_used(uow: UnitOfWork, number: str) -> None:
    """Notes that a number was used now."""
    await uow.execute(update(number_use).where(number_use.c.number == number).values(used_at=uow.now))


async def add(uow: UnitOfWork, new: Thread) -> None:
    """Stores a thread. The open-thread index refuses a second one over the same pair of addresses."""
    await uow.execute(insert(thread).values(**{name: getattr(new, name) for name in Thread.__dataclass_fields__}))


async def get(uow: UnitOfWork, thread_id: UUID) -> Thread | None:
    """A thread by id."""
    return _of((await uow.execute(select(thread).where(_c.id == thread_id))).first())


async def of_message(uow: UnitOfWork, message_id: UUID) -> Thread | None:
    """The thread that a message opened."""
    return _of((await uow.execute(select(thread).where(_c.message_id == message_id))).first())


async def of_our_address(uow: UnitOfWork, our_address: str) -> Thread | None:
    """The mail thread behind a reply address; its token is of one thread only."""
    query = select(thread).where(_c.our_address == our_address, _c.channel == "email")
    return _of((await uow.execute(query)).first())


async def answering(uow: UnitOfWork, address_id: str, our_number: str, late_since: datetime) -> Thread | None:
    """The thread that an SMS answers: the open one over these two numbers, else the last closed since `late_since`."""
    query = (
        select(thread)
        .where(
            _c.address_id == address_id,
            _c.our_address == our_number,
            or_(_c.closed_at.is_(None), _c.closed_at >= late_since),
        )
        .order_by(_c.closed_at.desc().nulls_first())
        .limit(1)
    )
    return _of((await uow.execute(query)).first())


async def close(
    uow: UnitOfWork, *, thread_id: UUID | None = None, subject: tuple[str, UUID] | None = None, over: bool = False
) -> list[str]:
    """Closes open threads: one, those about a subject, or those past their time. Returns their address ids."""
    query = update(thread).where(_c.closed_at.is_(None)).values(closed_at=uow.now).returning(_c.address_id)
    if thread_id is not None:
        query = query.where(_c.id == thread_id)
    if subject is not None:
        query = query.where(_c.subject_kind == subject[0], _c.subject_id == subject[1])
    if over:
        query = query.where(_c.until <= uow.now)
    return sorted(set((await uow.execute(query)).scalars()))


async def search(uow: UnitOfWork, *, open_only: bool, subject_id: UUID | None, limit: int) -> list[Thread]:
    """Threads, newest first."""
    query = select(thread).order_by(_c.opened_at.desc(), _c.id).limit(limit)
    if open_only:
        query = query.where(_c.closed_at.is_(None))
    if subject_id is not None:
        query = query.where(_c.subject_id == subject_id)
    return [Thread(**row._mapping) for row in await uow.execute(query)]


async def close_person(uow: UnitOfWork, party_id: UUID) -> list[UUID]:
    """Closes a person's open threads; returns the ids of all they ever had."""
    await uow.execute(update(thread).where(_c.party_id == party_id, _c.closed_at.is_(None)).values(closed_at=uow.now))
    return list((await uow.execute(select(_c.id).where(_c.party_id == party_id))).scalars())
