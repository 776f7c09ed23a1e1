"""callback-given-up: the party could not be asked, or did not answer."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CALLBACKS


class CallbackGivenUp(Event, type="callback-given-up", topic=CALLBACKS, key="callback_id"):
    """The party could not be asked, or did not answer."""

    callback_id: UUID
    rule: str
    subject_kind: Literal["ticket", "visit"]
    subject_id: UUID
    occasion: int
    party_id: UUID
    reason: Literal["no-answer", "no-contact", "refused"]
    at: AwareDatetime
