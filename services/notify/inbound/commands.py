"""Taking in what people and machines send: an answer, a change of consent, a contact out of the blue, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.consent import commands as consent
from services.notify.inbound import store
from services.notify.inbound.model import Kind, consent_word, fingerprint, machine_kind, our_number, person_number
from services.notify.providers.result import Channel, InboundSms
from services.notify.receipts import commands as receipts
from services.notify.receiver.mail import InboundMail
from services.notify.settings import NotifySettings
from services.notify.threads import store as threads
from services.notify.threads.model import token_key
from services.notify.threads.store import Thread
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.contracts.events.reply_received import ReplyReceived
from shared.kernel.ids import AddressKind, address_id, derived_id
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork

_LONGEST_TEXT = 20_000
_LONGEST_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class _Incoming:
    """An inbound message of either channel, read."""

    channel: Channel
    provider_id: str
    address: str
    address_id: str
    our_address: str
    subject: str | None
    text: str
    mail_id: str | None
    verified: bool
    received_at: datetime

    @property
    def id(self) -> UUID:
        """The same whenever the same message comes again."""
        return derived_id("inbound", self.channel, self.provider_id)

    @property
    def address_kind(self) -> AddressKind:
        """What kind of address the sender has."""
        return "phone" if self.channel == "sms" else "email"


async def receive_sms(uow: UnitOfWork, sms: InboundSms, settings: NotifySettings) -> Kind | None:
    """Stores an SMS and does what it asks for; returns what it was, None where it was here before."""
    number = person_number(sms.sender, settings.default_country)
    ours = our_number(sms.recipient, settings.numbers)
    incoming = _Incoming(
        channel="sms",
        provider_id=sms.provider_id or fingerprint(sms.sender, ours, sms.text, sms.received_at),
        address=number or sms.sender,
        address_id=_address_id(settings, "phone", number or sms.sender),
        our_address=ours,
        subject=None,
        text=sms.text[:_LONGEST_TEXT],
        mail_id=None,
        # The network vouches for the number of who sends an SMS.
        verified=True,
        received_at=sms.received_at,
    )
    if number is None or not sms.text.strip():
        return await _record(uow, incoming, "unreadable")
    refusals = consent_word(sms.text)
    if refusals is not None:
        return await _change_consent(uow, incoming, refusals)
    late_since = uow.now - settings.late_answer_window
    return await _heard(uow, incoming, await threads.answering(uow, incoming.address_id, ours, late_since), settings)


async def receive_mail(uow: UnitOfWork, mail: InboundMail, settings: NotifySettings) -> Kind | None:
    """Stores a mail and does what it asks for; returns what it was, None where it was here before.

    What machines send is recorded, and reports are applied; nothing of it is answered or opens anything.
    """
    incoming = _Incoming(
        channel="email",
        provider_id=mail.message_id
        or fingerprint(mail.from_address, mail.to_address, mail.subject, mail.text, mail.received_at),
        address=mail.from_address,
        address_id=_address_id(settings, "email", mail.from_address),
        our_address=mail.to_address,
        subject=mail.subject[:_LONGEST_SUBJECT] or None,
        text=mail.text[:_LONGEST_TEXT],
        mail_id=mail.message_id,
        verified=mail.dkim_aligned,
        received_at=mail.received_at,
    )
    machine = machine_kind(mail, settings.mail_domain)
    if machine is not None:
        if mail.report is not None:
            await receipts.report(uow, mail.report, settings)
        return await _record(uow, incoming, machine)
    refusals = consent_word(mail.text) if mail.text.strip() else consent_word(mail.subject)
    if refusals is not None:
        return await _change_consent(uow, incoming, refusals)
    return await _heard(uow, incoming, await _mail_thread(uow, mail, incoming.address_id), settings)


async def _mail_thread(uow: UnitOfWork, mail: InboundMail, from_id: str) -> Thread | None:
    """The thread that a mail answers: by its token from wherever, by our Message-ID only from who was asked."""
    if mail.token is not None:
        thread = await threads.of_our_address(uow, token_key(mail.token))
        if thread is not None:
            return thread
    for message_id in mail.answered:
        thread = await threads.of_message(uow, message_id)
        if thread is not None and thread.address_id == from_id:
            return thread
    return None


async def _heard(uow: UnitOfWork, incoming: _Incoming, thread: Thread | None, settings: NotifySettings) -> Kind | None:
    """A person wrote: an answer to a thread, else a contact out of the blue."""
    if thread is not None and not await _answers(uow, thread, settings):
        thread = None
    if not incoming.text.strip() and thread is None and incoming.subject is None:
        return await _record(uow, incoming, "unreadable")
    kind = await _record(uow, incoming, "reply" if thread else "contact", thread)
    if kind is None:
        return None
    if thread is not None:
        uow.publish(
            ReplyReceived(
                thread_id=thread.id,
                inbound_id=incoming.id,
                in_reply_to=thread.message_id,
                subject_kind=thread.subject_kind,
                subject_id=thread.subject_id,
                party_id=thread.party_id,
                address_id=incoming.address_id,
                channel=incoming.channel,
                text=incoming.text,
                late=thread.closed_at is not None,
                received_at=incoming.received_at,
            ),
            about=[thread.party_id, incoming.address_id],
        )
        return kind
    by_phone = incoming.address_kind == "phone"
    uow.publish(
        ChannelMessageReceived(
            message_id=incoming.id,
            channel=incoming.channel,
            medium=incoming.channel,
            sender=Sender(phone=incoming.address) if by_phone else Sender(email=incoming.address),
            subject=incoming.subject,
            text=incoming.text,
            received_at=incoming.received_at,
            address_verified=incoming.verified,
            reply_address=incoming.address_kind,
        ),
        about=[incoming.address_id],
    )
    return kind


async def _answers(uow: UnitOfWork, thread: Thread, settings: NotifySettings) -> bool:
    """Whether an answer to this thread still counts: not too late, and not from somebody since erased."""
    if thread.closed_at is not None and thread.closed_at < uow.now - settings.late_answer_window:
        return False
    return not await copies.is_gone(uow, "parties", thread.party_id)


async def _change_consent(uow: UnitOfWork, incoming: _Incoming, refusals: frozenset[str]) -> Kind | None:
    """Changes what the address may be sent, and nothing else: it answers no question."""
    kind = await _record(uow, incoming, "opt-out" if refusals else "opt-in")
    if kind is not None:
        await consent.change(uow, incoming.address_id, refusals)
    return kind


async def _record(uow: UnitOfWork, incoming: _Incoming, kind: Kind, thread: Thread | None = None) -> Kind | None:
    fresh = await store.add(
        uow,
        incoming.id,
        channel=incoming.channel,
        provider_id=incoming.provider_id,
        kind=kind,
        address_id=incoming.address_id,
        address=incoming.address,
        our_address=incoming.our_address,
        text=incoming.text,
        mail_id=incoming.mail_id,
        thread_id=thread.id if thread else None,
        received_at=incoming.received_at,
    )
    return kind if fresh else None


def _address_id(settings: NotifySettings, kind: AddressKind, value: str) -> str:
    return address_id(settings.address_secret.get_secret_value().encode(), kind, value)
