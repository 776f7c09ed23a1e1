"""Settings of complaints: its database, and the policies that a company changes without code."""

from __future__ import annotations

from datetime import time, timedelta
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from services.complaints.tickets.categories import DEFAULT_CATEGORIES, Categories, Category
from shared.runtime.settings import CommonSettings


class ComplaintsSettings(CommonSettings):
    """`FRONTDESK_COMPLAINTS_…`. Durations are seconds or ISO 8601 (`PT24H`)."""

    database_url: str = Field(
        "postgresql://complaints@127.0.0.1:18032/complaints",
        validation_alias="FRONTDESK_COMPLAINTS_DATABASE_URL",
        description="complaints' own PostgreSQL database",
    )
    zone: str = Field(
        "Asia/Shanghai",
        validation_alias="FRONTDESK_COMPLAINTS_ZONE",
        description="IANA zone of the company: the year in ticket numbers, and its working days",
    )
    opens: time = Field(
        time(9), validation_alias="FRONTDESK_COMPLAINTS_OPENS", description="local time at which a working day begins"
    )
    closes: time = Field(
        time(18), validation_alias="FRONTDESK_COMPLAINTS_CLOSES", description="local time at which a working day ends"
    )
    first_reply: timedelta = Field(
        timedelta(hours=24),
        validation_alias="FRONTDESK_COMPLAINTS_FIRST_REPLY",
        description="wall time until a complaint has had its first reply (KP-08)",
    )
    first_reply_with_phone: timedelta = Field(
        timedelta(minutes=30),
        validation_alias="FRONTDESK_COMPLAINTS_FIRST_REPLY_WITH_PHONE",
        description="the same for a written complaint with a phone number: called back at once (IN-07; our default)",
    )
    solution: timedelta = Field(
        timedelta(hours=24),
        validation_alias="FRONTDESK_COMPLAINTS_SOLUTION",
        description="wall time until a complaint is solved or a plan is offered (KP-08)",
    )
    repair_working_days: int = Field(
        3,
        ge=1,
        le=60,
        validation_alias="FRONTDESK_COMPLAINTS_REPAIR_WORKING_DAYS",
        description="working days until a repair complaint is solved (CP-10)",
    )
    warn_percent: int = Field(
        50,
        ge=1,
        le=99,
        validation_alias="FRONTDESK_COMPLAINTS_WARN_PERCENT",
        description="share of a deadline after which it is marked as approaching, in percent (our default)",
    )
    reopen_window: timedelta = Field(
        timedelta(days=30),
        validation_alias="FRONTDESK_COMPLAINTS_REOPEN_WINDOW",
        description="how long after closing an answer or a person may still reopen a ticket (our default)",
    )
    categories: tuple[Category, ...] = Field(
        DEFAULT_CATEGORIES,
        validation_alias="FRONTDESK_COMPLAINTS_CATEGORIES",
        description="the tree of categories as JSON: code, parent, names by language, solution policy",
    )
    default_category: str = Field(
        "other",
        validation_alias="FRONTDESK_COMPLAINTS_DEFAULT_CATEGORY",
        description="category of a new ticket until somebody classifies it",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.default_category not in Categories(self.categories):
            raise ValueError("FRONTDESK_COMPLAINTS_DEFAULT_CATEGORY is not among FRONTDESK_COMPLAINTS_CATEGORIES")
        ZoneInfo(self.zone)
        return self


@cache
def settings() -> ComplaintsSettings:
    """Read once from the environment."""
    return ComplaintsSettings()
