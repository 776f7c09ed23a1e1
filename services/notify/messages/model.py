"""A message: one SMS or e-mail to one person, and the states it may go through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.notify.providers.result import Channel
from shared.kernel.ids import derived_id
from shared.kernel.machine import Machine, Transition

RecipientKind = Literal["party", "staff"]

PENDING = ("accepted", "scheduled", "held")
"""States in which a message can still be taken back."""

ENDS = frozenset(
    {
        "delivered",
        "sent_unconfirmed",
        "failed_permanent",
        "failed_technical",
        "expired",
        "suppressed",
        "cancelled",
        "superseded",
    }
)
"""States in which nothing more is done about a message."""

_WITHDRAWALS = tuple(
    Transition(source, command, target, event=event)
    for source in PENDING
    for command, target, event in (
        ("expire", "expired", "message-failed"),
        ("suppress", "suppressed", "message-failed"),
        ("cancel", "cancelled", None),
        ("supersede", "superseded", None),
    )
)

# An end changes only on stronger evidence: the network's word that the message has arrived beats our guess, and its
# word that it has not beats "unconfirmed".
_ARRIVED_AFTER_ALL = tuple(
    Transition(source, "deliver", "delivered", event="message-delivered")
    for source in ("sent_unconfirmed", "failed_permanent", "failed_technical", "expired", "cancelled", "superseded")
)

MESSAGE = Machine(
    "message",
    (
        Transition("accepted", "defer", "scheduled"),
        Transition("scheduled", "defer", "scheduled"),
        Transition("accepted", "begin", "sending"),
        Transition("scheduled", "begin", "sending"),
        Transition("accepted", "hold", "held", by="messages.hold"),
        Transition("scheduled", "hold", "held", by="messages.hold"),
        Transition("held", "release", "scheduled", by="messages.hold"),
        *_WITHDRAWALS,
        Transition("sending", "accept", "submitted", event="message-sent"),
        Transition("sending", "refuse", "failed_permanent", event="message-failed"),
        Transition("sending", "give_up", "failed_technical", event="message-failed"),
        Transition("sending", "retry", "scheduled"),
        Transition("sending", "doubt", "in_doubt"),
        # A receipt may overtake the answer to the call.
        Transition("sending", "deliver", "delivered", event="message-delivered"),
        Transition("sending", "undeliver", "failed_permanent", event="message-failed"),
        Transition("in_doubt", "begin", "sending", guard="repeatable"),
        Transition("in_doubt", "accept", "submitted", event="message-sent"),
        Transition("in_doubt", "deliver", "delivered", event="message-delivered"),
        Transition("in_doubt", "undeliver", "failed_permanent", event="message-failed"),
        Transition("in_doubt", "unconfirm", "sent_unconfirmed"),
        Transition("submitted", "deliver", "delivered", event="message-delivered"),
        Transition("submitted", "undeliver", "failed_permanent", event="message-failed"),
        Transition("submitted", "unconfirm", "sent_unconfirmed"),
        Transition("sent_unconfirmed", "undeliver", "failed_permanent", event="message-failed"),
        *_ARRIVED_AFTER_ALL,
    ),
)


@dataclass(frozen=True, slots=True)
class NoticeKey:
    """What makes a notice the same notice: told again, it is not told again."""

    rule: str
    subject_kind: str
    subject_id: UUID
    occasion: str
    """Revision, `resolution_no`, task or attempt; the event's id where there is none of these."""
    recipient_id: UUID
    channel: Channel

    @property
    def message_id(self) -> UUID:
        """The message's id: the same whenever the same notice is given again."""
        return derived_id(
            "message",
            self.rule,
            self.subject_kind,
            self.subject_id,
            self.occasion,
            self.recipient_id,
            self.channel,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the table `message`. Instants are aware, in UTC."""

    id: UUID
    rule: str
    """The notice rule: the message's purpose in events."""
    subject_kind: str
    subject_id: UUID
    occasion: str
    recipient_kind: RecipientKind
    recipient_id: UUID
    channel: Channel
    category: str
    template: str
    language: str
    zone: str
    """The recipient's zone: whose night counts."""
    address_id: str
    address: str | None
    """Number or e-mail address; None once erased."""
    subject_line: str | None
    text: str | None
    in_reply_to: str | None
    """`Message-ID` of the mail that this one answers."""
    sender: str | None
    """Our number or reply address, known from the first attempt on."""
    fallback: bool
    """Whether it stands in for a message over the other channel that failed."""
    asks_until: datetime | None
    """Until when an answer is awaited; None where nothing is asked."""
    thread_id: UUID | None
    state: str
    version: int
    waits_for: str | None
    """Why it is scheduled: `quiet-hours`, `cap`, `number`, `provider`."""
    withdraw_as: str | None
    """Taken back while a call was under way: the end it takes if that call surely took nothing."""
    reason: str | None
    attempts: int
    accepted_at: datetime
    caused_at: datetime
    """When what it tells of was asked for or fell due."""
    send_after: datetime | None
    expires_at: datetime
    """When it has become useless."""
    decide_at: datetime | None
    """When its doubt, or its wait for a receipt, is decided."""
    submitted_at: datetime | None
    ended_at: datetime | None
    correlation_id: str
    cause_id: str
    hops: int
    traceparent: str | None


def masked(address: str | None) -> str | None:
    """An address of which people see enough to know it again and too little to use it."""
    if address is None:
        return None
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:1]}***@{domain[:1]}***"
    return f"{address[:3]}****{address[-2:]}"
