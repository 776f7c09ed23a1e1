"""What is sent and stored, the same for every side: messages of people, and events of tickets."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson

from shared.contracts.envelope import Envelope
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_progressed import ComplaintProgressed

TICKETS_PER_STORY = 10
"""Events of one ticket in a backlog."""

_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_TEXT = "The tap in the kitchen of flat 12 still drips after two repairs; nobody has called me back since Monday."


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it lies in an outbox and goes over a topic."""

    id: str
    topic: str
    key: str
    type: str
    payload: bytes
    headers: dict[str, str]
    sequence: int

    @property
    def record_headers(self) -> list[tuple[str, bytes]]:
        """As a Kafka client wants them."""
        return [(name, value.encode()) for name, value in self.headers.items()]


def complaint(number: int) -> bytes:
    """The body of a complaint over a channel, from somebody whom nobody has heard of before."""
    return orjson.dumps(
        {
            "purpose": "complaint",
            "language": "en",
            "zone": "Europe/London",
            "sender": {"name": "Ann Lee", "phone": f"+4477{number % 100_000_000:08d}"},
            "text": _TEXT,
        }
    )


def enquiry(number: int, zone: str) -> bytes:
    """The body of an enquiry that is acknowledged by e-mail."""
    return orjson.dumps(
        {
            "purpose": "enquiry",
            "language": "en",
            "zone": zone,
            "sender": {"name": "Ann Lee", "email": f"ann.{number}@people.example"},
            "subject": "Opening hours",
            "text": _TEXT,
        }
    )


def ticket_events(count: int) -> list[Stored]:
    """`count` events of tickets, stories of ten, interleaved as they would happen; about 300 bytes each."""
    drawn = random.Random(4)
    tickets = [uuid4() for _ in range(max(1, count // TICKETS_PER_STORY))]
    numbers: dict[UUID, int] = {}
    events: list[Stored] = []
    for index in range(count):
        ticket = tickets[index % len(tickets)] if index < len(tickets) else drawn.choice(tickets)
        numbers[ticket] = number = numbers.get(ticket, 0) + 1
        event = _opened(ticket) if number == 1 else ComplaintProgressed(ticket_id=ticket, state="valid", by=ticket)
        envelope = Envelope(
            id=str(uuid4()),
            source="/services/complaints",
            type=event.type,
            topic=event.topic.name,
            key=event.key_value,
            time=_NOW,
            dataschema=event.dataschema(),
            correlation_id=str(ticket),
            causation_id=str(ticket),
            hops=2,
            sequence=number,
        )
        events.append(
            Stored(envelope.id, envelope.topic, envelope.key, event.type, event.encode(), envelope.headers(), number)
        )
    return events


def batches(events: Sequence[Stored], size: int) -> Iterator[Sequence[Stored]]:
    """Slices of at most `size`."""
    return (events[start : start + size] for start in range(0, len(events), size))


def _opened(ticket: UUID) -> ComplaintOpened:
    return ComplaintOpened(
        ticket_id=ticket,
        report_id=ticket,
        number="T-2026-0000015-4",
        category="other",
        severity="minor",
        channel="web-form",
        party_id=ticket,
        opened_at=_NOW,
        first_reply_due=_NOW,
        solution_due=_NOW,
    )
