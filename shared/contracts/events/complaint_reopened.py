"""complaint-reopened: the party was not satisfied with the resolution (CP-18)."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class ComplaintReopened(Event, type="complaint-reopened", topic=TICKETS, key="ticket_id"):
    """The party was not satisfied with the resolution (CP-18)."""

    ticket_id: UUID
    number: str
    resolution_no: int
    """The resolution that did not satisfy."""
    times_reopened: int
    party_id: UUID
    handler_id: UUID | None = None
    supervisor_id: UUID | None = None
    department_head_id: UUID | None = None
    quality_ids: tuple[UUID, ...] = ()
    """Who decides from the second reopening on, with the department's head."""
    reopened_at: AwareDatetime
