"""What goes over the API of surveys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from services.callbacks.callbacks.model import Outcome
from services.callbacks.surveys.model import Reading
from services.callbacks.surveys.store import AnswerChannel
from shared.web.schemas import Answer, Request


class CompleteRequest(Request):
    """What the party answered to a member of staff (CB-16)."""

    outcome: Outcome
    words: str | None = Field(default=None, max_length=20_000)
    """What the party said; needed where it was not satisfied."""
    contact_wanted: bool = False


class AnswerView(Answer):
    """One answer in the party's own words."""

    words: str
    reading: Reading
    counted: bool
    """Whether it changed the callback; what comes too late is only recorded."""
    late: bool
    channel: AnswerChannel
    by: UUID | None
    received_at: datetime


class AnswerList(Answer):
    """The answers to a callback, newest first."""

    items: tuple[AnswerView, ...]

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> AnswerList:
        """The view of stored answers."""
        fields = AnswerView.model_fields
        return cls(items=tuple(AnswerView.model_validate({name: row[name] for name in fields}) for row in rows))
