"""A call of a provider from the row before it to what its answer, or its silence, means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from services.notify.attempts import store
from services.notify.messages import commands as messages
from services.notify.messages import store as message_store
from services.notify.messages.model import Message
from services.notify.outcomes.commands import settle
from services.notify.policy import model as policy
from services.notify.providers.result import Accepted, Channel, Rejected, SendResult, Unknown
from services.notify.receipts import commands as receipts
from services.notify.settings import NotifySettings
from shared.store.unit_of_work import UnitOfWork

_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Going:
    """A message that a call is to be made for, and what it says of where it comes from."""

    message: Message
    sender: str
    thread_id: UUID | None
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered to an attempt."""

    attempt_id: int
    message_id: UUID
    channel: Channel
    result: SendResult
    context: Context = field(default_factory=copy_context)
    """The call's own, so that what follows carries its trace."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The provider's own ids of what it took."""
        return () if isinstance(self.result, Rejected) else self.result.provider_ids


async def begin(uow: UnitOfWork, going: Sequence[Going], *, by: UUID) -> dict[UUID, int]:
    """Writes attempts down before the calls are made; returns their ids by message. `by` is the process that calls."""
    if not going:
        return {}
    changes, starts = [], []
    for each in going:
        number = each.message.attempts + 1
        changes.append(
            messages.decided(
                uow,
                each.message,
                "begin",
                facts={"repeatable"} if each.repeat else (),
                attempts=number,
                sender=each.sender,
                thread_id=each.thread_id,
                waits_for=None,
                send_after=None,
                decide_at=None,
            )
        )
        starts.append(store.Start(each.message.id, number, each.message.channel, each.repeat))
    await message_store.change(uow, *changes)
    return await store.start(uow, starts, by)


async def finish(uow: UnitOfWork, answers: Sequence[Answer], settings: NotifySettings) -> None:
    """Stores what providers answered and takes the messages on.

    An answer that comes after the attempt was given up for dead still counts where it says "accepted".
    """
    # A mail server's report names our own message: only receipts of SMS can be too early.
    awaited = [part for answer in answers if answer.channel == "sms" for part in answer.parts]
    await store.lock_ids(uow, awaited)
    found = await message_store.locked(uow, [answer.message_id for answer in answers])
    for answer in answers:
        for part in answer.parts:
            store.add_part(uow, answer.attempt_id, answer.message_id, answer.channel, part)
    await _accepted(uow, [answer for answer in answers if isinstance(answer.result, Accepted)], found, settings)
    for answer in answers:
        if not isinstance(answer.result, Accepted):
            await asyncio.create_task(_not_taken(uow, answer, answer.result, settings), context=answer.context)
    await receipts.match_early(uow, "sms", awaited, settings)


async def doubt(uow: UnitOfWork, message: Message, reason: str, settings: NotifySettings) -> None:
    """Nobody knows whether the message was taken: it waits for a receipt, or for its one repeat."""
    wait = settings.repeat_after if await may_repeat(uow, message) else settings.unconfirmed_after
    await settle(uow, message, "doubt", settings, reason=reason, decide_at=uow.now + wait)


async def may_repeat(uow: UnitOfWork, message: Message) -> bool:
    """Whether the message's category allows a repeat, none was made, and it is still of use."""
    return (
        policy.may_repeat(message.category)
        and message.withdraw_as is None
        and message.address is not None
        and uow.now < message.expires_at
        and not await store.was_repeated(uow, message.id)
    )


async def give_up_abandoned(uow: UnitOfWork, settings: NotifySettings, limit: int = 100) -> int:
    """Attempts whose process died between call and answer are in doubt; returns how many."""
    found = await store.abandoned(uow, settings.sender_dead_after, limit)
    for attempt_id, message_id in found:
        message = await message_store.get(uow, message_id, lock=True)
        assert message is not None
        if await store.finish(uow, [attempt_id], "unknown", "sender-died") and message.state == "sending":
            await doubt(uow, message, "sender-died", settings)
    return len(found)


async def _accepted(
    uow: UnitOfWork, answers: Sequence[Answer], found: Mapping[UUID, Message], settings: NotifySettings
) -> None:
    if not answers:
        return
    stored = await store.finish(uow, [answer.attempt_id for answer in answers], "accepted", None)
    changes: dict[UUID, message_store.Change] = {}
    for answer in answers:
        message = found[answer.message_id]
        # A repeat and the call before it may be answered at once.
        if answer.attempt_id in stored and message.id not in changes and message.state in ("sending", "in_doubt"):
            uow.cause = messages.cause_of(message)
            changes[message.id] = answer.context.run(_submitted, uow, message, settings)
    await message_store.change(uow, *changes.values())


def _submitted(uow: UnitOfWork, message: Message, settings: NotifySettings) -> message_store.Change:
    due = uow.now + settings.receipt_window
    return messages.decided(uow, message, "accept", submitted_at=uow.now, decide_at=due)


async def _not_taken(uow: UnitOfWork, answer: Answer, result: Rejected | Unknown, settings: NotifySettings) -> None:
    message = await message_store.get(uow, answer.message_id, lock=True)
    assert message is not None
    uow.cause = messages.cause_of(message)
    match result:
        case Rejected(code, permanent):
            if await store.finish(uow, [answer.attempt_id], "rejected", code) and message.state == "sending":
                await _rejected(uow, message, code, permanent, settings)
        case Unknown(reason):
            if await store.finish(uow, [answer.attempt_id], "unknown", reason) and message.state == "sending":
                await doubt(uow, message, reason, settings)


async def _rejected(uow: UnitOfWork, message: Message, code: str, permanent: bool, settings: NotifySettings) -> None:
    if await store.was_in_doubt(uow, message.id):
        # The repeat was refused, which says nothing about the call before it.
        await settle(uow, message, "doubt", settings, reason=code, decide_at=uow.now + settings.unconfirmed_after)
    elif permanent:
        await settle(uow, message, "refuse", settings, reason=code)
    else:
        times = await store.rejections(uow, message.id)
        if times > settings.retries:
            await settle(uow, message, "give_up", settings, reason=code)
            return
        pause = min(settings.retry_first * 2 ** (times - 1), _LONGEST_PAUSE)
        await settle(uow, message, "retry", settings, reason=code, waits_for="provider", send_after=uow.now + pause)
        if message.withdraw_as is not None:
            again = await message_store.get(uow, message.id, lock=True)
            assert again is not None
            await messages.step(uow, again, message.withdraw_as, reason="withdrawn")
