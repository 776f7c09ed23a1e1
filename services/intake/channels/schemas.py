"""What goes over the channels' routes."""

from __future__ import annotations

from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake.channels.model import ChannelMessage
from shared.web.fields import Email, Instant, LanguageTag, Phone, Zone
from shared.web.schemas import Answer, Request


class SenderRequest(Request):
    """Who wrote, as far as the channel knows; nobody at all is an anonymous message."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    phone: Phone | None = None
    email: Email | None = None


class ChannelMessageRequest(Request):
    """Something that somebody told us over a channel."""

    purpose: Literal["complaint", "enquiry"]
    sender: SenderRequest
    text: str = Field(min_length=1, max_length=20_000)
    subject: str | None = Field(default=None, min_length=1, max_length=300)
    language: LanguageTag | None = None
    """In which language the sender wants to be answered, e.g. `zh-CN`."""
    zone: Zone | None = None
    """The sender's time zone, e.g. `Asia/Shanghai`: decides about quiet hours."""
    occurred_at: Instant | None = None
    """When the channel got it, if it comes here later; now, if not given."""
    reply_address: Literal["phone", "email"] | None = None
    """Over which of the sender's addresses the sender wants the answer."""

    @model_validator(mode="after")
    def _has_reply_address(self) -> Self:
        if self.reply_address is not None and getattr(self.sender, self.reply_address) is None:
            raise PydanticCustomError("reply_address", "the sender has no such address")
        return self


class ReceivedAnswer(Answer):
    """The message is stored and will be dealt with; ask for it under this id."""

    id: UUID


class ChannelMessageView(Answer):
    """What became of a message."""

    id: UUID
    state: Literal["received", "case", "report"]
    """`received`: stored; `case`: an enquiry that somebody answers; `report`: a complaint."""
    ticket_number: str | None = None
    """The complaint's number, as soon as there is one."""

    @classmethod
    def of(cls, message: ChannelMessage) -> Self:
        """The message as its channel may see it."""
        return cls(id=message.id, state=message.state, ticket_number=message.ticket_number)
