"""Working time: several periods a day, holidays, moved working days, a zone each; and durations counted in it.

All instants are aware and come back in UTC. Days are local days, so that daylight saving is right: an hour that a day
skips is not worked, one that it repeats is worked twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.kernel.public_holidays import NO_HOLIDAYS, PublicHolidays

_MONDAY, _SATURDAY = 0, 5
_LONGEST_WALK = 366 * 10
"""Days; a duration that needs more is a mistake, or the calendar has no working time."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of local time, from `start` up to `end`; `end` 00:00 is the midnight that ends the day."""

    start: time
    end: time

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The period on `day`, in UTC."""
        last = day + timedelta(days=1) if self.end == time(0) else day
        return (
            datetime.combine(day, self.start, tzinfo=zone).astimezone(UTC),
            datetime.combine(last, self.end, tzinfo=zone).astimezone(UTC),
        )


class Unit(StrEnum):
    """What a duration is counted in. Each policy says which."""

    WORKING_HOURS = "working-hours"
    WORKING_DAYS = "working-days"
    CALENDAR_DAYS = "calendar-days"
    WALL_TIME = "wall-time"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length in a unit; working days and calendar days are whole days."""

    unit: Unit
    length: timedelta

    def __post_init__(self) -> None:
        whole = not self.length % timedelta(days=1)
        if self.length < timedelta(0) or (self.unit in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS) and not whole):
            raise ValueError("a duration is not negative, and one in days is whole")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that was computed. `provisional`: a year in between is not announced yet; compute it again later."""

    at: datetime
    provisional: bool = False


@dataclass(frozen=True)
class Calendar:
    """When somebody works. `week` maps weekdays (Monday 0) to periods in order, without overlap."""

    zone: ZoneInfo
    week: Mapping[int, tuple[Period, ...]]
    holidays: PublicHolidays = NO_HOLIDAYS

    @classmethod
    def always(cls, zone: ZoneInfo) -> Calendar:
        """24×7."""
        return cls(zone, dict.fromkeys(range(7), (Period(time(0), time(0)),)))

    def periods(self, day: date) -> tuple[Period, ...]:
        """What is worked on `day`. A moved working day has the hours of the week's first working day."""
        if self.holidays.is_moved_working_day(day):
            return next((self.week[weekday] for weekday in range(7) if self.week.get(weekday)), ())
        return () if self.holidays.is_off(day) else self.week.get(day.weekday(), ())

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The day's working spans in UTC, without those that daylight saving swallows."""
        spans = (period.on(day, self.zone) for period in self.periods(day))
        return [(start, end) for start, end in spans if start < end]

    def add(self, start: datetime, duration: Duration) -> Moment:
        """The instant at which `duration` from `start` is over.

        Raises ValueError where the calendar has too little working time.
        """
        match duration.unit:
            case Unit.WALL_TIME:
                return Moment(start.astimezone(UTC) + duration.length)
            case Unit.CALENDAR_DAYS:
                return Moment(self._same_time(start.astimezone(self.zone).date() + duration.length, start))
            case Unit.WORKING_HOURS:
                return self.add_working_time(start, duration.length)
            case Unit.WORKING_DAYS:
                return self.add_working_days(start, duration.length.days)

    def add_working_time(self, start: datetime, length: timedelta) -> Moment:
        """`start` and so much working time."""
        left, first = length, start.astimezone(self.zone).date()
        for day in self._days(first, 1):
            for opens, closes in self.spans(day):
                begins = max(opens, start)
                if begins <= closes and left <= closes - begins:
                    return Moment(begins + left, self._unannounced(first, day))
                left -= max(closes - begins, timedelta(0))
        raise ValueError("this calendar has too little working time")

    def add_working_days(self, start: datetime, days: int) -> Moment:
        """The same time of day so many working days later (`days` < 0: earlier), within that day's opening and close.

        What comes outside working time counts from the next opening (days ≥ 0): it has as many whole working days as
        what came in time.
        """
        first = start.astimezone(self.zone).date()
        counted = self.next_open(start) if days >= 0 else start
        origin = counted.astimezone(self.zone).date()
        left = abs(days)
        for day in self._days(origin, 1 if days >= 0 else -1):
            spans = self.spans(day)
            if day != origin and spans:
                left -= 1
            if left == 0 and (spans or days == 0):
                at = self._same_time(day, counted)
                within = min(max(at, spans[0][0]), spans[-1][1]) if spans else at
                return Moment(within, self._unannounced(min(first, day), max(first, day)))
        raise ValueError("this calendar has too few working days")

    def next_open(self, instant: datetime) -> datetime:
        """The first working moment from `instant` on, in UTC."""
        for day in self._days(instant.astimezone(self.zone).date(), 1):
            for opens, closes in self.spans(day):
                if instant < closes:
                    return max(opens, instant.astimezone(UTC))
        raise ValueError("this calendar has no working time")

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two instants; zero where `end` is not after `start`."""
        total = timedelta(0)
        last = end.astimezone(self.zone).date()
        day = start.astimezone(self.zone).date()
        while day <= last:
            for opens, closes in self.spans(day):
                total += max(min(closes, end) - max(opens, start), timedelta(0))
            day += timedelta(days=1)
        return total

    def _days(self, first: date, step: int) -> Iterator[date]:
        return (first + timedelta(days=step * number) for number in range(_LONGEST_WALK))

    def _same_time(self, day: date, like: datetime) -> datetime:
        """The local time of `like` on `day`, in UTC."""
        return datetime.combine(day, like.astimezone(self.zone).time(), tzinfo=self.zone).astimezone(UTC)

    def unannounced_years(self, first: date, last: date) -> tuple[int, ...]:
        """The years from `first` to `last` whose days off are still a guess."""
        return tuple(year for year in range(first.year, last.year + 1) if not self.holidays.is_announced(year))

    def _unannounced(self, first: date, last: date) -> bool:
        return bool(self.unannounced_years(first, last))


def office_hours(zone: ZoneInfo, holidays: PublicHolidays, *periods: Period) -> Calendar:
    """The same periods from Monday to Friday."""
    return Calendar(zone, dict.fromkeys(range(_MONDAY, _SATURDAY), periods), holidays)
