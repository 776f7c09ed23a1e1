"""Replies to our questions."""

from __future__ import annotations

from services.callbacks.settings import settings
from services.callbacks.surveys import commands
from services.callbacks.surveys.commands import Reply
from shared.contracts.envelope import Envelope
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.contracts.events.reply_received import ReplyReceived
from shared.messaging.reactions import Reaction, party
from shared.store.unit_of_work import UnitOfWork


async def on_reply_received(uow: UnitOfWork, event: ReplyReceived, _envelope: Envelope) -> None:
    """A party answered; only callbacks ask questions whose answers are ours."""
    if event.subject_kind != "callback":
        return
    reply = Reply(
        inbound_id=event.inbound_id,
        party_id=event.party_id,
        address_id=event.address_id,
        channel=event.channel,
        text=event.text,
        late=event.late,
        received_at=event.received_at,
    )
    await commands.receive(uow, event.subject_id, reply, reopen_window=settings().reopen_window)


REACTIONS = (
    Reaction(
        ReplyReceived,
        on_reply_received,
        publishes=frozenset({CallbackCompleted, ChannelMessageReceived}),
        needs=lambda event: party(event.party_id),
        bound="only a person writes a reply; a visit's answer becomes a complaint once, a ticket's never",
    ),
)
