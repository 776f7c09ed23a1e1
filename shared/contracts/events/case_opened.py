"""case-opened: an enquiry, request or suggestion that somebody must answer."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CASES


class CaseOpened(Event, type="case-opened", topic=CASES, key="case_id", version=2):
    """An enquiry, request or suggestion that somebody must answer."""

    case_id: UUID
    message_id: UUID
    """The channel message it came from."""
    number: str
    party_id: UUID
    address_id: str | None = None
    """Where the party wants the answer."""
    channel: str
    handler_id: UUID | None = None
    opened_at: AwareDatetime
    received_at: AwareDatetime | None = None
    """When the party wrote to us: how fast the acknowledgement came is measured from here."""
