"""What the property tests of time draw from: zones with and without daylight saving, instants, calendars."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from shared.kernel.calendar import Calendar, Period, office_hours
from shared.kernel.public_holidays import NO_HOLIDAYS, ChineseHolidays

ZONES = [
    ZoneInfo(name)
    for name in (
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Pacific/Chatham",
    )
]
MORNING = Period(time(8, 30), time(12))
AFTERNOON = Period(time(13, 30), time(17, 30))

zones = st.sampled_from(ZONES)
instants = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
lengths = st.integers(0, 20 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """24×7, office hours with a lunch break, or nights that end at midnight; Chinese holidays or none."""
    zone, holidays = draw(zones), draw(st.sampled_from([NO_HOLIDAYS, ChineseHolidays()]))
    match draw(st.integers(0, 2)):
        case 0:
            return Calendar.always(zone)
        case 1:
            return office_hours(zone, holidays, MORNING, AFTERNOON)
        case _:
            nights = (Period(time(0), time(3)), Period(time(20), time(0)))
            return Calendar(zone, dict.fromkeys((0, 2, 4, 6), nights), holidays)
