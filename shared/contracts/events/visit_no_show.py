"""visit-no-show: the guest did not come."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitNoShow(Event, type="visit-no-show", topic=VISITS, key="visit_id"):
    """The guest did not come."""

    visit_id: UUID
    revision: int
    party_id: UUID
    host_id: UUID
    requester_id: UUID | None = None
    arrival: AwareDatetime
    """When the guest was expected."""
    assumed: bool = False
    """Nobody recorded an arrival, nor that there was none."""
