"""A notice rule: on this event, tell these people that, by these means and until then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from shared.contracts.event import Event

Withdraw = Literal["supersede", "cancel"]


class Audience(StrEnum):
    """Whom a rule addresses; `audiences.py` reads the ids from the event."""

    PARTY = "party"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    DEPARTMENT_HEAD = "department-head"
    QUALITY = "quality"
    HOST = "host"
    REQUESTER = "requester"
    """Who asked for the visit; where a guest did, the host."""
    APPROVER = "approver"
    JUDGE = "judge"
    """Who says at what level a guest is received."""
    INFORMED = "informed"
    """Who has to prepare, to assist or to file."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value taken from the event as it stands."""

    name: str


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant of the event: read in the recipient's zone, or in that of the member of staff in `at`."""

    name: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class StaffName:
    """The name of the member of staff whose id the event carries."""

    name: str


@dataclass(frozen=True, slots=True)
class PartyName:
    """The name of the event's party."""


@dataclass(frozen=True, slots=True)
class AppointmentLink:
    """A link that opens the appointment whose visit's id the event carries: to see, to move, to cancel it."""

    name: str


Value = Field | Instant | StaffName | PartyName | AppointmentLink

Condition = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Its name is the message's purpose in events."""

    name: str
    event: type[Event]
    audiences: tuple[Audience, ...]
    template: str
    category: str
    subject: tuple[str, str]
    """Kind of the subject, and the event's field with its id."""
    occasion: str | None = None
    """The event's field that tells one occasion from the next; None: the event's id."""
    values: Mapping[str, Value] = field(default_factory=dict)
    when: Condition = lambda _event: True
    caused_at: str | None = None
    """The event's field to measure delivery from; none, or empty there: the event's own time."""
    useless_from: str | None = None
    """The event's field from which on the message is useless; None: by its category."""
    asks_until: str | None = None
    """The event's field until when an answer is awaited; None: nothing is asked."""
    answers: str | None = None
    """The event's field with the inbound message that this answers: a mail stands beneath the one it answers."""
    acknowledges: bool = False
    """An automatic answer: capped per address, so that two machines do not write to each other for ever."""
    must_reach: bool = False
    """The subject's owner must learn when it cannot be sent at all (no address)."""
    stale_after: timedelta = timedelta(days=1)
    """An event older than this starts no notice."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One row: on this event, what has not gone out about the subject is taken back."""

    event: type[Event]
    subject: tuple[str, str]
    command: Withdraw
    when: Condition = lambda _event: True


@dataclass(frozen=True, slots=True)
class Ending:
    """One row: on this event, the open questions about the subject are no longer asked."""

    event: type[Event]
    subject: tuple[str, str]


def subject_id(event: Event, subject: tuple[str, str]) -> UUID:
    """The id of the subject in an event."""
    value: UUID = getattr(event, subject[1])
    return value


def instant(event: Event, name: str) -> datetime:
    """An instant in an event."""
    value: datetime = getattr(event, name)
    return value
