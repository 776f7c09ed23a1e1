"""Working time: periods, holidays, moved days, zones, daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.calendar import Calendar, Duration, Moment, Period, Unit, office_hours
from shared.kernel.public_holidays import NO_HOLIDAYS, ChineseHolidays, ListedHolidays
from tests.unit.kernel.strategies import AFTERNOON, MORNING, calendars, instants, lengths, zones

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = office_hours(SHANGHAI, ChineseHolidays(), MORNING, AFTERNOON)


def _at(month: int, day: int, hour: int = 0, minute: int = 0, zone: ZoneInfo = SHANGHAI, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone)


def _days(number: int) -> Duration:
    return Duration(Unit.WORKING_DAYS, timedelta(days=number))


def _hours(number: float) -> Duration:
    return Duration(Unit.WORKING_HOURS, timedelta(hours=number))


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        (_at(3, 10, 9), _hours(2), _at(3, 10, 11)),
        (_at(3, 10, 11), _hours(2), _at(3, 10, 14, 30)),  # over the lunch break
        (_at(3, 13, 16, 30), _hours(2), _at(3, 16, 9, 30)),  # over the weekend
        (_at(3, 14, 3), _hours(1), _at(3, 16, 9, 30)),  # from a Saturday night
        (_at(3, 10, 9), _days(3), _at(3, 13, 9)),
        (_at(3, 12, 9), _days(3), _at(3, 17, 9)),  # CP-10, over the weekend
        (_at(3, 12, 22), _days(1), _at(3, 16, 8, 30)),  # after the close: counts from Friday's opening
        (_at(3, 14, 10), _days(1), _at(3, 17, 8, 30)),  # from a Saturday: counts from Monday's opening
        (_at(9, 30, 9), _days(1), _at(10, 8, 9)),  # CH-16, the National Day week
        (_at(2, 13, 9), _days(1), _at(2, 14, 9)),  # 14 February 2026 is a Saturday that is worked
        (_at(3, 14, 3), Duration(Unit.CALENDAR_DAYS, timedelta(days=3)), _at(3, 17, 3)),
        (_at(3, 14, 3), Duration(Unit.WALL_TIME, timedelta(hours=24)), _at(3, 15, 3)),
    ],
)
def test_durations_end_where_people_expect(start: datetime, duration: Duration, end: datetime) -> None:
    """CP-10, CH-16, CB-04: 'within 3 working days', 'excluding holidays', 'within 3 days'."""
    assert OFFICE.add(start, duration) == Moment(end)


@pytest.mark.parametrize(("days", "end"), [(-5, _at(3, 10, 10)), (-4, _at(3, 11, 10)), (0, _at(3, 17, 10))])
def test_given_an_arrival_then_working_days_before_it_count_back(days: int, end: datetime) -> None:
    """Administration is told five working days before an arrival, and is late at four."""
    assert OFFICE.add_working_days(_at(3, 17, 10), days).at == end


def test_given_daylight_saving_then_a_calendar_day_keeps_the_time_and_wall_time_does_not() -> None:
    before = _at(3, 28, 12, zone=BERLIN)
    calendar = Calendar.always(BERLIN)
    day = calendar.add(before, Duration(Unit.CALENDAR_DAYS, timedelta(days=1))).at
    wall = calendar.add(before, Duration(Unit.WALL_TIME, timedelta(days=1))).at
    assert (day.astimezone(BERLIN).hour, wall.astimezone(BERLIN).hour) == (12, 13)


def test_given_a_night_shift_over_the_skipped_hour_then_it_works_an_hour_less() -> None:
    nights = Calendar(BERLIN, dict.fromkeys(range(7), (Period(time(1), time(5)),)))
    worked = {
        day: nights.working_time(_at(3, day, zone=BERLIN), _at(3, day, 23, zone=BERLIN)) / timedelta(hours=1)
        for day in (28, 29)
    }
    assert worked == {28: 4, 29: 3}


def test_given_a_year_not_announced_then_the_moment_is_provisional() -> None:
    announced = ListedHolidays(frozenset({date(2027, 1, 1)}), announced=frozenset({2026}))
    calendar = office_hours(SHANGHAI, announced, MORNING, AFTERNOON)
    assert calendar.add(_at(12, 30, 9), _days(1)) == Moment(_at(12, 31, 9))
    assert calendar.add(_at(12, 31, 9), _days(1)) == Moment(_at(1, 4, 9, year=2027), provisional=True)


@pytest.mark.parametrize("year", range(2010, 2027))
def test_chinese_years_that_were_announced_are_known_as_such(year: int) -> None:
    assert ChineseHolidays().is_announced(year)


def test_given_a_far_year_then_its_statutory_days_are_guessed_and_marked() -> None:
    assert not ChineseHolidays().is_announced(2090)
    assert ChineseHolidays().is_off(date(2090, 10, 1))
    assert not ChineseHolidays().is_moved_working_day(date(2090, 9, 30))


def test_given_a_calendar_without_working_time_then_it_says_so() -> None:
    empty = Calendar(SHANGHAI, {})
    for ask in (lambda: empty.add(_at(3, 1), _hours(1)), lambda: empty.next_open(_at(3, 1))):
        with pytest.raises(ValueError, match="working time"):
            ask()
    with pytest.raises(ValueError, match="working days"):
        empty.add_working_days(_at(3, 1), -1)


def test_a_duration_in_days_is_whole_and_none_is_negative() -> None:
    for length in (timedelta(hours=30), timedelta(days=-1)):
        with pytest.raises(ValueError, match="whole"):
            Duration(Unit.WORKING_DAYS, length)


@given(calendars(), instants, lengths)
def test_working_time_added_is_working_time_between(calendar: Calendar, start: datetime, length: timedelta) -> None:
    end = calendar.add_working_time(start, length).at
    assert calendar.working_time(start, end) == length


@given(calendars(), instants, lengths, lengths)
def test_working_time_adds_up(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    step = calendar.add_working_time(calendar.add_working_time(start, one).at, two).at
    assert calendar.working_time(start, step) == one + two


@given(calendars(), instants, lengths, st.sampled_from(Unit), st.integers(0, 30))
def test_a_later_start_never_ends_earlier(
    calendar: Calendar, start: datetime, later: timedelta, unit: Unit, amount: int
) -> None:
    days = unit in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)
    duration = Duration(unit, timedelta(days=amount) if days else timedelta(hours=amount))
    # In the hour that daylight saving repeats, the same local time a day on is the same instant twice over.
    slack = timedelta(hours=1) if unit in (Unit.CALENDAR_DAYS, Unit.WORKING_DAYS) else timedelta(0)
    assert calendar.add(start, duration).at <= calendar.add(start + later, duration).at + slack


@given(calendars(), instants, st.integers(1, 30))
def test_working_days_end_on_a_working_day_within_its_hours(calendar: Calendar, start: datetime, days: int) -> None:
    end = calendar.add_working_days(start, days).at
    # A close at midnight is the next day's first instant.
    dates = {at.astimezone(calendar.zone).date() for at in (end, end - timedelta(seconds=1))}
    assert any(spans[0][0] <= end <= spans[-1][1] for spans in map(calendar.spans, dates) if spans)


@given(zones, instants, lengths)
def test_round_the_clock_working_time_is_wall_time(zone: ZoneInfo, start: datetime, length: timedelta) -> None:
    assert Calendar.always(zone).add_working_time(start, length).at == start + length


@given(calendars(), instants)
def test_the_next_opening_is_open_and_nothing_is_worked_before_it(calendar: Calendar, at: datetime) -> None:
    opens = calendar.next_open(at)
    assert calendar.working_time(at, opens) == timedelta(0)
    assert calendar.working_time(opens, opens + timedelta(minutes=1)) > timedelta(0)


def test_chinese_moved_working_days_are_weekend_days_and_never_off() -> None:
    source = ChineseHolidays()
    days = [date(2023, 1, 1) + timedelta(days=number) for number in range(4 * 365)]
    moved = [day for day in days if source.is_moved_working_day(day)]
    assert len(moved) > 20
    assert all(day.weekday() >= 5 and not source.is_off(day) for day in moved)


def test_no_holidays_are_always_announced() -> None:
    assert NO_HOLIDAYS.is_announced(2099)
    assert not NO_HOLIDAYS.is_off(datetime(2026, 10, 1, tzinfo=UTC).date())
