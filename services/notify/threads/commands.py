"""Opening and closing threads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.notify.messages import store as messages
from services.notify.messages.model import Message
from services.notify.threads import store
from services.notify.threads.model import reply_address, reply_token, token_key
from services.notify.threads.store import Thread
from shared.kernel.ids import derived_id
from shared.store.unit_of_work import UnitOfWork


async def open_for(
    uow: UnitOfWork, message: Message, *, numbers: Sequence[str], secret: bytes, domain: str
) -> tuple[Thread, str] | None:
    """The thread of a message that asks, and the address of ours to send from; None where no number is free.

    Asked again for the same message (a repeat, another try), it gives the same.
    """
    token = reply_token(secret, message.id)
    known = await store.of_message(uow, message.id)
    if known is not None:
        return known, known.our_address if message.channel == "sms" else reply_address(token, domain)
    if message.channel == "sms":
        number = await store.free_number(uow, message.address_id, numbers)
        if number is None:
            return None
        await store.number_used(uow, number)
        ours = sender = number
    else:
        ours, sender = token_key(token), reply_address(token, domain)
    assert message.asks_until is not None
    thread = Thread(
        id=derived_id("thread", message.id),
        message_id=message.id,
        channel=message.channel,
        address_id=message.address_id,
        our_address=ours,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        party_id=message.recipient_id,
        opened_at=uow.now,
        until=message.asks_until,
        closed_at=None,
    )
    await store.add(uow, thread)
    return thread, sender


async def close_subject(uow: UnitOfWork, subject_kind: str, subject_id: UUID) -> None:
    """Nothing more is asked about this subject; its numbers are free again for those addresses."""
    await _closed(uow, await store.close(uow, subject=(subject_kind, subject_id)))


async def close_thread(uow: UnitOfWork, thread_id: UUID) -> None:
    """The question did not arrive: nobody will answer it."""
    await _closed(uow, await store.close(uow, thread_id=thread_id))


async def close_over(uow: UnitOfWork) -> None:
    """Closes every thread that is past its time."""
    await _closed(uow, await store.close(uow, over=True))


async def close_person(uow: UnitOfWork, party_id: UUID) -> list[UUID]:
    """Nobody is asked who has been erased; returns the ids of all their threads."""
    return await store.close_person(uow, party_id)


async def _closed(uow: UnitOfWork, address_ids: Sequence[str]) -> None:
    for address_id in address_ids:
        await messages.wake_questions(uow, address_id)
