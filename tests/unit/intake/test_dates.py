"""When a visit can be, and how much notice it needs (VR-06)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.calendars.model import notice, resolve
from services.intake.cases.model import case_number, choose_handler
from services.intake.visits.model import check_dates
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import Refused
from shared.kernel.ids import has_valid_check_digit, new_id

_NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
_OURS = resolve([], "Asia/Shanghai")
"""Our default: what holds where no department says anything."""


def _earliest(asked: datetime, days: int) -> datetime:
    return notice(_OURS, asked, days).earliest


def _refusal(
    arrival: datetime, departure: datetime, reason: str | None = None, days: int = 4
) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        check_dates(
            arrival,
            departure,
            now=_NOW,
            earliest=_earliest(_NOW, days),
            notice_days=days,
            short_notice_reason=reason,
        )
    assert refused.value.status == 422
    return refused.value.code, refused.value.field


def test_departure_not_after_arrival_is_impossible() -> None:
    day = _NOW + timedelta(days=20)
    assert _refusal(day, day) == ("impossible-dates", "departure")
    assert _refusal(day, day - timedelta(seconds=1)) == ("impossible-dates", "departure")


def test_arrival_that_has_passed_is_impossible_with_any_reason() -> None:
    assert _refusal(_NOW, _NOW + timedelta(hours=1), "urgent") == ("impossible-dates", "arrival")


def test_a_visit_of_months_or_in_some_years_is_impossible() -> None:
    day = _NOW + timedelta(days=20)
    assert _refusal(day, day + timedelta(days=61)) == ("impossible-dates", "departure")
    assert _refusal(_NOW + timedelta(days=800), _NOW + timedelta(days=801)) == ("impossible-dates", "arrival")


def test_four_working_days_pass_over_the_weekend() -> None:
    """VR-06: asked on Monday 10:00, Friday 10:00 needs no reason; asked on Wednesday, next Tuesday."""
    assert _earliest(_NOW, 4) == _NOW + timedelta(days=4)
    wednesday = _NOW + timedelta(days=2)
    assert _earliest(wednesday, 4) == wednesday + timedelta(days=6)


def test_short_notice_needs_a_reason_and_passes_with_one() -> None:
    soon = _NOW + timedelta(days=3)
    assert _refusal(soon, soon + timedelta(hours=1)) == ("short-notice", "short_notice_reason")
    check_dates(
        soon,
        soon + timedelta(hours=1),
        now=_NOW,
        earliest=_earliest(_NOW, 4),
        notice_days=4,
        short_notice_reason="an audit was moved",
    )


def test_without_a_notice_policy_no_reason_is_asked() -> None:
    soon = _NOW + timedelta(minutes=1)
    check_dates(
        soon,
        soon + timedelta(hours=1),
        now=_NOW,
        earliest=_earliest(_NOW, 0),
        notice_days=0,
        short_notice_reason=None,
    )


def test_a_case_number_has_a_check_digit_that_notices_a_swap() -> None:
    number = case_number(2026, 123)
    assert number.startswith("C26000123")
    assert has_valid_check_digit(number)
    assert not has_valid_check_digit(number.replace("123", "132"))


def test_the_next_case_goes_to_the_highest_weight_by_open_work() -> None:
    """CB-05."""
    ids = sorted(new_id() for _ in range(3))
    agents = [
        StaffChanged(staff_id=id_, name="A", email="a@example.com", department_id=ids[0], weight=weight)
        for id_, weight in zip(ids, (1, 2, 0), strict=True)
    ]
    assert choose_handler(agents, {}) is agents[1]
    assert choose_handler(agents, {ids[1]: 1}) is agents[0]
    assert choose_handler(agents, {ids[0]: 1, ids[1]: 1}) is agents[1]
    assert choose_handler(agents[2:], {}) is None
