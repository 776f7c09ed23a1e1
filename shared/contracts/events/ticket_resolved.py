"""ticket-resolved: the complaint is solved as far as we are concerned; a callback asks the party (CP-15)."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import TICKETS


class TicketResolved(Event, type="ticket-resolved", topic=TICKETS, key="ticket_id"):
    """The complaint is solved as far as we are concerned; a callback asks the party (CP-15)."""

    ticket_id: UUID
    number: str
    resolution_no: int
    """1 for the first resolution, one more after each reopening."""
    outcome: Literal["remedied", "explained", "simple", "not-agreed"]
    major: bool
    party_id: UUID
    address_id: str | None = None
    customer_class: str | None = None
    member: bool = False
    handled_by: UUID
    responsible_department_id: UUID | None = None
    accused_ids: tuple[UUID, ...] = ()
    """Members of staff who are complained about: none of them calls back or learns whom to call."""
    resolved_at: AwareDatetime
