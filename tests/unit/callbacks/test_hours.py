"""When the next attempt is made."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.callbacks.callbacks.hours import DEFAULT_ZONE, next_half_day, zone_of
from shared.kernel.categories import next_call_allowed

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "UTC"]).map(ZoneInfo)
INSTANTS = st.integers(1_700_000_000, 1_900_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-01 03:00", "2026-06-01 09:00"),
        ("2026-06-01 08:00", "2026-06-01 14:30"),
        ("2026-06-01 11:59", "2026-06-01 14:30"),
        ("2026-06-01 13:00", "2026-06-01 14:30"),
        ("2026-06-01 14:00", "2026-06-02 09:00"),
        ("2026-06-01 20:00", "2026-06-02 09:00"),
        ("2026-12-31 23:00", "2027-01-01 09:00"),
    ],
)
def test_the_next_attempt_is_on_the_next_half_day(at: str, expected: str) -> None:
    """Three attempts on different half-days."""
    local = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    assert next_half_day(local, SHANGHAI).astimezone(SHANGHAI) == datetime.fromisoformat(expected).replace(
        tzinfo=SHANGHAI
    )


@given(at=INSTANTS, zone=ZONES)
def test_the_next_attempt_is_later_allowed_for_a_call_and_on_another_half_day(at: datetime, zone: ZoneInfo) -> None:
    """CB-04: never in the rest period."""
    again = next_half_day(at, zone)
    assert at < again <= at + timedelta(hours=25)
    assert next_call_allowed(again, zone) == again
    before, after = at.astimezone(zone), again.astimezone(zone)
    same_day = before.date() == after.date()
    both_mornings = before.time() < time(14) and after.time() < time(14) and before.time() >= time(8)
    assert not (same_day and (both_mornings or before.time() >= time(14)))


@pytest.mark.parametrize("name", ["Nowhere/Atall", "", "../etc"])
def test_a_zone_that_nobody_knows_is_taken_for_our_default(name: str) -> None:
    assert zone_of(name) == DEFAULT_ZONE
