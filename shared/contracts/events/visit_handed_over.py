"""visit-handed-over: somebody else receives the guest, because the host has left, is locked or will be absent."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitHandedOver(Event, type="visit-handed-over", topic=VISITS, key="visit_id"):
    """Somebody else receives the guest, because the host has left, is locked or will be absent."""

    visit_id: UUID
    revision: int
    party_id: UUID
    former_host_id: UUID
    host_id: UUID
    """Who receives the guest now."""
    why: Literal["left", "locked", "absent"]
    arrival: AwareDatetime
    departure: AwareDatetime
