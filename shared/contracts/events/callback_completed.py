"""callback-completed: the party answered (CB-16)."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CALLBACKS


class CallbackCompleted(Event, type="callback-completed", topic=CALLBACKS, key="callback_id"):
    """The party answered (CB-16)."""

    callback_id: UUID
    rule: str
    subject_kind: Literal["ticket", "visit"]
    subject_id: UUID
    occasion: int
    party_id: UUID
    outcome: Literal["satisfied", "neutral", "dissatisfied"]
    contact_wanted: bool = False
    completed_at: AwareDatetime
