"""What goes over the cases' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from services.intake.cases.model import Case
from shared.web.schemas import Answer


class CaseView(Answer):
    """An enquiry that somebody must answer."""

    case_id: UUID
    number: str
    message_id: UUID
    party_id: UUID
    channel: str
    state: str
    handler_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: UUID | None
    version: int

    @classmethod
    def of(cls, case: Case) -> Self:
        """The case as it is told."""
        return cls(
            case_id=case.id,
            number=case.number,
            message_id=case.message_id,
            party_id=case.party_id,
            channel=case.channel,
            state=case.state,
            handler_id=case.handler_id,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            closed_by=case.closed_by,
            version=case.version,
        )


class CaseList(Answer):
    """Cases, newest first."""

    items: tuple[CaseView, ...]
    next: UUID | None
    """Give it as `before` for the next page; null on the last."""
