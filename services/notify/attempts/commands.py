"""A call of a provider from the row before it to what its answer, or its silence, means."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.notify.attempts import store
from services.notify.messages import commands as messages
from services.notify.messages import store as message_store
from services.notify.messages.model import Message
from services.notify.outcomes.commands import settle
from services.notify.policy import model as policy
from services.notify.providers.result import Accepted, Rejected, SendResult, Unknown
from services.notify.receipts import commands as receipts
from services.notify.settings import NotifySettings
from shared.store.unit_of_work import UnitOfWork

_LONGEST_PAUSE = timedelta(minutes=5)


async def begin(
    uow: UnitOfWork, message: Message, *, by: UUID, repeat: bool, sender: str | None, thread_id: UUID | None
) -> int:
    """Writes the attempt down before the call is made; returns its id. `by` is the process that will call."""
    await messages.step(
        uow,
        message,
        "begin",
        facts={"repeatable"} if repeat else (),
        attempts=message.attempts + 1,
        sender=sender,
        thread_id=thread_id,
        waits_for=None,
        send_after=None,
        decide_at=None,
    )
    return await store.start(uow, message.id, message.attempts + 1, message.channel, by=by, repeat=repeat)


async def finish(
    uow: UnitOfWork, message_id: UUID, attempt_id: int, result: SendResult, settings: NotifySettings
) -> None:
    """Stores what the provider answered and takes the message on.

    An answer that comes after the attempt was given up for dead still counts where it says "accepted".
    """
    taken = () if isinstance(result, Rejected) else result.provider_ids
    await store.lock_ids(uow, taken)
    message = await message_store.get(uow, message_id, lock=True)
    assert message is not None
    await store.add_parts(uow, attempt_id, message_id, message.channel, taken)
    match result:
        case Accepted():
            if await store.finish(uow, attempt_id, "accepted", None) and message.state in ("sending", "in_doubt"):
                due = uow.now + settings.receipt_window
                await settle(uow, message, "accept", settings, submitted_at=uow.now, decide_at=due)
        case Rejected(code, permanent):
            if await store.finish(uow, attempt_id, "rejected", code) and message.state == "sending":
                await _rejected(uow, message, code, permanent, settings)
        case Unknown(reason):
            if await store.finish(uow, attempt_id, "unknown", reason) and message.state == "sending":
                await doubt(uow, message, reason, settings)
    for provider_id in taken:
        await receipts.match_early(uow, message.channel, provider_id, settings)


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
        if await store.finish(uow, attempt_id, "unknown", "sender-died") and message.state == "sending":
            await doubt(uow, message, "sender-died", settings)
    return len(found)


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
