"""complaint-reported: a party is dissatisfied; complaints makes it a ticket."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.event import Event
from shared.contracts.topics import REPORTS


class ComplaintReported(Event, type="complaint-reported", topic=REPORTS, key="report_id"):
    """A party is dissatisfied; complaints makes it a ticket."""

    report_id: UUID
    message_id: UUID | None = None
    """The channel message it came from."""
    channel: str
    medium: str
    party_id: UUID
    address_id: str | None = None
    """Where the party wants the answer."""
    subject: str | None = Field(default=None, max_length=300)
    text: str = Field(max_length=20_000)
    customer_class: str | None = None
    member: bool = False
    phone_present: bool = False
    """A written complaint with a phone number is called back at once (IN-07)."""
    case_id: UUID | None = None
    caused_by_callback: UUID | None = None
    reported_at: AwareDatetime
