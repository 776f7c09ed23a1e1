"""Giving a notice: from a rule and an event to messages, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.notify.inbound import store as inbound
from services.notify.messages import commands as messages
from services.notify.messages import store
from services.notify.messages.model import Message, NoticeKey
from services.notify.notices import audiences, recipients
from services.notify.notices.model import (
    AppointmentLink,
    Field,
    Instant,
    PartyName,
    Rule,
    StaffName,
    instant,
    subject_id,
)
from services.notify.notices.recipients import Recipient
from services.notify.notices.rules import rules_on
from services.notify.policy import model as policy
from services.notify.providers.result import Channel
from services.notify.settings import NotifySettings
from services.notify.templates.catalogue import templates
from services.notify.templates.rendering import render
from shared.contracts.envelope import Envelope
from shared.messaging import copies
from shared.messaging.reactions import Need
from shared.security import directory
from shared.security.guest_pass import APPOINTMENT
from shared.store.creation_context import current_traceparent
from shared.store.unit_of_work import UnitOfWork


async def gather(uow: UnitOfWork, events: Sequence[tuple[Any, Envelope]]) -> None:
    """Looks up at once whom the notices of these events address and name, and the mails that they answer."""
    named: set[Need] = set()
    answered: set[UUID] = set()
    for event, _ in events:
        rules = rules_on(type(event))
        named.update(audiences.needs(rules, event))
        answered.update(getattr(event, rule.answers) for rule in rules if rule.answers and rule.when(event))
    await copies.gather(uow, named)
    await inbound.gather_mail_ids(uow, answered)


async def give(uow: UnitOfWork, rule: Rule, event: Any, envelope: Envelope, settings: NotifySettings) -> None:
    """Tells everybody whom `rule` names what `event` says, as far as they have not been told."""
    if not rule.when(event):
        return
    channels = templates()[rule.template].channels
    told: dict[UUID, Recipient | None] = {}
    party_id = audiences.party_id(rule, event)
    if party_id is not None:
        wanted = getattr(event, "address_id", None)
        told[party_id] = await recipients.of_party(uow, party_id, wanted=wanted, channels=channels)
    for staff_id in audiences.staff_ids(rule, event):
        secret = settings.address_secret.get_secret_value().encode()
        found = await recipients.of_staff(uow, staff_id, secret=secret)
        told[found.id if found else staff_id] = found
    for person_id, recipient in told.items():
        if recipient is None:
            uow.audit(
                "system", "notice.nobody-to-tell", rule.subject[0], subject_id(event, rule.subject), rule=rule.name
            )
        else:
            assert recipient.id == person_id
            await _write(uow, rule, event, envelope, recipient, settings)


async def fall_back(uow: UnitOfWork, failed: Message, settings: NotifySettings) -> None:
    """A message failed: says the same over the other channel where the category allows it and there is an address."""
    if failed.fallback or failed.recipient_kind != "party" or not policy.falls_back(failed.category):
        return
    other: Channel = "email" if failed.channel == "sms" else "sms"
    template = templates()[failed.template]
    recipient = await recipients.of_party(uow, failed.recipient_id, wanted=None, channels=template.channels, over=other)
    if recipient is None or recipient.address is None or failed.text is None or failed.expires_at <= uow.now:
        return
    key = NoticeKey(failed.rule, failed.subject_kind, failed.subject_id, failed.occasion, failed.recipient_id, other)
    values = {name: getattr(failed, name) for name in _CARRIED_OVER}
    stand_in = {
        **values,
        **_fresh(uow),
        "id": key.message_id,
        "channel": other,
        "address_id": recipient.address_id,
        "address": recipient.address,
        # The words of the failed message: what they said is still so, and the event is not at hand any more.
        "subject_line": failed.subject_line or settings.company,
        "fallback": True,
    }
    await store.add(uow, [stand_in])


_CARRIED_OVER = (
    "rule",
    "subject_kind",
    "subject_id",
    "occasion",
    "recipient_kind",
    "recipient_id",
    "category",
    "template",
    "language",
    "zone",
    "text",
    "in_reply_to",
    "asks_until",
    "caused_at",
    "expires_at",
    "correlation_id",
    "cause_id",
    "hops",
    "traceparent",
)


async def _write(
    uow: UnitOfWork, rule: Rule, event: Any, envelope: Envelope, recipient: Recipient, settings: NotifySettings
) -> None:
    caused_at = (rule.caused_at and getattr(event, rule.caused_at)) or envelope.time
    rendered = render(
        templates()[rule.template],
        recipient.channel,
        language=recipient.language,
        zone=recipient.zone,
        recipient=recipient.name,
        company=settings.company,
        values=await _values(uow, rule, event, settings),
    )
    occasion = str(getattr(event, rule.occasion)) if rule.occasion else envelope.id
    key = NoticeKey(
        rule.name, rule.subject[0], subject_id(event, rule.subject), occasion, recipient.id, recipient.channel
    )
    answered = getattr(event, rule.answers) if rule.answers else None
    row = {
        "id": key.message_id,
        "rule": rule.name,
        "subject_kind": key.subject_kind,
        "subject_id": key.subject_id,
        "occasion": occasion,
        "recipient_kind": recipient.kind,
        "recipient_id": recipient.id,
        "channel": recipient.channel,
        "category": policy.category_now(rule.category, caused_at, uow.now),
        "template": rule.template,
        "language": recipient.language,
        "zone": recipient.zone,
        "address_id": recipient.address_id,
        "address": recipient.address,
        "subject_line": rendered.subject,
        "text": rendered.text,
        "in_reply_to": await inbound.mail_id(uow, answered) if answered else None,
        "fallback": False,
        "asks_until": instant(event, rule.asks_until) if rule.asks_until else None,
        "caused_at": caused_at,
        "expires_at": _expires_at(uow.now, rule, event, settings),
        "correlation_id": uow.cause.correlation_id,
        "cause_id": envelope.id,
        "hops": uow.cause.hops,
        "traceparent": current_traceparent(),
        **_fresh(uow),
    }
    if recipient.address is not None:
        store.queue(uow, row)
    elif await store.add(uow, [row]):
        await _unreachable(uow, rule, key.message_id)


async def _unreachable(uow: UnitOfWork, rule: Rule, message_id: UUID) -> None:
    """There is no way to this person: the message ends at once, and says so where its subject's owner must know."""
    message = await store.get(uow, message_id, lock=True)
    assert message is not None
    if rule.must_reach:
        await messages.step(uow, message, "suppress", reason="no-address")
    else:
        await messages.step(uow, message, "cancel", reason="no-address")


