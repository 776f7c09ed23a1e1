"""visitor-arrived: the visitor is here."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitorArrived(Event, type="visitor-arrived", version=2, topic=VISITS, key="visit_id"):
    """The visitor is here."""

    visit_id: UUID
    revision: int
    party_id: UUID
    host_id: UUID
    arrived_at: AwareDatetime
    host_knows: bool = False
    """The host recorded it, and need not be told."""
