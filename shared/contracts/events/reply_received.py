"""reply-received: a party answered a question of ours."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.event import Event
from shared.contracts.topics import REPLIES


class ReplyReceived(Event, type="reply-received", topic=REPLIES, key="thread_id"):
    """A party answered a question of ours."""

    thread_id: UUID
    inbound_id: UUID
    """The inbound message: an answer told twice is one answer."""
    in_reply_to: UUID
    """Our message that asked."""
    subject_kind: str
    subject_id: UUID
    party_id: UUID
    address_id: str
    channel: Literal["sms", "email"]
    text: str = Field(max_length=20_000)
    late: bool = False
    """The question was no longer open, yet this is its answer."""
    received_at: AwareDatetime
