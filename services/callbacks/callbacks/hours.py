"""When people may be called, and when to try again: wall-clock times of the party's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT_ZONE = "Asia/Shanghai"

HALF_DAYS: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(14), time(21)))
"""The periods of a day in which a person may be called: quiet hours and the midday rest lie between them (CB-04)."""

_RETRY_AT = (time(9), time(14, 30))
"""Where in each half-day the next attempt is made: not in its first minute."""


def next_call(at: datetime, zone: str) -> datetime:
    """`at` if the party may be called then, else the next instant at which it may, in UTC."""
    tz = _zone(zone)
    today = at.astimezone(tz).date()
    for day in (today, today + timedelta(days=1)):
        for begin, end in HALF_DAYS:
            if at < _instant(day, end, tz):
                return max(at, _instant(day, begin, tz))
    raise AssertionError("tomorrow's last period always ends later than now")


def next_half_day(at: datetime, zone: str) -> datetime:
    """The start of the next attempt after one at `at`: on another half-day, so that somebody at work is met at home."""
    tz = _zone(zone)
    day = at.astimezone(tz).date()
    starts = [
        (_instant(day + timedelta(days=n), begin, tz), _instant(day + timedelta(days=n), retry, tz))
        for n in range(3)
        for (begin, _), retry in zip(HALF_DAYS, _RETRY_AT, strict=True)
    ]
    return next(retry for begin, retry in starts if begin > at)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    # A zone that this machine's tables do not know must not stop a callback.
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(DEFAULT_ZONE)
