"""Builders: the callbacks service on a real database, fed with events as its consumer and clock would be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from services.callbacks.service import service
from shared.contracts.event import Event
from shared.contracts.events.complaint_closed import ComplaintClosed
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.contracts.events.message_failed import MessageFailed
from shared.contracts.events.message_sent import MessageSent
from shared.contracts.events.party_changed import PartyAddress, PartyChanged
from shared.contracts.events.reply_received import ReplyReceived
from shared.contracts.events.ticket_resolved import TicketResolved
from shared.contracts.events.visit_departed import VisitDeparted
from shared.contracts.topics import TopicClass
from shared.kernel import clock
from shared.messaging.timers import Timers
from tests.support.core import Bench, record, tombstone

PHONE = PartyAddress(address_id="a" * 32, kind="phone", value="+8613900000001", verified=True)
EMAIL = PartyAddress(address_id="b" * 32, kind="email", value="li@example.org")


class World:
    """A service, its events numbered per thing, and what came of them."""

    def __init__(self, url: str) -> None:
        self.bench = Bench(replace(service, database_url=lambda: url))
        self.timers = Timers(self.bench.service, self.bench.database)
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._offset = 0

    async def tell(self, *events: Event, age: timedelta = timedelta(0)) -> None:
        """Hands events to the consumer, each the next about its thing."""
        for event in events:
            number = None
            if event.topic.kind is not TopicClass.FACT:
                self._numbers[(event.topic.name, event.key_value)] += 1
                number = self._numbers[(event.topic.name, event.key_value)]
            self._offset += 1
            await self.bench.batches.process([record(event, number, offset=self._offset, age=age)])

    async def erase(self, party_id: UUID) -> None:
        """Hands the tombstone of a party to the consumer."""
        self._numbers[("parties", str(party_id))] += 1
        number = self._numbers[("parties", str(party_id))]
        await self.bench.batches.process([tombstone(PartyChanged, party_id, number)])

    async def party(self, *addresses: PartyAddress, zone: str | None = None, **changes: Any) -> PartyChanged:
        """A party that the service knows; by default with a phone, where it is a good time for a call."""
        known = PartyChanged(
            party_id=uuid4(),
            name="李四",
            addresses=addresses or (PHONE,),
            zone=zone or zone_at(10),
            **changes,
        )
        await self.tell(known)
        return known

    async def let_time_pass(self) -> None:
        """Makes every pending timer due and fires it, once."""
        await self.bench.rows("UPDATE timer SET next_try = now() - interval '1 second' WHERE fired_at IS NULL")
        await self.timers.fire_due()

    async def pending(self) -> list[tuple[str, Any]]:
        """(kind, data) of every pending timer."""
        return await self.bench.rows("SELECT kind, data FROM timer WHERE fired_at IS NULL ORDER BY kind")

    async def callback(self, subject_id: UUID, occasion: int = 1) -> dict[str, Any]:
        """The callback about a subject, as its row."""
        (row,) = await self.bench.rows(
            "SELECT to_jsonb(callback) FROM callback WHERE subject_id = :subject AND occasion = :occasion",
            subject=subject_id,
            occasion=occasion,
        )
        return dict(row)

    async def state(self, subject_id: UUID, occasion: int = 1) -> str:
        """The state of the callback about a subject."""
        return str((await self.callback(subject_id, occasion))["state"])

    async def told(self, type_: str) -> list[dict[str, Any]]:
        """What was published under this type, in order, with the event's id as `event_id`."""
        rows = await self.bench.rows("SELECT id, payload FROM outbox WHERE type = :type ORDER BY position", type=type_)
        return [{"event_id": event_id, **orjson.loads(payload)} for event_id, payload in rows]

    async def story(self) -> list[str]:
        """The types of everything published, in order."""
        return await self.bench.rows("SELECT type FROM outbox ORDER BY position")

    async def notes(self) -> list[str]:
        """What the consumer recorded of events that did nothing."""
        return await self.bench.rows("SELECT action FROM audit ORDER BY id")

    async def asked(self, subject_id: UUID, known: PartyChanged) -> dict[str, Any]:
        """Lets the callback fall due and its message go out; the callback-due."""
        await self.let_time_pass()
        due = (await self.told("callback-due"))[-1]
        await self.tell(sent(due, known))
        assert await self.state(subject_id, due["occasion"]) == "in_progress"
        return due


