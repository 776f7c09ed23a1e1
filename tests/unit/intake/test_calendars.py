"""A department's calendar: its own words first, then those of the departments above (VR-06)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.calendars.model import OwnCalendar, has_working_time, notice, resolve
from services.intake.calendars.schemas import CalendarRequest, told
from shared.kernel.calendar import Period
from shared.kernel.public_holidays import NO_HOLIDAYS, LayeredHolidays

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_MORNING = (Period(time(8), time(12)),)


def _own(**says: Any) -> OwnCalendar:
    return OwnCalendar(UUID(int=1), **says)


def _at(month: int, day: int, hour: int = 10, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=_SHANGHAI)


@pytest.mark.parametrize(
    ("asked", "earliest"),
    [
        (_at(11, 23), _at(11, 27)),  # Monday to Friday
        (_at(11, 27), _at(12, 3)),  # over the weekend
        (_at(9, 28), _at(10, 9)),  # over the National Day week
        (_at(10, 6), _at(10, 13, 9)),  # asked in that week; Saturday the 10th is worked instead
        (_at(11, 27, 20), _at(12, 4, 9)),  # asked after hours: as if on Monday morning
    ],
)
def test_four_working_days_by_china_s_holidays_and_moved_days(asked: datetime, earliest: datetime) -> None:
    """VR-06."""
    assert notice(resolve([], "Asia/Shanghai"), asked, 4).earliest == earliest


def test_the_nearest_department_that_says_something_counts_field_by_field() -> None:
    near = _own(week={5: _MORNING})
    middle = _own(zone="Europe/Berlin", week={0: _MORNING}, holidays="none")
    top = _own(zone="Asia/Tokyo", holidays="china")
    calendar = resolve([near, middle, top], "Asia/Shanghai")
    assert calendar.zone.key == "Europe/Berlin"
    assert calendar.periods(date(2026, 11, 28)) == _MORNING
    assert calendar.periods(date(2026, 11, 30)) == ()
    assert not calendar.holidays.is_off(date(2026, 10, 1))
    assert resolve([top], "Asia/Shanghai").holidays.is_off(date(2026, 10, 1))


def test_a_day_said_near_beats_the_same_day_said_above_and_other_days_add_up() -> None:
    fair, feast = date(2026, 11, 28), date(2026, 11, 25)
    calendar = resolve([_own(days={fair: True}), _own(days={fair: False, feast: False})], "Asia/Shanghai")
    assert calendar.periods(fair)
    assert calendar.periods(feast) == ()
    assert notice(calendar, _at(11, 24), 4).earliest == _at(11, 30)  # 26, 27, 28, 30


def test_a_public_holiday_is_worked_where_the_department_says_so() -> None:
    calendar = resolve([_own(days={date(2026, 10, 1): True})], "Asia/Shanghai")
    assert calendar.periods(date(2026, 10, 1))
    assert not calendar.periods(date(2026, 10, 2))


def test_a_year_that_is_not_announced_counts_by_the_statutory_days_and_is_named() -> None:
    """VR-06: the library does not know 2090's moved days; a reader must be told that it is a guess."""
    december = _at(12, 28, year=2090)
    guessed = notice(resolve([], "Asia/Shanghai"), december, 4)
    assert guessed.unannounced == (2090, 2091)
    assert guessed.earliest > december
    listed = _own(final_years=frozenset({2090, 2091}), days={date(2091, 1, 2): False})
    assert notice(resolve([listed], "Asia/Shanghai"), december, 4).unannounced == ()
    assert notice(resolve([_own(holidays="none")], "Asia/Shanghai"), december, 4).unannounced == ()
    assert notice(resolve([], "Asia/Shanghai"), _at(3, 2), 4).unannounced == ()


def test_no_notice_is_none_also_where_nothing_is_announced() -> None:
    asked = _at(12, 28, year=2090)
    assert notice(resolve([], "Asia/Shanghai"), asked, 0).earliest == asked


def test_a_calendar_without_any_working_time_is_seen() -> None:
    assert not has_working_time(resolve([_own(week={})], "Asia/Shanghai"), date(2026, 11, 24))
    assert has_working_time(resolve([_own(week={6: _MORNING})], "Asia/Shanghai"), date(2026, 11, 24))


_days = st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.booleans(), max_size=20)
_zones = st.none() | st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/Denver"])
_spans = st.sampled_from([(), _MORNING, (*_MORNING, Period(time(13), time(0)))])
_weeks = st.none() | st.dictionaries(st.integers(0, 6), _spans, max_size=7)
_owns = st.builds(_own, zone=_zones, week=_weeks, holidays=st.none() | st.sampled_from(["china", "none"]), days=_days)


@given(st.lists(_owns, max_size=5), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_what_holds_is_what_the_nearest_says(chain: list[OwnCalendar], day: date) -> None:
    calendar = resolve(chain, "Asia/Shanghai")
    said = next((own.days[day] for own in chain if day in own.days), None)
    if said is not None:
        assert calendar.holidays.is_off(day) != said
        assert calendar.holidays.is_moved_working_day(day) == said
    assert calendar.zone.key == next((own.zone for own in chain if own.zone), "Asia/Shanghai")
    nothing_said = _own()
    assert resolve([nothing_said, *chain], "Asia/Shanghai").periods(day) == calendar.periods(day)


@given(st.lists(_owns, min_size=1, max_size=3), st.integers(1, 6), st.integers(0, 24 * 300))
def test_more_notice_never_ends_earlier_and_always_in_working_time(
    chain: list[OwnCalendar], days: int, hour: int
) -> None:
    calendar = resolve(chain, "Asia/Shanghai")
    if not any(calendar.week.values()):
        return  # nobody works but on single days
    asked = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    less, more = notice(calendar, asked, days).earliest, notice(calendar, asked, days + 1).earliest
    assert asked < less < more
    assert calendar.spans(less.astimezone(calendar.zone).date())


@given(_owns)
def test_a_calendar_comes_back_as_it_was_sent(own: OwnCalendar) -> None:
    sent = CalendarRequest.model_validate_json(told(own).model_dump_json())
    assert sent.own(own.department_id) == own


def test_layers_say_final_where_either_does() -> None:
    assert LayeredHolidays(NO_HOLIDAYS, {}).is_announced(2090)
