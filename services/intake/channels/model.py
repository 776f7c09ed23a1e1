"""Channels, what comes in over them, and what it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.intake.parties.model import Address, Claim
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.kernel.ids import AddressKind
from shared.kernel.machine import Machine, Transition

MESSAGE = Machine(
    "channel-message",
    (
        Transition("received", "report", "report", event="complaint-reported"),
        Transition("received", "open-case", "case", event="case-opened"),
        Transition("report", "number", "report"),
    ),
)

MessageState = Literal["received", "case", "report"]

_PROVES = {"sms": ("phone",), "email": ("email",), "callback": ("phone", "email")}
"""Which address a medium proves, where the event says that it is proven."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A registered way in. `key_hash` is the newest key's, for builds that know of one only."""

    name: str
    key_hash: bytes = field(repr=False)
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelKey:
    """One key of a channel; `ends` None: good until something ends it."""

    key_hash: bytes = field(repr=False)
    channel: str
    created_at: datetime
    ends: datetime | None

    @property
    def short(self) -> str:
        """By which people name it: the first digits of its hash, which open nothing."""
        return self.key_hash.hex()[:8]


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """One message and what became of it."""

    id: UUID
    channel: str
    state: MessageState
    version: int
    party_id: UUID | None = None
    address_id: str | None = None
    case_id: UUID | None = None
    report_id: UUID | None = None
    ticket_id: UUID | None = None
    ticket_number: str | None = None


def claim_of(event: ChannelMessageReceived, secret: bytes) -> Claim:
    """Who the sender says to be. An inbound SMS proves its number, an e-mail its address where DKIM aligns."""
    proven = _PROVES.get(event.medium, ()) if event.address_verified else ()
    given: tuple[tuple[AddressKind, str | None], ...] = (("phone", event.sender.phone), ("email", event.sender.email))
    return Claim(
        name=event.sender.name,
        addresses=tuple(Address.of(secret, kind, value, verified=kind in proven) for kind, value in given if value),
        language=event.language,
        zone=event.zone,
    )


def answer_address(event: ChannelMessageReceived, claim: Claim) -> Address | None:
    """Where the sender wants the answer: as asked, else the way the message came, else by phone, else by e-mail."""
    wanted = event.reply_address or ("email" if event.medium == "email" else "phone")
    first = next(iter(claim.addresses), None)
    return next((one for one in claim.addresses if one.kind == wanted), first)
