"""visit-approval-decided: an approver decided about exactly one revision."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitApprovalDecided(Event, type="visit-approval-decided", topic=VISITS, key="visit_id"):
    """An approver decided about exactly one revision."""

    visit_id: UUID
    revision: int
    step: int
    decision: Literal["approved", "returned", "rejected"]
    decided_by: UUID
    acting_for: UUID | None = None
