"""visit-departed: the visitor has left; the callback waits for the arrival home (VR-23, CB-01)."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitDeparted(Event, type="visit-departed", version=2, topic=VISITS, key="visit_id"):
    """The visitor has left; the callback waits for the arrival home (VR-23, CB-01)."""

    visit_id: UUID
    revision: int
    party_id: UUID
    address_id: str | None = None
    host_id: UUID
    department_id: UUID
    departed_at: AwareDatetime
    home_arrival: AwareDatetime
    """Estimated; our default is four hours after departure."""
    ask_guest: bool = True
    """Whether anybody asks afterwards how it was."""
