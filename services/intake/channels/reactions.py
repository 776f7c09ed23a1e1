"""What a channel message becomes: a report for complaints, or a case of ours; the same way for every channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from services.intake.cases import commands as cases
from services.intake.channels.hearing import hear, hearing_of, look_up_numbered, numbered
from services.intake.channels.messages import check_channel
from services.intake.channels.model import MESSAGE, MessageState, answer_address
from services.intake.channels.store import message_row
from services.intake.parties import commands as parties
from shared.contracts.envelope import Envelope
from shared.contracts.events.case_opened import CaseOpened
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel.errors import Superseded
from shared.kernel.ids import derived_id
from shared.messaging.reactions import Reaction, party, staff
from shared.store.unit_of_work import UnitOfWork


async def on_channel_message_received(uow: UnitOfWork, _event: ChannelMessageReceived, envelope: Envelope) -> None:
    """Finds out who it is from, then reports the complaint or opens a case (IN-01, CH-04).

    Raises Superseded where the message has been decided before, Refused where another channel's message has this id.
    """
    hearing = hearing_of(uow)
    heard = hearing.heard[envelope.source, envelope.id]
    event, claim = heard.event, heard.claim
    message = hearing.messages.get(event.message_id)
    if message is None:
        original = uow.incoming.value if heard.outside and uow.incoming else None
        message = hearing.messages.make(message_row(event, heard.channel, original))
    check_channel(message, heard.channel)
    if message.state != "received":
        raise Superseded("message-decided")

    sender = parties.recognise(uow, hearing.known, claim, heard.new_id)
    answer = answer_address(event, claim)
    address_id = answer.address_id if answer else None
    report_id = case_id = None
    if event.purpose == "complaint":
        row, report_id = MESSAGE.step(message.state, "report"), derived_id("report", event.message_id)
        uow.publish(
            ComplaintReported(
                report_id=report_id,
                message_id=event.message_id,
                channel=heard.channel,
                medium=event.medium,
                party_id=sender.id,
                address_id=address_id,
                subject=event.subject,
                text=event.text,
                customer_class=sender.customer_class,
                member=sender.member,
                phone_present=event.sender.phone is not None,
                reported_at=event.received_at,
            ),
            about=sender.about,
        )
    else:
        row = MESSAGE.step(message.state, "open-case")
        case_id = cases.open_case(
            uow,
            hearing.desk,
            message_id=event.message_id,
            party_id=sender.id,
            address_id=address_id,
            channel=heard.channel,
            received_at=event.received_at,
        )
    hearing.messages.decide(
        replace(
            message,
            state=cast(MessageState, row.target),
            party_id=sender.id,
            address_id=address_id,
            report_id=report_id,
            case_id=case_id,
            version=message.version + 1,
        )
    )


async def on_complaint_opened(uow: UnitOfWork, event: ComplaintOpened, _envelope: Envelope) -> None:
    """The complaint has a number now, which its channel may know."""
    messages = numbered(uow)
    message = None if event.message_id is None else messages.get(event.message_id)
    if message is None:
        return
    if message.ticket_id is not None:
        raise Superseded("ticket-number-known")
    state = cast(MessageState, MESSAGE.step(message.state, "number").target)
    messages.decide(
        replace(
            message,
            state=state,
            ticket_id=event.ticket_id,
            ticket_number=event.number,
            version=message.version + 1,
        )
    )


REACTIONS = (
    Reaction(
        ChannelMessageReceived,
        on_channel_message_received,
        publishes=frozenset({PartyChanged, ComplaintReported, CaseOpened}),
        # As long as the topic keeps it: nobody's complaint is dropped because we were away for a weekend.
        stale_after=timedelta(days=7),
        bound="a message becomes one report or one case, and neither becomes a message",
        gather=hear,
    ),
    Reaction(
        ComplaintOpened,
        on_complaint_opened,
        needs=lambda e: (*party(e.party_id), *staff(e.handler_id)),
        gather=look_up_numbered,
    ),
)
