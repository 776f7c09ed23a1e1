"""complaint-progressed: a ticket went a step on that has no event of its own."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class ComplaintProgressed(Event, type="complaint-progressed", topic=TICKETS, key="ticket_id"):
    """A ticket went a step on that has no event of its own."""

    ticket_id: UUID
    state: str
    by: UUID
