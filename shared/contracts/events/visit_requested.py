"""visit-requested: somebody wants to come, or one of us wants somebody to come (VR-03)."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitRequested(Event, type="visit-requested", version=2, topic=VISITS, key="visit_id"):
    """Somebody wants to come, or one of us wants somebody to come (VR-03)."""

    visit_id: UUID
    revision: int
    kind: str
    party_id: UUID
    """The guest."""
    address_id: str | None = None
    asked_by_guest: bool
    requester_id: UUID | None = None
    host_id: UUID
    department_id: UUID
    arrival: AwareDatetime
    departure: AwareDatetime
    head_count: int
    judge_id: UUID | None = None
    """Who is to judge at what level the guest is received (VR-04); None where nobody has to."""
