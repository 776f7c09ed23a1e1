"""What the reactions on a batch of channel messages need, locked and read for all of them at once.

In this order, which every worker keeps: messages, addresses, parties, each by their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.intake.cases import commands as cases
from services.intake.cases import store as case_store
from services.intake.cases.model import Desk
from services.intake.channels import keys
from services.intake.channels.messages import Messages
from services.intake.channels.model import claim_of
from services.intake.channels.outside import usable
from services.intake.parties import commands as parties
from services.intake.parties import store as party_store
from services.intake.parties.known import Known
from services.intake.parties.model import Claim
from services.intake.settings import settings
from shared.contracts.envelope import Envelope
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork

_HEARING = "channels.hearing"
_NUMBERED = "channels.numbered"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as we understand it. An outside channel's name is its source's, whatever the event says."""

    event: ChannelMessageReceived
    channel: str
    outside: bool
    claim: Claim
    new_id: UUID
    """The id of its sender's party, should that be a new one."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A batch of messages, and whom and what they are about."""

    heard: dict[tuple[str, str], Heard]
    """By source and id of the event."""
    messages: Messages
    known: Known
    desk: Desk


async def hear(uow: UnitOfWork, events: Sequence[tuple[ChannelMessageReceived, Envelope]]) -> None:
    """Prepares `hearing_of` for messages; parties and cases are written before the unit of work ends."""
    secret = settings().address_secret.get_secret_value().encode()
    heard = {(envelope.source, envelope.id): _heard(uow, event, envelope, secret) for event, envelope in events}
    messages = await Messages.lock(uow, {one.event.message_id for one in heard.values()})
    open_ = [one for one in heard.values() if _awaits(messages, one)]
    known = await parties.meet(uow, [one.claim for one in open_], [one.new_id for one in open_])
    desk = await cases.prepare(uow, sum(one.event.purpose != "complaint" for one in open_))

    async def write() -> None:
        await party_store.write(uow, known)
        case_store.add(uow, desk.opened)

    uow.at_flush(write)
    uow.gathered[_HEARING] = Hearing(heard, messages, known, desk)


def hearing_of(uow: UnitOfWork) -> Hearing:
    """What `hear` prepared for this batch."""
    hearing: Hearing = uow.gathered[_HEARING]
    return hearing


async def look_up_numbered(uow: UnitOfWork, events: Sequence[tuple[ComplaintOpened, Envelope]]) -> None:
    """Prepares `numbered` for complaints that were opened."""
    uow.gathered[_NUMBERED] = await Messages.lock(uow, {e.message_id for e, _ in events if e.message_id is not None})


def numbered(uow: UnitOfWork) -> Messages:
    """The messages that the complaints of this batch come from."""
    messages: Messages = uow.gathered[_NUMBERED]
    return messages


def _heard(uow: UnitOfWork, event: ChannelMessageReceived, envelope: Envelope, secret: bytes) -> Heard:
    outside = envelope.source.startswith(keys.SOURCE)
    if outside:
        event = usable(event, uow.now)
    return Heard(
        event=event,
        channel=envelope.source.removeprefix(keys.SOURCE) if outside else event.channel,
        outside=outside,
        claim=claim_of(event, secret),
        new_id=Cause.of_event(envelope).id_of("party"),
    )


def _awaits(messages: Messages, heard: Heard) -> bool:
    message = messages.get(heard.event.message_id)
    return message is None or message.state == "received"
