"""message-sent: a provider has accepted a message; its text is never told."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import MESSAGES


class MessageSent(Event, type="message-sent", topic=MESSAGES, key="message_id"):
    """A provider has accepted a message; its text is never told."""

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
    sent_at: AwareDatetime
