"""What this service can be told from the environment."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from pydantic import Field

from shared.runtime.settings import CommonSettings


class CallbacksSettings(CommonSettings):
    """`FRONTDESK_CALLBACKS_…`. Durations are seconds or ISO 8601 (`P3D`)."""

    database_url: str = Field(
        "postgresql://callbacks@127.0.0.1:18032/callbacks",
        validation_alias="FRONTDESK_CALLBACKS_DATABASE_URL",
        description="where the database of callbacks is",
    )
    complaint_delay: timedelta = Field(
        timedelta(days=1),
        ge=timedelta(0),
        validation_alias="FRONTDESK_CALLBACKS_COMPLAINT_DELAY",
        description="from a ticket's resolution until the party is asked; never beyond the rule's three days",
    )
    visit_delay: timedelta = Field(
        timedelta(hours=1),
        ge=timedelta(0),
        validation_alias="FRONTDESK_CALLBACKS_VISIT_DELAY",
        description="from a visitor's estimated arrival home until the visitor is asked",
    )
    survey_window: timedelta = Field(
        timedelta(days=7),
        gt=timedelta(0),
        validation_alias="FRONTDESK_CALLBACKS_SURVEY_WINDOW",
        description="how long an answer is waited for before the callback is given up",
    )
    reopen_window: timedelta = Field(
        timedelta(days=30),
        ge=timedelta(0),
        validation_alias="FRONTDESK_CALLBACKS_REOPEN_WINDOW",
        description="how long after its end a callback still listens to an answer",
    )
    attempts: int = Field(
        3,
        ge=1,
        le=10,
        validation_alias="FRONTDESK_CALLBACKS_ATTEMPTS",
        description="attempts, each on another half-day, before the callback is given up",
    )
    retry_delay: timedelta | None = Field(
        None,
        validation_alias="FRONTDESK_CALLBACKS_RETRY_DELAY",
        description="from a failed attempt to the next; unset: the party's next half-day",
    )
    marketing_departments: frozenset[str] = Field(
        frozenset(),
        validation_alias="FRONTDESK_CALLBACKS_MARKETING_DEPARTMENTS",
        description='codes of the departments that rules mean by "marketing", as a JSON list',
    )

    def delay(self, name: str) -> timedelta:
        """The delay that a rule names. Raises AttributeError for a name that is no setting."""
        found: timedelta = getattr(self, name)
        return found


@cache
def settings() -> CallbacksSettings:
    """The settings of this process, read once."""
    return CallbacksSettings()
