"""The tables of tickets and of the words about them, and every query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
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
    delete,
    func,
    select,
    update,
)
from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy.dialects.postgresql import JSONB

from services.complaints.tables import metadata
from services.complaints.tickets.model import AT_REST, Ticket
from shared.store import tables as core
from shared.store.pages import newest_first
from shared.store.unit_of_work import UnitOfWork

_serial = DatabaseSequence("ticket_serial", metadata=metadata)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False, unique=True),
    Column("number", Text, nullable=False, unique=True),
    Column("message_id", Uuid),
    Column("case_id", Uuid),
    Column("caused_by_callback", Uuid),
    Column("channel", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("address_id", Text),
    Column("customer_class", Text),
    Column("member", Boolean, nullable=False),
    Column("phone_present", Boolean, nullable=False),
    Column("category", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("handler_id", Uuid),
    Column("department_id", Uuid),
    Column("responsible_department_id", Uuid),
    Column("accused_ids", JSONB, nullable=False),
    Column("judged_by", Uuid),
    Column("resolution_no", Integer, nullable=False),
    Column("outcome", Text),
    Column("close_reason", Text),
    Column("times_reopened", Integer, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
)
ticket_words = Table(
    "ticket_words",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", Uuid, ForeignKey("ticket.id"), nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("written_by", Uuid),
    Column("written_at", DateTime(timezone=True), nullable=False),
)

CONTACT_READ = "contact-read"
"""Audited whenever somebody sees who complained; no part of the ticket's story."""

WordsKind = Literal["complaint", "judgement", "explanation", "findings", "resolution", "reopening", "closing"]


@dataclass(frozen=True, slots=True)
class Words:
    """Something that the party (`written_by` None) or a member of staff wrote about a ticket: personal data."""

    id: UUID
    ticket_id: UUID
    party_id: UUID
    kind: WordsKind
    subject: str | None
    body: str
    written_by: UUID | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of a ticket's audit trail."""

    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]


async def next_serial(uow: UnitOfWork) -> int:
    """The next serial of ticket numbers. Gaps are possible, repetitions are not."""
    return int((await uow.execute(select(_serial.next_value()))).scalar_one())


def add(uow: UnitOfWork, new: Ticket) -> None:
    """Stores a new ticket."""
    uow.insert(ticket, **_row(new))


async def save(uow: UnitOfWork, changed: Ticket) -> None:
    """Stores a ticket that was locked in this transaction and is one version on."""
    values = _row(changed)
    result = await uow.execute(
        update(ticket).where(ticket.c.id == changed.id, ticket.c.version == changed.version - 1).values(values)
    )
    if result.rowcount != 1:
        raise RuntimeError("a ticket was saved that had not been locked")


async def get(uow: UnitOfWork, ticket_id: UUID) -> Ticket | None:
    """The ticket as it is now."""
    return _ticket((await uow.execute(select(ticket).where(ticket.c.id == ticket_id))).one_or_none())


async def lock(uow: UnitOfWork, ticket_id: UUID) -> Ticket | None:
    """The ticket, locked to the end of the transaction."""
    return _ticket((await uow.execute(select(ticket).where(ticket.c.id == ticket_id).with_for_update())).one_or_none())


async def page(
    uow: UnitOfWork,
    *,
    limit: int,
    state: str | None = None,
    handler_id: UUID | None = None,
    number: str | None = None,
    after: UUID | None = None,
) -> list[Ticket]:
    """At most `limit` tickets, the newest first, going on after the ticket `after`."""
    query = newest_first(select(ticket), ticket, "opened_at", before=after, limit=limit)
    for column, wanted in ((ticket.c.state, state), (ticket.c.handler_id, handler_id), (ticket.c.number, number)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_of(row) for row in await uow.execute(query)]


async def open_counts(uow: UnitOfWork, staff_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many tickets each of these has on the desk."""
    result = await uow.execute(
        select(ticket.c.handler_id, func.count().label("on_desk"))
        .where(ticket.c.handler_id.in_(staff_ids), ticket.c.state.not_in(sorted(AT_REST)))
        .group_by(ticket.c.handler_id)
    )
    return {row.handler_id: row.on_desk for row in result}


def write(
    uow: UnitOfWork, about: Ticket, kind: WordsKind, body: str, *, by: UUID | None, subject: str | None = None
) -> None:
    """Keeps what somebody wrote about a ticket."""
    words = Words(uow.new_id("ticket-words"), about.id, about.party_id, kind, subject, body, by, uow.now)
    uow.insert(ticket_words, **asdict(words))


async def words_about(uow: UnitOfWork, ticket_id: UUID) -> list[Words]:
    """What was written about a ticket, the oldest first."""
    result = await uow.execute(
        select(ticket_words)
        .where(ticket_words.c.ticket_id == ticket_id)
        .order_by(ticket_words.c.written_at, ticket_words.c.id)
    )
    return [Words(**row._mapping) for row in result]


async def erase_party(uow: UnitOfWork, party_id: UUID) -> None:
    """Deletes every word about this party's tickets, and their address ids."""
    await uow.execute(update(ticket).where(ticket.c.party_id == party_id).values(address_id=None))
    await uow.execute(delete(ticket_words).where(ticket_words.c.party_id == party_id))


async def history(uow: UnitOfWork, ticket_id: UUID, *, limit: int) -> list[Happening]:
    """The newest `limit` rows of a ticket's audit trail, the oldest of them first."""
    audit = core.audit
    result = await uow.execute(
        select(audit.c.at, audit.c.actor, audit.c.action, audit.c.detail)
        .where(audit.c.subject_kind == "ticket", audit.c.subject_id == str(ticket_id), audit.c.action != CONTACT_READ)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [Happening(**row._mapping) for row in result][::-1]


def _row(of: Ticket) -> dict[str, Any]:
    return {**asdict(of), "accused_ids": [str(staff_id) for staff_id in of.accused_ids]}


def _ticket(row: Row[Any] | None) -> Ticket | None:
    return None if row is None else _of(row)


def _of(row: Row[Any]) -> Ticket:
    values = dict(row._mapping)
    values["accused_ids"] = tuple(UUID(staff_id) for staff_id in values["accused_ids"])
    return Ticket(**values)
