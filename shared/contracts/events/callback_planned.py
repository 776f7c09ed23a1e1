"""callback-planned: the party will be contacted about something, by a rule (CB-01, CB-04)."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CALLBACKS


class CallbackPlanned(Event, type="callback-planned", topic=CALLBACKS, key="callback_id"):
    """The party will be contacted about something, by a rule (CB-01, CB-04)."""

    callback_id: UUID
    rule: str
    subject_kind: Literal["ticket", "visit"]
    subject_id: UUID
    occasion: int
    """The ticket's resolution_no or the visit's revision."""
    party_id: UUID
    mode: Literal["message", "phone", "home-visit"]
    due: AwareDatetime
    latest: AwareDatetime
    """The rule's deadline."""
