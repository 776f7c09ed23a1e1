"""case-closed: a case has been answered."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CASES


class CaseClosed(Event, type="case-closed", topic=CASES, key="case_id"):
    """A case has been answered."""

    case_id: UUID
    party_id: UUID
    closed_by: UUID
    closed_at: AwareDatetime
