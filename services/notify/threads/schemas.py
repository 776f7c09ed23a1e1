"""What is shown of threads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.web.schemas import Answer


class ThreadView(Answer):
    """An open or closed question. Who was asked is told by id only."""

    id: UUID
    message_id: UUID
    channel: str
    subject_kind: str
    subject_id: UUID
    party_id: UUID
    opened_at: datetime
    until: datetime
    closed_at: datetime | None


class ThreadList(Answer):
    """Threads, newest first."""

    items: tuple[ThreadView, ...]
