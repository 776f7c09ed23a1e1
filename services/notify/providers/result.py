"""What goes into a provider and what comes out of it; the rest of notify knows providers only by these values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

Channel = Literal["sms", "email"]

ReceiptState = Literal["delivered", "failed", "expired", "unknown"]


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to hand to a provider, rendered and final. Never logged: text and recipient are personal data."""

    message_id: UUID
    """Ours. Becomes `Message-ID` and ENVID of a mail, and the reference of an SMS."""
    sender: str
    """SMS: our number of the pool, E.164. E-mail: the reply address, `reply+token@domain`."""
    recipient: str
    text: str
    subject: str | None = None
    html: str | None = None
    in_reply_to: str | None = None
    """`Message-ID` of the mail that this one answers, with its angle brackets."""
    signature: str | None = None
    """SMS only: name put before the text as 【name】; it counts in the segments."""
    message_references: tuple[str, ...] = ()
    """Further `References` of an e-mail thread, oldest first."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider answered that it took the message."""

    provider_ids: tuple[str, ...]
    """The provider's own ids as it wrote them: one for a mail, one per segment for an SMS. Store
    `receipt_key` of each to match receipts; the message is delivered when every id is."""

    @property
    def provider_id(self) -> str:
        """The first id, for people to read."""
        return self.provider_ids[0]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Certainly not taken: connection or bind refused, throttled, an error answer. Sending again cannot double it."""

    code: str
    """Stable and free of personal data: `smtp-550-5.1.1`, `smpp-0x0000000b`, `connect-refused` …"""
    permanent: bool
    """True: sending the same again will fail the same way. False: worth another try later."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes left and no answer came: it may or may not have been taken (`in_doubt`)."""

    reason: str
    """Stable and free of personal data: `response-timeout`, `link-dropped`, `partly-accepted` …"""
    provider_ids: tuple[str, ...] = ()
    """Ids of the segments that were taken before the doubt began, so that their receipts still find the message."""


SendResult = Accepted | Rejected | Unknown


class Provider(Protocol):
    """A way out. Never raises for what the other side does; that is a `SendResult`."""

    @property
    def channel(self) -> Channel:
        """Which kind of message it carries."""
        ...

    async def send(self, message: Outbound) -> SendResult:
        """Hands one message over and waits for the answer, bounded by the provider's own timeouts."""
        ...

    async def close(self) -> None:
        """Says goodbye to the other side and frees the connection; what is in flight becomes `Unknown`."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider says became of a message. May come early, late, twice, on another connection."""

    provider_id: str
    """As the provider wrote it in the receipt; look its message up by `receipt_keys`."""
    state: ReceiptState
    code: str
    """The provider's error code, or empty."""
    at: datetime
    """When it happened by the provider's word, else when the receipt came; UTC."""
    recipient: str = ""
    """The phone that it is about, E.164, or empty where the provider does not say. Personal data."""


@dataclass(frozen=True, slots=True)
class InboundSms:
    """A text message that somebody sent to one of our numbers, put together from its parts."""

    sender: str
    recipient: str
    text: str
    provider_id: str | None
    """The provider's id where it gives one."""
    received_at: datetime


OnReceipt = Callable[[Receipt], Awaitable[None]]
"""Stores a receipt. When it raises, the provider is told to bring the receipt again."""

OnInbound = Callable[[InboundSms], Awaitable[None]]
"""Stores an inbound message. When it raises, the provider is told to bring it again."""


def receipt_key(provider_id: str) -> str:
    """The one spelling of a provider's id to store and index: no outer space, lower case, no leading zeros."""
    text = provider_id.strip().lower()
    return text.lstrip("0") or text[:1]


def receipt_keys(provider_id: str) -> tuple[str, ...]:
    """Every stored key that this id may mean, likeliest first: itself, then hex read as decimal and the reverse.

    Providers answer a submit in hex and write the receipt in decimal, or the other way round. Look up with
    `key = ANY(receipt_keys(…))` and take the first of this order that is there; it works from either side, for a
    receipt that seeks its message and for a message that seeks receipts that came early. A key but the first is a
    guess: take it only where the recipient agrees too.
    """
    own = receipt_key(provider_id)
    keys = [own]
    if 0 < len(own) <= 32 and set(own) <= set("0123456789abcdef"):
        if own.isdecimal():
            keys.append(format(int(own), "x"))
        keys.append(str(int(own, 16)))
    return tuple(dict.fromkeys(keys))
