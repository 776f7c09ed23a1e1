"""channel-message-received: somebody told us something over some channel; intake decides what it becomes (IN-01)."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.event import Event, Value
from shared.contracts.topics import CHANNEL_MESSAGES


class Sender(Value):
    """Who wrote, as the channel knows it."""

    name: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=20)
    """E.164."""
    email: str | None = Field(default=None, max_length=254)


class ChannelMessageReceived(Event, type="channel-message-received", topic=CHANNEL_MESSAGES, key="message_id"):
    """Somebody told us something over some channel; intake decides what it becomes (IN-01)."""

    message_id: UUID
    channel: str = Field(max_length=64)
    """The registered channel's name, e.g. `web-form`; `sms` and `email` for what came out of the blue."""
    medium: Literal["http", "kafka", "sms", "email", "callback"]
    purpose: Literal["complaint", "enquiry", "unknown"] = "unknown"
    sender: Sender
    subject: str | None = Field(default=None, max_length=300)
    text: str = Field(max_length=20_000)
    language: str | None = Field(default=None, max_length=16)
    """BCP 47, e.g. `zh-CN`."""
    zone: str | None = Field(default=None, max_length=64)
    """IANA time zone of the sender, e.g. `Asia/Shanghai`."""
    received_at: AwareDatetime
    address_verified: bool = False
    """An inbound SMS verifies its address, an e-mail only with aligned DKIM."""
    reply_address: Literal["phone", "email"] | None = None
    """Over which address the sender asked to be answered; none given: the way the message came."""
