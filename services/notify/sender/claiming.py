"""Which messages go out now: claimed, checked, and each with its attempt written down before any call is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notify.attempts import commands as attempts
from services.notify.attempts.commands import Answer, Going
from services.notify.messages import commands as messages
from services.notify.messages import store
from services.notify.messages.model import Message
from services.notify.messages.store import Change
from services.notify.outcomes.commands import settle
from services.notify.policy import model as policy
from services.notify.policy import store as facts
from services.notify.policy.model import Facts, decide
from services.notify.providers.result import Channel, Outbound, SendResult
from services.notify.settings import NotifySettings
from services.notify.threads import commands as threads
from shared.kernel.categories import QuietPeriod
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is to be made: its attempt is in the database."""

    attempt_id: int
    outbound: Outbound
    channel: Channel
    traceparent: str | None

    def answered(self, result: SendResult) -> Answer:
        """What the provider answered to it, with the trace of who asks for this."""
        return Answer(self.attempt_id, self.outbound.message_id, self.channel, result)


async def claim_due(
    uow: UnitOfWork, channel: Channel, limit: int, sender_id: UUID, settings: NotifySettings
) -> list[Call]:
    """Claims up to `limit` messages that are due; those that may not go out now are deferred or end."""
    due = await store.claim_due(uow, channel, limit)
    claim = Claim(uow, await facts.of(uow, due), settings)
    for message in due:
        uow.cause = messages.cause_of(message)
        await claim.add(message)
    await store.change(uow, *claim.deferred)
    return await _begin(uow, claim.going, sender_id, settings)


async def decide_overdue(uow: UnitOfWork, limit: int, sender_id: UUID, settings: NotifySettings) -> list[Call]:
    """Doubts and waits for receipts whose time is over: a repeat where the category allows one, else unconfirmed."""
    going = []
    for message in await store.claim_undecided(uow, limit):
        uow.cause = messages.cause_of(message)
        if message.state == "in_doubt" and await attempts.may_repeat(uow, message):
            assert message.sender is not None
            going.append(Going(message, message.sender, message.thread_id, repeat=True))
        else:
            await settle(uow, message, "unconfirm", settings, reason=message.reason)
    return await _begin(uow, going, sender_id, settings)


class Claim:
    """What becomes of the messages of one claim, in their order: what is decided about one counts for the next."""

    def __init__(self, uow: UnitOfWork, known: Mapping[UUID, Facts], settings: NotifySettings) -> None:
        self.going: list[Going] = []
        self.deferred: list[Change] = []
        self._uow = uow
        self._known = known
        self._settings = settings
        self._begun: Counter[str] = Counter()
        self._suppressed: Counter[tuple[str, str]] = Counter()

    async def add(self, message: Message) -> None:
        """Decides about the next message."""
        settings = self._settings
        verdict = decide(
            message,
            self._facts(message),
            self._uow.now,
            quiet=QuietPeriod(settings.quiet_from, settings.quiet_until),
            cap=settings.sms_cap_a_day,
            most_acknowledgements=settings.acknowledgements_an_hour,
        )
        match verdict.what:
            case "go":
                await self._go(message)
            case "defer":
                self._defer(message, verdict.reason, verdict.until)
            case _:
                if verdict.what == "suppress" and message.accepted_at >= self._uow.now - policy.ACKNOWLEDGED_WITHIN:
                    self._suppressed[message.address_id, message.rule] += 1
                await settle(self._uow, message, verdict.what, settings, reason=verdict.reason)

    def _facts(self, message: Message) -> Facts:
        known = self._known[message.id]
        return replace(
            known,
            capped_today=known.capped_today + self._begun[message.address_id],
            acknowledgements=known.acknowledgements - self._suppressed[message.address_id, message.rule],
        )

    async def _go(self, message: Message) -> None:
        sender, thread_id = _plain_sender(message, self._settings), message.thread_id
        if message.asks_until is not None:
            opened = await threads.open_for(
                self._uow,
                message,
                numbers=self._settings.numbers,
                secret=self._settings.secret.get_secret_value().encode(),
                domain=self._settings.mail_domain,
            )
            if opened is None:
                self._defer(message, "number", self._uow.now + self._settings.no_number_retry)
                return
            thread_id, sender = opened[0].id, opened[1]
        self.going.append(Going(message, sender, thread_id))
        self._begun[message.address_id] += int(policy.is_capped(message))

    def _defer(self, message: Message, why: str | None, until: datetime | None) -> None:
        self.deferred.append(messages.decided(self._uow, message, "defer", waits_for=why, send_after=until))


def _plain_sender(message: Message, settings: NotifySettings) -> str:
    """Who a message without a question comes from: always the same number, or our mailbox."""
    return settings.numbers[0] if message.channel == "sms" else settings.mail_from


async def _begin(uow: UnitOfWork, going: Sequence[Going], sender_id: UUID, settings: NotifySettings) -> list[Call]:
    attempt_ids = await attempts.begin(uow, going, by=sender_id)
    return [_call(attempt_ids[each.message.id], each, settings) for each in going]


def _call(attempt_id: int, going: Going, settings: NotifySettings) -> Call:
    message = going.message
    assert message.address is not None
    assert message.text is not None
    outbound = Outbound(
        message_id=message.id,
        sender=going.sender,
        recipient=message.address,
        text=message.text,
        subject=message.subject_line,
        in_reply_to=message.in_reply_to,
        signature=settings.company if message.channel == "sms" else None,
    )
    return Call(attempt_id, outbound, message.channel, message.traceparent)
