"""visit-approval-requested: one approval step waits for one person's decision (AP-01)."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitApprovalRequested(Event, type="visit-approval-requested", topic=VISITS, key="visit_id"):
    """One approval step waits for one person's decision (AP-01)."""

    visit_id: UUID
    revision: int
    step: int
    approver_id: UUID
    acting_for: UUID | None = None
    """The absent approver whose substitute `approver_id` is."""
    host_id: UUID
    arrival: AwareDatetime
