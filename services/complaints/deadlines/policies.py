"""Which policy a deadline follows: the settings' durations as rows."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from services.complaints.deadlines.model import Policy, WallTime, WorkingDays
from services.complaints.settings import ComplaintsSettings
from services.complaints.tickets.categories import Categories


def first_reply_policy(settings: ComplaintsSettings, *, phone_present: bool) -> Policy:
    """The first reply is owed within a day; at once where a written complaint tells a phone number (KP-08, IN-07)."""
    if phone_present:
        return Policy("first-reply-with-phone", WallTime(settings.first_reply_with_phone), _warn_share(settings))
    return Policy("first-reply", WallTime(settings.first_reply), _warn_share(settings))


def solution_policy(settings: ComplaintsSettings, category: str) -> Policy:
    """A solution or plan is owed within a day, a repair within working days (KP-08, CP-10)."""
    if Categories(settings.categories).solution_policy(category) == "repair":
        days = WorkingDays(settings.repair_working_days, ZoneInfo(settings.zone))
        return Policy("repair", days, _warn_share(settings))
    return Policy("solution", WallTime(settings.solution), _warn_share(settings))


def _warn_share(settings: ComplaintsSettings) -> float:
    return settings.warn_percent / 100
