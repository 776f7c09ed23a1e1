"""Which messages go out now: claimed, checked, and each with its attempt written down before any call is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.notify.attempts import commands as attempts
from services.notify.consent import store as consent
from services.notify.messages import commands as messages
from services.notify.messages import store
from services.notify.messages.model import Message
from services.notify.notices.rules import by_name
from services.notify.outcomes.commands import settle
from services.notify.policy import model as policy
from services.notify.policy.model import Facts, decide
from services.notify.providers.result import Channel, Outbound
from services.notify.settings import NotifySettings
from services.notify.threads import commands as threads
from shared.kernel.categories import QuietPeriod
from shared.messaging import copies
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is to be made: its attempt is in the database."""

    attempt_id: int
    outbound: Outbound
    channel: Channel
    cause: Cause
    traceparent: str | None


async def claim_due(
    uow: UnitOfWork, channel: Channel, limit: int, sender_id: UUID, settings: NotifySettings
) -> list[Call]:
    """Claims up to `limit` messages that are due; those that may not go out now are deferred or end."""
    calls = []
    for message in await store.claim_due(uow, channel, limit):
        uow.cause = messages.cause_of(message)
        call = await _check(uow, message, sender_id, settings)
        if call is not None:
            calls.append(call)
    return calls


async def decide_overdue(uow: UnitOfWork, limit: int, sender_id: UUID, settings: NotifySettings) -> list[Call]:
    """Doubts and waits for receipts whose time is over: a repeat where the category allows one, else unconfirmed."""
    calls = []
    for message in await store.claim_undecided(uow, limit):
        uow.cause = messages.cause_of(message)
        if message.state == "in_doubt" and await attempts.may_repeat(uow, message):
            calls.append(
                await _begin(uow, message, message.sender, message.thread_id, sender_id, settings, repeat=True)
            )
        else:
            await settle(uow, message, "unconfirm", settings, reason=message.reason)
    return calls


async def _check(uow: UnitOfWork, message: Message, sender_id: UUID, settings: NotifySettings) -> Call | None:
    verdict = decide(
        message,
        await _facts(uow, message),
        uow.now,
        quiet=QuietPeriod(settings.quiet_from, settings.quiet_until),
        cap=settings.sms_cap_a_day,
        most_acknowledgements=settings.acknowledgements_an_hour,
    )
    if verdict.what != "go":
        if verdict.what == "defer":
            await messages.step(uow, message, "defer", waits_for=verdict.reason, send_after=verdict.until)
        else:
            await settle(uow, message, verdict.what, settings, reason=verdict.reason)
        return None
    sender, thread_id = _plain_sender(message, settings), message.thread_id
    if message.asks_until is not None:
        opened = await threads.open_for(
            uow,
            message,
            numbers=settings.numbers,
            secret=settings.secret.get_secret_value().encode(),
            domain=settings.mail_domain,
        )
        if opened is None:
            again = uow.now + settings.no_number_retry
            await messages.step(uow, message, "defer", waits_for="number", send_after=again)
            return None
        thread_id, sender = opened[0].id, opened[1]
    return await _begin(uow, message, sender, thread_id, sender_id, settings, repeat=False)


async def _facts(uow: UnitOfWork, message: Message) -> Facts:
    """Only what the message's rule and category ask about is looked up."""
    if message.recipient_kind == "staff":
        return Facts(erased=False, refused=frozenset(), capped_today=0, acknowledgements=0)
    capped = acknowledgements = 0
    if policy.is_capped(message):
        since = policy.midnight(uow.now, ZoneInfo(message.zone))
        capped = await store.count_capped(uow, message.address_id, since, policy.CAPPED)
    if by_name(message.rule).acknowledges:
        since = uow.now - timedelta(hours=1)
        acknowledgements = await store.count_by_rule(uow, message.address_id, since, message.rule, but=message.id)
    return Facts(
        erased=await copies.is_gone(uow, "parties", message.recipient_id),
        refused=await consent.refused(uow, message.address_id),
        capped_today=capped,
        acknowledgements=acknowledgements,
    )


def _plain_sender(message: Message, settings: NotifySettings) -> str:
    """Who a message without a question comes from: always the same number, or our mailbox."""
    return settings.numbers[0] if message.channel == "sms" else settings.mail_from


async def _begin(
    uow: UnitOfWork,
    message: Message,
    sender: str | None,
    thread_id: UUID | None,
    sender_id: UUID,
    settings: NotifySettings,
    *,
    repeat: bool,
) -> Call:
    assert message.address is not None
    assert message.text is not None
    assert sender is not None
    attempt_id = await attempts.begin(uow, message, by=sender_id, repeat=repeat, sender=sender, thread_id=thread_id)
    outbound = Outbound(
        message_id=message.id,
        sender=sender,
        recipient=message.address,
        text=message.text,
        subject=message.subject_line,
        in_reply_to=message.in_reply_to,
        signature=settings.company if message.channel == "sms" else None,
    )
    return Call(attempt_id, outbound, message.channel, uow.cause, message.traceparent)
