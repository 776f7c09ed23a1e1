"""Quiet hours and the table of categories."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.categories import (
    CATEGORIES,
    QUIET_HOURS,
    Category,
    QuietPeriod,
    after_quiet,
    next_allowed,
    next_call_allowed,
)
from tests.unit.kernel.strategies import instants, zones

SHANGHAI = ZoneInfo("Asia/Shanghai")
DEFERRED = [category for category, rule in CATEGORIES.items() if rule.quiet != "passes"]


def _shanghai(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def test_every_category_has_a_row() -> None:
    assert set(CATEGORIES) == set(Category)


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        (_shanghai(20, 59), _shanghai(20, 59)),
        (_shanghai(21), _shanghai(8, day=11)),
        (_shanghai(23, 30), _shanghai(8, day=11)),
        (_shanghai(0), _shanghai(8)),
        (_shanghai(7, 59), _shanghai(8)),
        (_shanghai(8), _shanghai(8)),
    ],
)
def test_given_quiet_hours_when_a_service_message_is_due_then_it_waits_for_the_morning(
    sent: datetime, allowed: datetime
) -> None:
    assert next_allowed(sent, SHANGHAI, Category.SERVICE) == allowed


@pytest.mark.parametrize("category", [Category.URGENT, Category.ANSWER])
def test_given_the_night_when_it_is_urgent_or_an_answer_then_it_passes(category: Category) -> None:
    assert next_allowed(_shanghai(3), SHANGHAI, category) == _shanghai(3)


def test_given_the_recipient_lives_elsewhere_then_their_night_counts_and_not_ours() -> None:
    noon_here = _shanghai(12)
    assert next_allowed(noon_here, ZoneInfo("America/New_York"), Category.SURVEY) == datetime(
        2026, 3, 10, 12, tzinfo=UTC
    )


def test_given_midday_rest_then_calls_wait_and_messages_do_not() -> None:
    assert next_call_allowed(_shanghai(12, 30), SHANGHAI) == _shanghai(14)
    assert next_allowed(_shanghai(12, 30), SHANGHAI, Category.SERVICE) == _shanghai(12, 30)


def test_given_equal_bounds_then_it_is_never_quiet() -> None:
    never = QuietPeriod(time(0), time(0))
    assert next_allowed(_shanghai(3), SHANGHAI, Category.SERVICE, [never]) == _shanghai(3)


def test_given_an_hour_that_repeats_then_the_second_pass_is_quiet_to_its_own_end() -> None:
    second_pass = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 in Berlin, for the second time
    quiet = QuietPeriod(time(1), time(2, 45))
    assert after_quiet(second_pass, ZoneInfo("Europe/Berlin"), [quiet]) == second_pass + timedelta(minutes=15)


def test_given_periods_that_cover_the_day_then_it_is_refused() -> None:
    day, night = QuietPeriod(time(8), time(21)), QuietPeriod(time(21), time(8))
    with pytest.raises(ValueError, match="whole day"):
        after_quiet(_shanghai(3), SHANGHAI, [day, night])


@given(instants, zones, st.sampled_from(DEFERRED))
def test_what_is_allowed_is_never_quiet_never_earlier_and_within_a_day(
    at: datetime, zone: ZoneInfo, category: Category
) -> None:
    allowed = next_allowed(at, zone, category)
    assert not QUIET_HOURS.contains(allowed.astimezone(zone).time())
    assert timedelta(0) <= allowed - at <= timedelta(hours=12)
    assert next_allowed(allowed, zone, category) == allowed


@given(instants, zones, st.times(), st.times())
def test_any_quiet_period_ends_also_in_nights_that_skip_or_repeat_an_hour(
    at: datetime, zone: ZoneInfo, start: time, end: time
) -> None:
    allowed = after_quiet(at, zone, [QuietPeriod(start, end)])
    assert timedelta(0) <= allowed - at <= timedelta(hours=26)
    assert not QuietPeriod(start, end).contains(allowed.astimezone(zone).time())
