"""visit-cancelled: a visit will not take place."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitCancelled(Event, type="visit-cancelled", version=2, topic=VISITS, key="visit_id"):
    """A visit will not take place."""

    visit_id: UUID
    revision: int
    party_id: UUID
    address_id: str | None = None
    host_id: UUID
    requester_id: UUID | None = None
    guest_was_told: bool
    """Whether the guest had been told of the visit, and so must be told that it is off."""
    arrival: AwareDatetime
    why: Literal["cancelled", "expired", "withdrawn"] = "cancelled"
    """`expired`: nobody decided in time; `withdrawn`: taken back before it was decided."""
