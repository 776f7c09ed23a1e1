"""complaint-closed: nothing more will be done about this ticket."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class ComplaintClosed(Event, type="complaint-closed", topic=TICKETS, key="ticket_id"):
    """Nothing more will be done about this ticket."""

    ticket_id: UUID
    number: str
    resolution_no: int | None = None
    reason: Literal["satisfied", "neutral", "given-up", "no-contact", "explained", "not-agreed"]
    party_id: UUID
    closed_at: AwareDatetime
