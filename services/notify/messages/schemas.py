"""What is shown of messages: never the text or a whole address, except to who may read texts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.messages.model import Message, masked
from shared.web.schemas import Answer


class MessageView(Answer):
    """A message in a list. The address is masked."""

    id: UUID
    purpose: str
    subject_kind: str
    subject_id: UUID
    recipient_kind: str
    recipient_id: UUID
    channel: str
    category: str
    address: str | None
    state: str
    reason: str | None
    waits_for: str | None
    """Why it has not gone out yet: `quiet-hours`, `cap`, `number`, `provider`."""
    attempts: int
    accepted_at: datetime
    caused_at: datetime
    send_after: datetime | None
    expires_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, message: Message) -> MessageView:
        """The view of a message."""
        own = {name: getattr(message, name) for name in cls.model_fields if name not in ("purpose", "address")}
        return cls(**own, purpose=message.rule, address=masked(message.address))


class AttemptView(Answer):
    """A call of a provider."""

    number: int
    started_at: datetime
    repeat: bool
    """Whether it was made again after a doubt."""
    finished_at: datetime | None
    result: str | None
    code: str | None


class MessageDetail(MessageView):
    """One message with its attempts; `text` only for who may read texts, which is recorded."""

    language: str
    asks_until: datetime | None
    thread_id: UUID | None
    correlation_id: str
    tries: tuple[AttemptView, ...]
    subject_line: str | None = None
    text: str | None = None

    @classmethod
    def with_attempts(cls, message: Message, attempts: list[dict[str, Any]], *, with_text: bool) -> MessageDetail:
        """The view of a message and its attempts."""
        shown = MessageView.of(message).model_dump()
        tries = tuple(AttemptView(**{name: row[name] for name in AttemptView.model_fields}) for row in attempts)
        return cls(
            **shown,
            language=message.language,
            asks_until=message.asks_until,
            thread_id=message.thread_id,
            correlation_id=message.correlation_id,
            tries=tries,
            subject_line=message.subject_line if with_text else None,
            text=message.text if with_text else None,
        )


class MessagePage(Answer):
    """Messages, newest first."""

    items: tuple[MessageView, ...]
    next: datetime | None
    """`before` of the next page; None on the last."""
