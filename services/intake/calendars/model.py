"""A department's calendar: what it says itself, and what it takes from above (VR-06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.kernel.calendar import Calendar, Moment, Period
from shared.kernel.public_holidays import NO_HOLIDAYS, ChineseHolidays, LayeredHolidays, PublicHolidays

Source = Literal["china", "none"]
"""Where public holidays come from: mainland China's with their moved working days, or nowhere."""

Week = Mapping[int, tuple[Period, ...]]

OUR_HOURS = (Period(time(9), time(18)),)
"""Our default, Monday to Friday, where nobody up the tree says otherwise; with China's holidays."""

_SOURCES: dict[Source, PublicHolidays] = {"china": ChineseHolidays(), "none": NO_HOLIDAYS}


@dataclass(frozen=True, slots=True)
class OwnCalendar:
    """What one department says; None and what is not listed comes from above."""

    department_id: UUID
    zone: str | None = None
    week: Week | None = None
    holidays: Source | None = None
    days: Mapping[date, bool] = field(default_factory=dict)
    """Day → whether it is worked: the firm's anniversary, a Saturday before a fair."""
    final_years: frozenset[int] = frozenset()
    """Years whose days off are known here although no announcement is in the library yet."""
    version: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """The first arrival that leaves enough notice. `unannounced`: years in between whose holidays are still a guess."""

    earliest: datetime
    unannounced: tuple[int, ...] = ()


def resolve(chain: Sequence[OwnCalendar], zone: str) -> Calendar:
    """The calendar of a department from its own and those above it, the nearest first: the nearest says counts, for
    each day and each field. `zone` is where nobody names one.
    """
    week = next((own.week for own in chain if own.week is not None), None)
    source: Source = next((own.holidays for own in chain if own.holidays is not None), "china")
    named = next((own.zone for own in chain if own.zone is not None), zone)
    days: dict[date, bool] = {}
    for own in reversed(chain):
        days.update(own.days)
    final = frozenset().union(*(own.final_years for own in chain))
    return Calendar(
        ZoneInfo(named),
        dict.fromkeys(range(5), OUR_HOURS) if week is None else week,
        LayeredHolidays(_SOURCES[source], days, final),
    )


def notice(calendar: Calendar, asked: datetime, working_days: int) -> Notice:
    """The first instant so many working days after `asked` (VR-06); none are needed: `asked` itself.

    A year in between that is not announced counts by what is known of it, and is named.
    """
    if working_days == 0:
        return Notice(asked)
    moment: Moment = calendar.add_working_days(asked, working_days)
    first, last = (at.astimezone(calendar.zone).date() for at in (asked, moment.at))
    return Notice(moment.at, calendar.unannounced_years(first, last) if moment.provisional else ())


def has_working_time(calendar: Calendar, first: date) -> bool:
    """Whether any day of the year from `first` on is worked; without one no working day ever comes."""
    return any(calendar.periods(first + timedelta(days=number)) for number in range(366))
