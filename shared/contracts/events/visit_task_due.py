"""visit-task-due: something about a visit must be done now, e.g. the guest reminded."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitTaskDue(Event, type="visit-task-due", topic=VISITS, key="visit_id"):
    """Something about a visit must be done now, e.g. the guest reminded."""

    visit_id: UUID
    revision: int
    task: Literal["remind-guest", "record-departure"]
    party_id: UUID
    address_id: str | None = None
    host_id: UUID
    arrival: AwareDatetime
    due: AwareDatetime
    """When it fell due: the instant to measure lateness from."""
