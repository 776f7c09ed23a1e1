"""A dissatisfied answer about anything but a ticket comes in again as a complaint, in the party's own words (CB-20)."""

from __future__ import annotations

from services.callbacks.callbacks.model import Callback
from services.callbacks.surveys.store import AnswerChannel
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.contracts.events.party_changed import PartyChanged
from shared.store.unit_of_work import UnitOfWork

CHANNEL = "callback"


def publish_complaint(
    uow: UnitOfWork,
    callback: Callback,
    party: PartyChanged,
    words: str,
    *,
    address_id: str | None,
    channel: AnswerChannel,
) -> None:
    """Publishes `words` as a complaint of `party`. A ticket reopens by itself, so that one never causes another."""
    if callback.subject_kind == "ticket":
        return
    told = [address for address in party.addresses if address.address_id == address_id] or list(party.addresses)
    phone = next((address for address in told if address.kind == "phone"), None)
    email = next((address for address in told if address.kind == "email"), None)
    way = phone or email
    uow.publish(
        ChannelMessageReceived(
            message_id=uow.new_id("message"),
            channel=CHANNEL,
            medium="callback",
            purpose="complaint",
            sender=Sender(
                name=party.name,
                phone=phone.value if phone else None,
                email=email.value if email else None,
            ),
            text=words,
            language=party.language,
            zone=party.zone,
            received_at=uow.now,
            # An SMS proves its sender's number; an e-mail's sender is as sure as we were of it before.
            address_verified=way is not None and (channel == "sms" or way.verified),
            reply_address=way.kind if way else None,
        ),
        about=[party.party_id, *(address.address_id for address in told)],
    )
