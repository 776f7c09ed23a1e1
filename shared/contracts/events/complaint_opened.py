"""complaint-opened: a report became a ticket with a number (CP-01)."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class ComplaintOpened(Event, type="complaint-opened", topic=TICKETS, key="ticket_id", version=2):
    """A report became a ticket with a number (CP-01)."""

    ticket_id: UUID
    report_id: UUID
    message_id: UUID | None = None
    number: str
    category: str
    severity: Literal["minor", "major"]
    channel: str
    party_id: UUID
    address_id: str | None = None
    customer_class: str | None = None
    handler_id: UUID | None = None
    department_id: UUID | None = None
    opened_at: AwareDatetime
    reported_at: AwareDatetime | None = None
    """When the party told us: how fast the acknowledgement came is measured from here."""
    first_reply_due: AwareDatetime
    solution_due: AwareDatetime
