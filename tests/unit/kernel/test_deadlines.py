"""Deadlines: due, warning, pauses."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.calendar import Calendar, Duration, Unit, office_hours
from shared.kernel.deadlines import Due, Pause, Policy, due
from shared.kernel.public_holidays import NO_HOLIDAYS, ListedHolidays
from tests.unit.kernel.strategies import AFTERNOON, MORNING, calendars, instants, lengths

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = office_hours(SHANGHAI, NO_HOLIDAYS, MORNING, AFTERNOON)
REPAIR = Policy("repair", Duration(Unit.WORKING_DAYS, timedelta(days=3)))
REPLY = Policy("first-reply", Duration(Unit.WALL_TIME, timedelta(hours=24)))
EFFORT = Policy("effort", Duration(Unit.WORKING_HOURS, timedelta(hours=15)))


def _at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def test_given_no_pause_then_a_first_reply_is_due_after_a_day_and_warned_after_half() -> None:
    """KP-08: a first reply within 24 hours."""
    assert due(REPLY, OFFICE, _at(14, 10)) == Due(_at(15, 10), _at(14, 22))


def test_given_a_repair_complaint_then_it_is_due_in_three_working_days_and_warned_in_working_time() -> None:
    """CP-10: an effective solution within three working days."""
    repair = due(REPAIR, OFFICE, _at(12, 9))
    # 22.5 working hours; half of them are over on Friday, 45 minutes after lunch.
    assert repair == Due(_at(17, 9), _at(13, 14, 15))


def test_given_a_pause_over_the_night_then_working_time_loses_nothing() -> None:
    start = _at(10, 9)
    night = Pause(_at(10, 17, 30), _at(11, 8, 30))
    assert due(EFFORT, OFFICE, start, [night]) == due(EFFORT, OFFICE, start)


def test_given_a_pause_of_a_working_day_then_working_time_moves_by_that_day() -> None:
    paused = due(EFFORT, OFFICE, _at(10, 9), [Pause(_at(10, 10), _at(11, 10))])
    assert paused.at == _at(13, 9)


def test_given_a_pause_that_lasts_then_it_is_not_due_and_a_warning_before_it_stays() -> None:
    open_pause = Pause(_at(15, 8))
    assert due(REPLY, OFFICE, _at(14, 10), [open_pause]) == Due(None, _at(14, 22))


def test_given_a_pause_after_it_was_due_then_nothing_moves() -> None:
    late = Pause(_at(16, 8), _at(18, 8))
    assert due(REPLY, OFFICE, _at(14, 10), [late]).at == _at(15, 10)


def test_given_a_year_not_announced_then_the_deadline_is_provisional() -> None:
    unknown = office_hours(SHANGHAI, ListedHolidays(announced=frozenset({2025})), MORNING, AFTERNOON)
    assert due(REPAIR, unknown, _at(12, 9)).provisional
    assert not due(REPLY, unknown, _at(12, 9)).provisional


@pytest.mark.parametrize("share", [0, 1, -0.5, 1.5])
def test_a_warning_that_could_not_come_in_between_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Policy("x", REPLY.duration, share)


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="after its start"):
        Pause(_at(2), _at(1))


@given(instants, st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=5))
def test_wall_time_moves_by_exactly_the_pauses_that_began_in_time(
    start: datetime, steps: list[tuple[int, int]]
) -> None:
    pauses, at = [], start
    for wait, length in steps:
        begins = at + timedelta(minutes=wait)
        at = begins + timedelta(minutes=length)
        pauses.append(Pause(begins, at))
    expected = start + REPLY.duration.length
    for pause in pauses:
        if pause.start < expected and pause.end is not None:
            expected += pause.end - pause.start
    assert due(REPLY, Calendar.always(SHANGHAI), start, pauses).at == expected


@given(calendars(), instants, lengths, lengths)
def test_working_time_without_the_pause_is_the_policy_s_length(
    calendar: Calendar, start: datetime, wait: timedelta, length: timedelta
) -> None:
    policy = Policy("effort", Duration(Unit.WORKING_HOURS, timedelta(hours=30)))
    pause = Pause(start + wait, start + wait + length)
    end = due(policy, calendar, start, [pause]).at
    assert end is not None
    assert pause.end is not None
    paused = calendar.working_time(pause.start, min(pause.end, end)) if pause.start < end else timedelta(0)
    assert calendar.working_time(start, end) - paused == timedelta(hours=30)


@given(calendars(), instants, st.sampled_from([REPAIR, REPLY, EFFORT]), lengths)
def test_the_warning_comes_between_start_and_due(
    calendar: Calendar, start: datetime, policy: Policy, length: timedelta
) -> None:
    moments = due(policy, calendar, start, [Pause(start, start + length)])
    assert moments.at is not None
    assert moments.warn_at is not None
    assert start <= moments.warn_at <= moments.at
