"""complaint-assigned: a handler and a responsible department have the ticket."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class ComplaintAssigned(Event, type="complaint-assigned", topic=TICKETS, key="ticket_id"):
    """A handler and a responsible department have the ticket."""

    ticket_id: UUID
    number: str
    handler_id: UUID
    department_id: UUID
    assigned_by: UUID | None = None