def _fresh(uow: UnitOfWork) -> dict[str, Any]:
    return {"state": "accepted", "version": 1, "attempts": 0, "accepted_at": uow.now, "send_after": uow.now}


def _expires_at(now: datetime, rule: Rule, event: Any, settings: NotifySettings) -> datetime:
    if rule.useless_from is not None:
        return instant(event, rule.useless_from)
    useful = policy.useful_for(rule.category)
    return now + (settings.service_useful if useful is None else useful)


async def _values(uow: UnitOfWork, rule: Rule, event: Any, settings: NotifySettings) -> dict[str, str | datetime]:
    values: dict[str, str | datetime] = {}
    for placeholder, value in rule.values.items():
        match value:
            case Field(name):
                taken = getattr(event, name)
                values[placeholder] = "" if taken is None else str(taken)
            case Instant(name, at):
                values[placeholder] = await _at_place(uow, instant(event, name), event, at)
            case StaffName(name):
                member = await directory.member(uow, getattr(event, name))
                values[placeholder] = member.name if member else "—"
            case PartyName():
                body = await copies.get(uow, "parties", event.party_id)
                values[placeholder] = (body or {}).get("name") or "—"
            case AppointmentLink(name):
                secret = settings.address_secret.get_secret_value().encode()
                path = APPOINTMENT.link(secret, getattr(event, name))
                values[placeholder] = settings.public_url.rstrip("/") + path
    return values


async def _at_place(uow: UnitOfWork, moment: datetime, event: Any, at: str | None) -> datetime:
    """The instant, in the zone of the member of staff named by the field `at` where one is."""
    member = await directory.member(uow, getattr(event, at)) if at else None
    return moment.astimezone(ZoneInfo(member.zone)) if member else moment
