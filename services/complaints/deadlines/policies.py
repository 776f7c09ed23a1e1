"""Which terms a deadline follows: the settings' durations as policies."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from services.complaints.deadlines.model import Terms
from services.complaints.settings import ComplaintsSettings
from services.complaints.tickets.categories import Categories
from shared.kernel.calendar import Duration, Period, Unit, office_hours
from shared.kernel.deadlines import Policy
from shared.kernel.public_holidays import ChineseHolidays


def first_reply(settings: ComplaintsSettings, *, phone_present: bool) -> Terms:
    """The first reply is owed within a day; at once where a written complaint tells a phone number (KP-08, IN-07)."""
    if phone_present:
        return _wall_time(settings, "first-reply-with-phone", settings.first_reply_with_phone)
    return _wall_time(settings, "first-reply", settings.first_reply)


def solution(settings: ComplaintsSettings, category: str) -> Terms:
    """A solution or plan is owed within a day, a repair within working days (KP-08, CP-10)."""
    if Categories(settings.categories).solution_policy(category) == "repair":
        return _terms(settings, "repair", Duration(Unit.WORKING_DAYS, timedelta(days=settings.repair_working_days)))
    return _wall_time(settings, "solution", settings.solution)


def _wall_time(settings: ComplaintsSettings, name: str, length: timedelta) -> Terms:
    return _terms(settings, name, Duration(Unit.WALL_TIME, length))


def _terms(settings: ComplaintsSettings, name: str, duration: Duration) -> Terms:
    hours = Period(settings.opens, settings.closes)
    calendar = office_hours(ZoneInfo(settings.zone), ChineseHolidays(), hours)
    return Terms(Policy(name, duration, settings.warn_percent / 100), calendar)
