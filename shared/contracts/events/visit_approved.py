"""visit-approved: every approval step of this revision is done."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitApproved(Event, type="visit-approved", version=2, topic=VISITS, key="visit_id"):
    """Every approval step of this revision is done."""

    visit_id: UUID
    revision: int
    party_id: UUID
    address_id: str | None = None
    host_id: UUID
    requester_id: UUID | None = None
    arrival: AwareDatetime
    departure: AwareDatetime
    informed_ids: tuple[UUID, ...] = ()
    """Members of staff who file it, assist or prepare (AP-04, AP-07, VR-18)."""
