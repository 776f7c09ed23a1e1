"""What a channel message becomes: a report for complaints, or a case of ours; the same way for every channel."""

from __future__ import annotations

from datetime import timedelta

from services.intake.cases import commands as cases
from services.intake.channels import keys, store
from services.intake.channels.model import MESSAGE, answer_address, claim_of
from services.intake.channels.outside import usable
from services.intake.parties import commands as parties
from services.intake.settings import settings
from shared.contracts.envelope import Envelope
from shared.contracts.events.case_opened import CaseOpened
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel.errors import Refused, Superseded
from shared.kernel.ids import derived_id
from shared.messaging.reactions import Reaction, party, staff
from shared.store.unit_of_work import UnitOfWork


async def on_channel_message_received(uow: UnitOfWork, event: ChannelMessageReceived, envelope: Envelope) -> None:
    """Finds out who it is from, then reports the complaint or opens a case (IN-01, CH-04).

    An outside channel's name is its source's, whatever the event says. Raises Superseded where the message has been
    decided before, Refused where another channel's message has this id.
    """
    outside = envelope.source.startswith(keys.SOURCE)
    channel = envelope.source.removeprefix(keys.SOURCE) if outside else event.channel
    original = uow.incoming.value if outside and uow.incoming else None
    if outside:
        event = usable(event, uow.now)
    message = await store.receive(uow, event, channel, original)
    if message.channel != channel:
        raise Refused("message-id-taken", field="message_id", expected="an id that no other channel has used")
    if message.state != "received":
        raise Superseded("message-decided")

    claim = claim_of(event, settings().address_secret.get_secret_value().encode())
    sender = await parties.identify(uow, claim)
    answer = answer_address(event, claim)
    address_id = answer.address_id if answer else None
    if event.purpose == "complaint":
        report_id = derived_id("report", event.message_id)
        uow.publish(
            ComplaintReported(
                report_id=report_id,
                message_id=event.message_id,
                channel=channel,
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
        row, became = MESSAGE.step(message.state, "report"), {"report_id": report_id}
    else:
        case_id = await cases.open_case(
            uow,
            message_id=event.message_id,
            party_id=sender.id,
            address_id=address_id,
            channel=channel,
            received_at=event.received_at,
        )
        row, became = MESSAGE.step(message.state, "open-case"), {"case_id": case_id}
    await store.decide(uow, message, state=row.target, party_id=sender.id, address_id=address_id, **became)


async def on_complaint_opened(uow: UnitOfWork, event: ComplaintOpened, _envelope: Envelope) -> None:
    """The complaint has a number now, which its channel may know."""
    message = None if event.message_id is None else await store.get(uow, event.message_id, lock=True)
    if message is None:
        return
    if message.ticket_id is not None:
        raise Superseded("ticket-number-known")
    row = MESSAGE.step(message.state, "number")
    await store.decide(uow, message, state=row.target, ticket_id=event.ticket_id, ticket_number=event.number)


REACTIONS = (
    Reaction(
        ChannelMessageReceived,
        on_channel_message_received,
        publishes=frozenset({PartyChanged, ComplaintReported, CaseOpened}),
        # As long as the topic keeps it: nobody's complaint is dropped because we were away for a weekend.
        stale_after=timedelta(days=7),
        bound="a message becomes one report or one case, and neither becomes a message",
    ),
    Reaction(ComplaintOpened, on_complaint_opened, needs=lambda e: (*party(e.party_id), *staff(e.handler_id))),
)