def zone_at(hour: int) -> str:
    """A zone where it is now about `hour` o'clock."""
    east = (hour - clock.now().hour + 36) % 24 - 12
    # POSIX signs: Etc/GMT-8 lies eight hours east of Greenwich.
    return "Etc/GMT" if east == 0 else f"Etc/GMT{-east:+d}"


def resolved(known: PartyChanged, ticket_id: UUID | None = None, **changes: Any) -> TicketResolved:
    """A ticket's resolution, the first unless said otherwise."""
    values: dict[str, Any] = {
        "ticket_id": ticket_id or uuid4(),
        "number": "C-2026-000018",
        "resolution_no": 1,
        "outcome": "remedied",
        "major": False,
        "party_id": known.party_id,
        "handled_by": uuid4(),
        "resolved_at": clock.now(),
    }
    return TicketResolved(**{**values, **changes})


def departed(known: PartyChanged, visit_id: UUID | None = None, **changes: Any) -> VisitDeparted:
    """A visitor's departure, home in four hours."""
    now = clock.now()
    values: dict[str, Any] = {
        "visit_id": visit_id or uuid4(),
        "revision": 1,
        "party_id": known.party_id,
        "host_id": uuid4(),
        "department_id": uuid4(),
        "departed_at": now,
        "home_arrival": now + timedelta(hours=4),
    }
    return VisitDeparted(**{**values, **changes})


def reopened(event: TicketResolved) -> ComplaintReopened:
    """The reopening of that resolution."""
    return ComplaintReopened(
        ticket_id=event.ticket_id,
        number=event.number,
        resolution_no=event.resolution_no,
        times_reopened=1,
        party_id=event.party_id,
        reopened_at=clock.now(),
    )


def closed(event: TicketResolved) -> ComplaintClosed:
    """The closing of that ticket."""
    return ComplaintClosed(
        ticket_id=event.ticket_id,
        number=event.number,
        resolution_no=event.resolution_no,
        reason="satisfied",
        party_id=event.party_id,
        closed_at=clock.now(),
    )


def _message(due: dict[str, Any], known: PartyChanged, message_id: UUID | None) -> dict[str, Any]:
    return {
        "message_id": message_id or uuid4(),
        "purpose": "satisfaction-survey",
        "channel": "sms",
        "cause_id": due["event_id"],
        "subject_kind": "callback",
        "subject_id": due["callback_id"],
        "recipient_kind": "party",
        "recipient_id": known.party_id,
        "address_id": due["address_id"],
        "caused_at": clock.now(),
    }


def sent(due: dict[str, Any], known: PartyChanged, message_id: UUID | None = None, **changes: Any) -> MessageSent:
    """The question that a callback-due asked for has gone out."""
    return MessageSent.model_validate({**_message(due, known, message_id), "sent_at": clock.now(), **changes})


def failed(due: dict[str, Any], known: PartyChanged, message_id: UUID | None = None, **changes: Any) -> MessageFailed:
    """The question that a callback-due asked for will not arrive."""
    told = {"state": "failed_permanent", "reason": "unknown-subscriber", "failed_at": clock.now()}
    return MessageFailed.model_validate({**_message(due, known, message_id), **told, **changes})


def reply(
    due: dict[str, Any], known: PartyChanged, text: str, *, at: datetime | None = None, late: bool = False
) -> ReplyReceived:
    """The party's answer."""
    return ReplyReceived(
        thread_id=uuid4(),
        inbound_id=uuid4(),
        in_reply_to=uuid4(),
        subject_kind="callback",
        subject_id=due["callback_id"],
        party_id=known.party_id,
        address_id=due["address_id"],
        channel="sms",
        text=text,
        late=late,
        received_at=at or clock.now(),
    )
