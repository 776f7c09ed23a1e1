"""notify's settings: where the providers are, how people are written to, and the policies of sending."""

from __future__ import annotations

from datetime import time, timedelta
from functools import cache
from typing import Any

from pydantic import Field, SecretStr

from shared.runtime.settings import CommonSettings


def _own(name: str, default: Any, description: str, **constraints: Any) -> Any:
    """A setting of notify alone: `FRONTDESK_NOTIFY_<name>`."""
    return Field(default, validation_alias=f"FRONTDESK_NOTIFY_{name}", description=description, **constraints)


class NotifySettings(CommonSettings):
    """`FRONTDESK_NOTIFY_…`. Durations are seconds or ISO 8601 (`PT30S`)."""

    database_url: str = _own(
        "DATABASE_URL",
        "postgresql://notify:notify@127.0.0.1:18032/notify",
        description="notify's own database (PostgreSQL)",
    )

    company: str = _own(
        "COMPANY", "Frontdesk", description="our name in texts, and the signature 【…】 before every SMS"
    )
    numbers: tuple[str, ...] = _own(
        "NUMBERS",
        ("+861069000001", "+861069000002", "+861069000003"),
        description="our SMS numbers as a JSON list; questions take turns over them",
    )
    mail_domain: str = _own(
        "MAIL_DOMAIN", "frontdesk.example", description="domain of our reply addresses and Message-IDs"
    )
    secret: SecretStr = _own(
        "SECRET", SecretStr("laptop-only"), description="secret behind reply tokens and one-subject links"
    )
    public_url: str = _own(
        "PUBLIC_URL", "http://127.0.0.1:18001", description="where guests reach intake's pages: links begin with it"
    )
    default_country: str = _own(
        "DEFAULT_COUNTRY", "CN", description="ISO 3166 country of phone numbers written without one"
    )

    smtp_host: str = _own("SMTP_HOST", "127.0.0.1", description="host of the SMTP relay that takes our mail")
    smtp_port: int = _own("SMTP_PORT", 18025, description="port of the SMTP relay")
    smtp_user: str | None = _own("SMTP_USER", None, description="user at the SMTP relay; unset: no authentication")
    smtp_password: SecretStr | None = _own("SMTP_PASSWORD", None, description="password at the SMTP relay")
    smtp_connections: int = _own(
        "SMTP_CONNECTIONS", 4, description="connections that a sender keeps to the SMTP relay", ge=1
    )
    mail_from: str = _own(
        "MAIL_FROM", "frontdesk@frontdesk.example", description="From of our mail; answers go to Reply-To"
    )
    smtp_tls: bool = _own("SMTP_TLS", False, description="STARTTLS with the relay is required")
    smpp_host: str = _own("SMPP_HOST", "127.0.0.1", description="host of the SMSC")
    smpp_port: int = _own("SMPP_PORT", 18075, description="port of the SMSC")
    smpp_system_id: str = _own("SMPP_SYSTEM_ID", "frontdesk", description="our system_id at the SMSC")
    smpp_password: SecretStr = _own(
        "SMPP_PASSWORD", SecretStr("sandbox1"), description="our password at the SMSC, at most eight characters"
    )
    receiver_host: str = _own("RECEIVER_HOST", "127.0.0.1", description="where the receiver listens for mail to us")
    receiver_port: int = _own("RECEIVER_PORT", 18026, description="port on which the receiver listens for mail to us")

    quiet_from: time = _own("QUIET_FROM", time(21), description="begin of quiet hours in the recipient's zone, HH:MM")
    quiet_until: time = _own("QUIET_UNTIL", time(8), description="end of quiet hours in the recipient's zone, HH:MM")
    sms_cap_a_day: int = _own(
        "SMS_CAP_A_DAY", 3, description="reminders and surveys by SMS per address and day of its zone", ge=1
    )
    acknowledgements_an_hour: int = _own(
        "ACKNOWLEDGEMENTS_AN_HOUR",
        3,
        ge=1,
        description="automatic acknowledgements per address and hour: where an answering machine's loop ends",
    )
    repeat_after: timedelta = _own(
        "REPEAT_AFTER",
        timedelta(seconds=60),
        description="an urgent message or answer in doubt is repeated once after this",
    )
    unconfirmed_after: timedelta = _own(
        "UNCONFIRMED_AFTER",
        timedelta(minutes=30),
        description="a message in doubt without a receipt ends as sent_unconfirmed after this",
    )
    receipt_window: timedelta = _own(
        "RECEIPT_WINDOW",
        timedelta(hours=72),
        description="a submitted message without a receipt ends as sent_unconfirmed after this",
    )
    unmatched_receipts_kept: timedelta = _own(
        "UNMATCHED_RECEIPTS_KEPT", timedelta(days=7), description="how long a receipt waits for the message it tells of"
    )
    late_answer_window: timedelta = _own(
        "LATE_ANSWER_WINDOW",
        timedelta(days=30),
        description="how long after its end a question still takes an SMS as its late answer",
    )
    no_number_retry: timedelta = _own(
        "NO_NUMBER_RETRY",
        timedelta(seconds=30),
        description="how often a question looks again for a free number of ours",
    )
    service_useful: timedelta = _own(
        "SERVICE_USEFUL",
        timedelta(days=3),
        description="a service message about nothing with a time of its own is useless after this",
    )

    sender_batch: int = _own("SENDER_BATCH", 50, description="messages that a sender claims at once", ge=1, le=500)
    sender_concurrency: int = _own("SENDER_CONCURRENCY", 20, description="calls in flight per sender and channel", ge=1)
    sender_rate: float = _own("SENDER_RATE", 200.0, description="calls a second per sender and channel at most", gt=0)
    sender_poll: timedelta = _own(
        "SENDER_POLL", timedelta(milliseconds=10), description="how often an idle sender looks for work"
    )
    sender_heartbeat: timedelta = _own(
        "SENDER_HEARTBEAT", timedelta(seconds=2), description="how often a sender says that it lives"
    )
    sender_dead_after: timedelta = _own(
        "SENDER_DEAD_AFTER",
        timedelta(seconds=10),
        description="a sender silent for this long is dead: its open attempts are in doubt",
    )
    retry_first: timedelta = _own(
        "RETRY_FIRST",
        timedelta(seconds=2),
        description="pause after a call that surely took nothing; doubles up to five minutes",
    )
    retries: int = _own(
        "RETRIES", 8, description="calls that surely took nothing before a message fails technically", ge=0
    )


@cache
def settings() -> NotifySettings:
    """The process's settings, read once."""
    return NotifySettings()
