"""Builders for tests of the core: a service with scripted reactions, and records as a broker would hand them over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel import clock
from shared.messaging.applying import Applier
from shared.messaging.batch import Batches
from shared.messaging.brake import Brake
from shared.messaging.held_retry import HeldRetry
from shared.messaging.reactions import Copy, Reaction, TimerHandler
from shared.messaging.record import Record
from shared.runtime.health import Health
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

React = Callable[[UnitOfWork, Any, Envelope], Awaitable[None]]


def service_of(
    name: str,
    url: str,
    reactions: Sequence[Reaction] = (),
    timers: Sequence[TimerHandler] = (),
    copies: Sequence[Copy] = (Copy(PartyChanged), Copy(StaffChanged)),
    **more: Any,
) -> Service:
    """A service of that name with these reactions, on that database."""
    return Service(
        name=name,
        settings=CommonSettings,
        database_url=lambda: url,
        reactions=reactions,
        timers=timers,
        copies=copies,
        **more,
    )


class Bench:
    """A service, its database, and what its consumer and clock would do, without a broker."""

    def __init__(self, service: Service, code_version: str = "test") -> None:
        self.service = service
        self.database = Database(service.database_url(), service.name)
        self.health = Health("consumer")
        self.brake = Brake(self.database, service.group, code_version)
        self.batches = Batches(self.database, Applier(service, code_version), self.health, self.brake)
        self.held = HeldRetry(self.database, self.batches, service.group, code_version, self.brake)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What a query gives: tuples, or bare values where there is one column."""
        async with self.database.connection() as connection:
            result = await connection.execute(text(statement), values)
            if not result.returns_rows:
                return []
            rows = [tuple(row) for row in result]
        return [row[0] if len(row) == 1 else row for row in rows]

    async def prepare(self) -> Bench:
        """Makes the table that `effect` writes to."""
        await self.rows("CREATE TABLE effect (id bigserial, key text, event text, number bigint)")
        return self

    async def effects(self) -> list[tuple[str, int]]:
        """(key, number) of every effect, in the order in which they were written."""
        return await self.rows("SELECT key, number FROM effect ORDER BY id")

    async def held_rows(self) -> list[tuple[str, int | None, str, str]]:
        """(key, sequence, state, reason) of every held record."""
        return await self.rows("SELECT key, sequence, state, reason FROM held ORDER BY id")


async def effect(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
    """The reaction whose doing can be counted: one row per time it takes effect."""
    await uow.execute(
        text("INSERT INTO effect (key, event, number) VALUES (:key, :event, :number)"),
        {"key": envelope.key, "event": envelope.id, "number": envelope.sequence},
    )


def progressed(ticket_id: UUID, state: str = "investigating") -> ComplaintProgressed:
    """A sequenced event without needs."""
    return ComplaintProgressed(ticket_id=ticket_id, state=state, by=uuid4())


def reported(
    party_id: UUID | None = None, text_: str = "the tap drips", report_id: UUID | None = None
) -> ComplaintReported:
    """A fact that names a party."""
    return ComplaintReported(
        report_id=report_id or uuid4(),
        channel="web-form",
        medium="http",
        party_id=party_id or uuid4(),
        text=text_,
        reported_at=datetime.now(UTC),
    )


def opened(ticket_id: UUID, party_id: UUID) -> ComplaintOpened:
    """A sequenced event that names a party."""
    now = datetime.now(UTC)
    return ComplaintOpened(
        ticket_id=ticket_id,
        report_id=uuid4(),
        number="T-1",
        category="other",
        severity="minor",
        channel="web-form",
        party_id=party_id,
        opened_at=now,
        first_reply_due=now,
        solution_due=now,
    )


def record(
    event: Event,
    sequence: int | None = None,
    *,
    offset: int = 0,
    source: str | None = None,
    event_id: str | None = None,
    age: timedelta = timedelta(0),
    **changes: Any,
) -> Record:
    """`event` as it lies on its topic. `changes` replaces envelope fields, `value` the bytes."""
    producer = sorted(event.topic.producers)[0]
    value = changes.pop("value", event.encode())
    envelope = Envelope(
        id=event_id or str(uuid4()),
        source=source or f"/services/{producer}",
        type=changes.pop("type", event.type),
        topic=event.topic.name,
        key=changes.pop("key", event.key_value),
        time=clock.now() - age,
        dataschema=changes.pop("dataschema", event.dataschema()),
        correlation_id=str(uuid4()),
        sequence=sequence,
        **changes,
    )
    headers = tuple((name, text_.encode()) for name, text_ in envelope.headers().items())
    return Record(envelope.topic, 0, offset, envelope.key.encode(), value, headers)


def tombstone(state: type[Event], key: object, sequence: int) -> Record:
    """An erasure on a state topic."""
    producer = sorted(state.topic.producers)[0]
    envelope = Envelope(
        id=str(uuid4()),
        source=f"/services/{producer}",
        type=state.type,
        topic=state.topic.name,
        key=str(key),
        time=clock.now(),
        dataschema=state.dataschema(),
        correlation_id=str(uuid4()),
        sequence=sequence,
    )
    headers = tuple((name, text_.encode()) for name, text_ in envelope.headers().items())
    return Record(envelope.topic, 0, 0, str(key).encode(), None, headers)
