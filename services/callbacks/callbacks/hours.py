"""When the next attempt is made, in the wall-clock time of the party's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.kernel.categories import MIDDAY_REST, QUIET_HOURS

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")

_HALF_DAYS = ((QUIET_HOURS.end, time(9)), (MIDDAY_REST.end, time(14, 30)))
"""(begin, attempt): each half-day in which a person may be called, and when in it we try; not in its first minute."""


def next_half_day(at: datetime, zone: ZoneInfo) -> datetime:
    """When to try again after an attempt at `at`, in UTC: on another half-day, so that who is out then may be in."""
    today = at.astimezone(zone).date()
    days = (today, today + timedelta(days=1))
    return next(
        _instant(day, attempt, zone) for day in days for begin, attempt in _HALF_DAYS if _instant(day, begin, zone) > at
    )


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; our default where this machine's tables do not know it, so that no callback stops."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return DEFAULT_ZONE


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
