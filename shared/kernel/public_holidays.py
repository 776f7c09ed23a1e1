"""Which days are off and which weekend days are worked, from data; a year may not be announced yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol


class PublicHolidays(Protocol):
    """A source of exceptions from the ordinary week."""

    def is_off(self, day: date) -> bool:
        """Whether nobody works on `day` although the week says so."""
        ...

    def is_moved_working_day(self, day: date) -> bool:
        """Whether `day` is worked, by the hours of an ordinary working day, although the week has it free."""
        ...

    def is_announced(self, year: int) -> bool:
        """Whether this year's days are final; until then they are a guess."""
        ...


@dataclass(frozen=True, slots=True)
class ListedHolidays:
    """Days as somebody listed them. Years that are in `announced` are final."""

    off: frozenset[date] = frozenset()
    moved: frozenset[date] = frozenset()
    announced: frozenset[int] | None = None
    """None: every year."""

    def is_off(self, day: date) -> bool:
        """See PublicHolidays."""
        return day in self.off

    def is_moved_working_day(self, day: date) -> bool:
        """See PublicHolidays."""
        return day in self.moved

    def is_announced(self, year: int) -> bool:
        """See PublicHolidays."""
        return self.announced is None or year in self.announced


NO_HOLIDAYS = ListedHolidays()


@dataclass(frozen=True, slots=True)
class LayeredHolidays:
    """Somebody's own days over another source: `days` maps each to whether it is worked."""

    base: PublicHolidays
    days: Mapping[date, bool]
    final: frozenset[int] = frozenset()
    """Years that are final by these days, whatever the source has heard."""

    def is_off(self, day: date) -> bool:
        """See PublicHolidays."""
        worked = self.days.get(day)
        return self.base.is_off(day) if worked is None else not worked

    def is_moved_working_day(self, day: date) -> bool:
        """See PublicHolidays."""
        worked = self.days.get(day)
        return self.base.is_moved_working_day(day) if worked is None else worked

    def is_announced(self, year: int) -> bool:
        """See PublicHolidays."""
        return year in self.final or self.base.is_announced(year)


class ChineseHolidays:
    """Mainland China as the State Council announces it each autumn for the year to come.

    For a year not yet announced: the statutory days, and no moved working days.
    """

    def is_off(self, day: date) -> bool:
        """See PublicHolidays."""
        return day in _chinese_year(day.year).off

    def is_moved_working_day(self, day: date) -> bool:
        """See PublicHolidays."""
        return day in _chinese_year(day.year).moved

    def is_announced(self, year: int) -> bool:
        """See PublicHolidays."""
        return year in (_chinese_year(year).announced or ())


@lru_cache(maxsize=64)
def _chinese_year(year: int) -> ListedHolidays:
    # Loaded when first asked for: the package costs a second of start-up.
    from holidays.countries.china import China

    # A year's announcement can also move days of the December before.
    known = China(years=(year, year + 1))
    moved = frozenset(day for day in known.weekend_workdays if day.year == year)
    off = frozenset(day for day in known if day.year == year) - moved
    # Every announcement moves working days; a year without any has not been announced.
    own = any(day.year == year for day in China(years=year).weekend_workdays)
    return ListedHolidays(off, moved, frozenset({year}) if own else frozenset())
