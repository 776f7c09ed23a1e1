"""complaint-judged: a person judged whether a complaint is valid (CP-02)."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class ComplaintJudged(Event, type="complaint-judged", topic=TICKETS, key="ticket_id"):
    """A person judged whether a complaint is valid (CP-02)."""

    ticket_id: UUID
    number: str
    valid: bool
    judged_by: UUID
    party_id: UUID
    address_id: str | None = None
