"""Two services in little: real events, and reactions, timers and commands whose doing can be counted.

intake takes reports (facts) and changes parties (state); complaints opens a ticket for each (a sequenced thing) and
moves it on by timers and by people; intake follows the tickets. What a reaction raises is drawn from seed and event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, text

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import Refused, Superseded
from shared.messaging.reactions import Copy, Reaction, Timer, TimerHandler, party
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.store.unit_of_work import UnitOfWork

DDL = """
CREATE TABLE effect (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic    text   NOT NULL,
    source   text   NOT NULL,
    key      text   NOT NULL,
    event    text   NOT NULL,
    number   bigint
);
CREATE TABLE thing (
    id       text   PRIMARY KEY,
    revision bigint NOT NULL,
    state    text   NOT NULL
);
CREATE TABLE fired (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    timer    bigint NOT NULL,
    subject  text   NOT NULL,
    revision bigint NOT NULL,
    done     boolean NOT NULL
);
"""
_effect = Table(
    "effect",
    MetaData(),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    *(Column(name, Text) for name in ("topic", "source", "key", "event")),
    Column("number", BigInteger),
)
_ADD = text("INSERT INTO thing (id, revision, state) VALUES (:id, 1, :state) ON CONFLICT DO NOTHING RETURNING id")
_LOCK = text("SELECT revision, state FROM thing WHERE id = :id FOR UPDATE")
_CHANGE = text("UPDATE thing SET revision = revision + 1, state = :state WHERE id = :id")
_FIRED = text("INSERT INTO fired (timer, subject, revision, done) VALUES (:timer, :subject, :revision, :done)")

STEPS = ("registered", "valid", "assigned", "investigating", "resolved")
NEXT_AFTER = timedelta(seconds=1.5)


@dataclass(slots=True)
class Moods:
    """What reactions raise, by event: most nothing. `mended` ends it all: the code was put right."""

    seed: int
    share: int
    """Per mille of (service, event) whose reaction raises."""
    mended: bool = False
    raised: dict[tuple[str, str], str] = field(default_factory=dict)

    def strike(self, service: str, event_id: str) -> None:
        """Raises what is in store for this reaction, if anything is."""
        luck = crc32(f"{self.seed} {service} {event_id}".encode()) % 1000
        if luck >= self.share:
            return
        kind = ("once", "once", "until-mended", "refused", "superseded")[luck % 5]
        first = (service, event_id) not in self.raised
        self.raised[service, event_id] = kind
        if kind == "refused":
            raise Refused("ticket-state", field="command")
        if kind == "superseded":
            raise Superseded("older-revision")
        if (kind == "once" and first) or (kind == "until-mended" and not self.mended):
            raise ValueError(kind)


def _reacting(service: str, moods: Moods, then: Any = None) -> Any:
    async def react(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
        uow.insert(
            _effect,
            topic=envelope.topic,
            source=envelope.source,
            key=envelope.key,
            event=envelope.id,
            number=envelope.sequence,
        )
        if then is not None:
            await then(uow, event)
        moods.strike(service, envelope.id)

    return react


def opened(ticket_id: UUID, party_id: UUID, now: datetime) -> ComplaintOpened:
    """A ticket's first event."""
    return ComplaintOpened(
        ticket_id=ticket_id,
        report_id=ticket_id,
        number="T-1",
        category="other",
        severity="minor",
        channel="web-form",
        party_id=party_id,
        opened_at=now,
        first_reply_due=now,
        solution_due=now,
    )


async def _open(uow: UnitOfWork, event: ComplaintReported) -> None:
    ticket = uow.new_id("ticket")
    added = (await uow.execute(_ADD, {"id": str(ticket), "state": STEPS[0]})).first()
    if added is not None:
        uow.publish(opened(ticket, event.party_id, uow.now), about=[event.party_id])
        uow.schedule("step", ticket, uow.now + NEXT_AFTER, revision=1)


async def _step_by_timer(uow: UnitOfWork, timer: Timer) -> None:
    row = (await uow.execute(_LOCK, {"id": timer.subject})).one()
    stands = row.revision == timer.data["revision"] and row.state != STEPS[-1]
    values = {"timer": timer.id, "subject": timer.subject, "revision": timer.data["revision"], "done": stands}
    await uow.execute(_FIRED, values)
    if stands:
        await _move(uow, timer.subject, row.revision, row.state)


async def step_by_person(uow: UnitOfWork, ticket: str) -> str | None:
    """A command: the ticket one step on, its timer moved; returns the event's id."""
    row = (await uow.execute(_LOCK, {"id": ticket})).one_or_none()
    if row is None or row.state == STEPS[-1]:
        return None
    return await _move(uow, ticket, row.revision, row.state)


async def _move(uow: UnitOfWork, ticket: str, revision: int, state: str) -> str:
    state = STEPS[STEPS.index(state) + 1]
    await uow.execute(_CHANGE, {"id": ticket, "state": state})
    if state == STEPS[-1]:
        uow.cancel("step", ticket)
    else:
        uow.schedule("step", ticket, uow.now + NEXT_AFTER, revision=revision + 1)
    return uow.publish(ComplaintProgressed(ticket_id=UUID(ticket), state=state, by=UUID(ticket)))


async def change_party(uow: UnitOfWork, party_id: UUID, name: str, *, erase: bool) -> bool:
    """A command: a party's new state, or its erasure. Written again after that, nobody may see it."""
    await uow.execute(_ADD, {"id": str(party_id), "state": "known"})
    await uow.execute(_LOCK, {"id": str(party_id)})
    if erase:
        uow.erase(PartyChanged, party_id)
    else:
        uow.publish(PartyChanged(party_id=party_id, name=name), about=[party_id])
    return True


def append_report(uow: UnitOfWork, report: ComplaintReported) -> None:
    """What intake's door stores."""
    uow.publish(report, about=[report.party_id])


def services(moods: Moods) -> dict[str, Service]:
    """Both services by name."""
    copies = (Copy(PartyChanged), Copy(StaffChanged))
    intake = Service(
        name="intake",
        settings=CommonSettings,
        database_url=str,
        reactions=(
            Reaction(ComplaintOpened, _reacting("intake", moods), needs=lambda e: party(e.party_id)),
            Reaction(ComplaintProgressed, _reacting("intake", moods)),
        ),
        copies=copies,
    )
    complaints = Service(
        name="complaints",
        settings=CommonSettings,
        database_url=str,
        reactions=(
            Reaction(
                ComplaintReported,
                _reacting("complaints", moods, _open),
                needs=lambda e: party(e.party_id),
                publishes=frozenset({ComplaintOpened}),
            ),
        ),
        timers=(TimerHandler("step", _step_by_timer, frozenset({ComplaintProgressed})),),
        copies=copies,
    )
    return {"intake": intake, "complaints": complaints}
