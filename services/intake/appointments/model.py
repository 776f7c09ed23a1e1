"""What a department offers, and which slots come of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.intake.standards.model import Words
from shared.kernel.calendar import Calendar

KIND = "appointment"
"""The kind of visit that an appointment is."""

MOST_OPEN = 3
"""Appointments to come that one address may have (our default): nobody takes all slots in a stranger's name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be booked, and who receives who comes. Its slots follow from the department's calendar.

    `minutes`: how long a slot is; `places`: how many may come at once;
    `days_ahead` and `notice_minutes`: how late and how soon a slot may be; `asks_plate`: whether the number plate is
    wanted (FM-06).
    """

    code: str
    department_id: UUID
    host_id: UUID
    names: Words
    minutes: int
    places: int
    days_ahead: int
    notice_minutes: int
    asks_plate: bool
    closed: bool = False
    version: int = 1

    def name(self, language: str) -> str:
        """What it is called, for who prefers `language` (BCP 47): in English, else in Chinese."""
        return self.names.en if language.lower().partition("-")[0] == "en" else self.names.zh


@dataclass(frozen=True, slots=True)
class Place:
    """One place, from when until when; places are counted from 0."""

    starts: datetime
    ends: datetime
    place: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A span in which somebody may come. `left`: places that nobody has."""

    starts: datetime
    ends: datetime
    left: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """Which place of which offer a visit has; `held` is false once it was given back."""

    visit_id: UUID
    offer_code: str
    starts: datetime
    ends: datetime
    place: int
    plate: str | None = None
    held: bool = True


def days(offer: Offer, calendar: Calendar, now: datetime) -> list[date]:
    """The days on which slots are offered, today first, by the calendar of the place."""
    today = now.astimezone(calendar.zone).date()
    return [today + timedelta(days=number) for number in range(offer.days_ahead + 1)]


def slots(offer: Offer, calendar: Calendar, day: date, held: Collection[Place], now: datetime) -> list[Slot]:
    """The slots of a day that may still be taken, also those without a free place, the first first."""
    return [
        Slot(starts, ends, len(free_places(offer, starts, ends, held)))
        for starts, ends in _spans(offer, calendar, day)
        if starts >= now + timedelta(minutes=offer.notice_minutes)
    ]


def slot_at(offer: Offer, calendar: Calendar, starts: datetime, now: datetime) -> tuple[datetime, datetime] | None:
    """The slot that begins then; None where none is offered that does."""
    day = starts.astimezone(calendar.zone).date()
    if day not in days(offer, calendar, now) or starts < now + timedelta(minutes=offer.notice_minutes):
        return None
    return next((span for span in _spans(offer, calendar, day) if span[0] == starts), None)


def free_places(offer: Offer, starts: datetime, ends: datetime, held: Collection[Place]) -> list[int]:
    """The places that nobody has at any moment of a span: slots may overlap after the offer or the calendar changed."""
    taken = {one.place for one in held if one.starts < ends and starts < one.ends}
    return [place for place in range(offer.places) if place not in taken]


def _spans(offer: Offer, calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Slots one after the other within each span of working time; what is left at its end is too short for one."""
    length = timedelta(minutes=offer.minutes)
    for opens, closes in calendar.spans(day):
        starts = opens
        while starts + length <= closes:
            yield starts, starts + length
            starts += length
