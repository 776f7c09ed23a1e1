"""visit-approval-due: one approval step has waited so long that its approver is reminded (NT-03)."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitApprovalDue(Event, type="visit-approval-due", topic=VISITS, key="visit_id"):
    """One approval step has waited so long that its approver is reminded (NT-03)."""

    visit_id: UUID
    revision: int
    step: int
    approver_id: UUID
    host_id: UUID
    arrival: AwareDatetime
    due: AwareDatetime
    """When it fell due: the instant to measure lateness from."""
