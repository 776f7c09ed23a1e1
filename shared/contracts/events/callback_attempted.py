"""callback-attempted: the party was, or could not be, reached."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CALLBACKS


class CallbackAttempted(Event, type="callback-attempted", topic=CALLBACKS, key="callback_id"):
    """The party was, or could not be, reached."""

    callback_id: UUID
    subject_kind: Literal["ticket", "visit"]
    subject_id: UUID
    attempt: int
    result: Literal["asked", "unreached", "failed"]
    at: AwareDatetime
