"""message-failed: a message will not arrive: refused, expired, suppressed."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import MESSAGES


class MessageFailed(Event, type="message-failed", topic=MESSAGES, key="message_id"):
    """A message will not arrive: refused, expired, suppressed."""

    message_id: UUID
    purpose: str
    """The notice rule, e.g. `complaint-acknowledged`."""
    channel: Literal["sms", "email"]
    cause_id: str
    """The event that asked for it."""
    subject_kind: str
    subject_id: UUID
    recipient_kind: Literal["party", "staff"]
    recipient_id: UUID
    address_id: str
    caused_at: AwareDatetime
    """When what it tells of was asked for or fell due: delivery is measured from here."""
    state: Literal["failed_permanent", "failed_technical", "expired", "suppressed"]
    reason: str
    """The provider's code or our own; never the text, never the address."""
    failed_at: AwareDatetime
