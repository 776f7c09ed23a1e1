"""visit-closed: nothing about this visit is left to do; the requester hears of it (VR-26)."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitClosed(Event, type="visit-closed", topic=VISITS, key="visit_id"):
    """Nothing about this visit is left to do; the requester hears of it (VR-26)."""

    visit_id: UUID
    revision: int
    party_id: UUID
    host_id: UUID
    requester_id: UUID | None = None
    callback_outcome: str | None = None
    closed_at: AwareDatetime
