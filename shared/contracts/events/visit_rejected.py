"""visit-rejected: an approver refused the visit for good."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitRejected(Event, type="visit-rejected", topic=VISITS, key="visit_id"):
    """An approver refused the visit for good."""

    visit_id: UUID
    revision: int
    party_id: UUID
    address_id: str | None = None
    asked_by_guest: bool
    host_id: UUID
    requester_id: UUID | None = None
    rejected_by: UUID
