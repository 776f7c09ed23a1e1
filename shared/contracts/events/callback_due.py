"""callback-due: the time to contact the party has come; by message, notify asks the question."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CALLBACKS


class CallbackDue(Event, type="callback-due", topic=CALLBACKS, key="callback_id"):
    """The time to contact the party has come; by message, notify asks the question."""

    callback_id: UUID
    rule: str
    subject_kind: Literal["ticket", "visit"]
    subject_id: UUID
    subject_number: str | None = None
    """What the party knows the subject by, e.g. the ticket number."""
    occasion: int
    attempt: int
    party_id: UUID
    address_id: str | None = None
    mode: Literal["message", "phone", "home-visit"]
    due: AwareDatetime
    answer_until: AwareDatetime
