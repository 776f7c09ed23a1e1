"""visit-changed: a visit was returned for mending, or has a new revision (rescheduled, amended)."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitChanged(Event, type="visit-changed", version=2, topic=VISITS, key="visit_id"):
    """A visit was returned for mending, or has a new revision (rescheduled, amended)."""

    visit_id: UUID
    revision: int
    change: Literal["returned", "resubmitted", "rescheduled", "amended"]
    party_id: UUID
    address_id: str | None = None
    host_id: UUID
    requester_id: UUID | None = None
    arrival: AwareDatetime
    departure: AwareDatetime
    guest_was_told: bool = False
    """Whether the guest knows of the visit as approved, and so must hear of the change."""
    judge_id: UUID | None = None
    """Who is to judge its level again, of a reception that was handed in anew."""
