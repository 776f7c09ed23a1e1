"""visit-progressed: a happening on the way: confirmed with the guest, set out, picked up, off the motorway, delayed."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import VISITS


class VisitProgressed(Event, type="visit-progressed", topic=VISITS, key="visit_id"):
    """A happening on the way: confirmed with the guest, set out, picked up, off the motorway, delayed."""

    visit_id: UUID
    revision: int
    happening: Literal["confirmed", "set-out", "picked-up", "off-the-motorway", "delayed"]
    party_id: UUID
    address_id: str | None = None
    host_id: UUID
    arrival: AwareDatetime
