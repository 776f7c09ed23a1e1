"""intake's settings: where its database is, and every policy that a company may want otherwise."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr

from shared.runtime.settings import CommonSettings


class IntakeSettings(CommonSettings):
    """`FRONTDESK_INTAKE_…`; durations are seconds or ISO 8601 (`PT30S`)."""

    database_url: str = Field(
        "postgresql://intake:intake@127.0.0.1:18032/intake",
        validation_alias="FRONTDESK_INTAKE_DATABASE_URL",
        description="intake's own database",
    )
    key_secret: SecretStr = Field(
        SecretStr("laptop-only"),
        validation_alias="FRONTDESK_INTAKE_KEY_SECRET",
        description="encrypts the private signing keys in the database; other than the default outside a laptop",
    )
    token_life: timedelta = Field(
        timedelta(minutes=10),
        gt=timedelta(0),
        le=timedelta(minutes=10),
        validation_alias="FRONTDESK_INTAKE_TOKEN_LIFE",
        description="how long a staff token is valid; ten minutes at most",
    )
    key_life: timedelta = Field(
        timedelta(days=30),
        validation_alias="FRONTDESK_INTAKE_KEY_LIFE",
        description="after how long a new signing key takes over",
    )
    key_lead: timedelta = Field(
        timedelta(minutes=5),
        validation_alias="FRONTDESK_INTAKE_KEY_LEAD",
        description="how long a new signing key is published before it signs, so that every service has it",
    )
    sign_in_window: timedelta = Field(
        timedelta(minutes=15),
        validation_alias="FRONTDESK_INTAKE_SIGN_IN_WINDOW",
        description="over how long failed sign-ins are counted",
    )
    sign_in_per_account: int = Field(
        10,
        validation_alias="FRONTDESK_INTAKE_SIGN_IN_PER_ACCOUNT",
        description="failed sign-ins for one e-mail address in the window before 429",
    )
    sign_in_per_network: int = Field(
        100,
        validation_alias="FRONTDESK_INTAKE_SIGN_IN_PER_NETWORK",
        description="failed sign-ins from one network (/24, /64) in the window before 429",
    )
    visit_notice_days: int = Field(
        4,
        ge=0,
        validation_alias="FRONTDESK_INTAKE_VISIT_NOTICE_DAYS",
        description="working days' notice for a visit; less needs a recorded reason (VR-06); 0: none is asked",
    )
    visit_reminder_before: timedelta = Field(
        timedelta(hours=24),
        validation_alias="FRONTDESK_INTAKE_VISIT_REMINDER_BEFORE",
        description="how long before arrival the guest is reminded",
    )
    visit_home_after: timedelta = Field(
        timedelta(hours=4),
        validation_alias="FRONTDESK_INTAKE_VISIT_HOME_AFTER",
        description="estimated way home after departure; the callback waits for it (VR-23)",
    )
    visit_ask_departure_after: timedelta = Field(
        timedelta(hours=2),
        validation_alias="FRONTDESK_INTAKE_VISIT_ASK_DEPARTURE_AFTER",
        description="how long after the planned departure the host is asked to record it",
    )
    visit_assume_departure_after: timedelta = Field(
        timedelta(hours=24),
        validation_alias="FRONTDESK_INTAKE_VISIT_ASSUME_DEPARTURE_AFTER",
        description="how long after the asking a departure is assumed, and flagged so",
    )
    standard_set: str = Field(
        "T1",
        validation_alias="FRONTDESK_INTAKE_STANDARD_SET",
        description="code of the standard set for departments that have none of their own, nor above them",
    )
    approval_route: str = Field(
        "AP-01",
        validation_alias="FRONTDESK_INTAKE_APPROVAL_ROUTE",
        description="code of the approval route for departments that have none of their own, nor above them",
    )
    approval_routes: Path | None = Field(
        None,
        validation_alias="FRONTDESK_INTAKE_APPROVAL_ROUTES",
        description="folder with a company's own routes, a file <code>.toml each, beside those that ship",
    )
    approval_reminder_after: timedelta = Field(
        timedelta(days=1),
        gt=timedelta(0),
        validation_alias="FRONTDESK_INTAKE_APPROVAL_REMINDER_AFTER",
        description="how long an approval waits before its approver is reminded, each time",
    )
    approval_expires_after: timedelta = Field(
        timedelta(days=14),
        gt=timedelta(0),
        validation_alias="FRONTDESK_INTAKE_APPROVAL_EXPIRES_AFTER",
        description="how long one step of an approval may wait; on arrival it ends in any case",
    )
    draft_purge_after: timedelta = Field(
        timedelta(days=90),
        gt=timedelta(0),
        validation_alias="FRONTDESK_INTAKE_DRAFT_PURGE_AFTER",
        description="how long a draft of an application is kept after it was saved last",
    )
    bookings_per_network: int = Field(
        30,
        ge=1,
        validation_alias="FRONTDESK_INTAKE_BOOKINGS_PER_NETWORK",
        description="appointments booked, moved or cancelled from one network (/24, /64) in the window before 429",
    )
    booking_window: timedelta = Field(
        timedelta(minutes=10),
        gt=timedelta(0),
        validation_alias="FRONTDESK_INTAKE_BOOKING_WINDOW",
        description="over how long what guests do on the pages of appointments is counted",
    )
    door_queue: int = Field(
        2_000,
        ge=1,
        validation_alias="FRONTDESK_INTAKE_DOOR_QUEUE",
        description="channel messages that may wait for their commit in one process; more get 503",
    )


@cache
def settings() -> IntakeSettings:
    """The settings of this process, read once."""
    return IntakeSettings()
