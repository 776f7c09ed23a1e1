"""What happens to messages: steps of their machine, taking back, erasing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from services.notify.messages import store
from services.notify.messages.model import ENDS, MESSAGE, PENDING, Message
from services.notify.messages.store import Change
from shared.contracts.event import Event
from shared.contracts.events.message_delivered import MessageDelivered
from shared.contracts.events.message_failed import MessageFailed
from shared.contracts.events.message_sent import MessageSent
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork

PUBLISHED: frozenset[type[Event]] = frozenset({MessageSent, MessageDelivered, MessageFailed})

_FORGOTTEN = {"address": None, "text": None, "subject_line": None, "in_reply_to": None, "withdraw_as": "cancel"}


def cause_of(message: Message) -> Cause:
    """What events about a message inherit: the notice's cause, wherever they are decided."""
    return Cause(message.correlation_id, message.cause_id, message.hops)


async def step(
    uow: UnitOfWork,
    message: Message,
    command: str,
    *,
    facts: Iterable[str] = (),
    reason: str | None = None,
    **also: Any,
) -> str:
    """Takes a locked message one step on and returns the new state; raises as `decided` does."""
    change = decided(uow, message, command, facts=facts, reason=reason, **also)
    await store.change(uow, change)
    state: str = change[1]["state"]
    return state


def decided(
    uow: UnitOfWork,
    message: Message,
    command: str,
    *,
    facts: Iterable[str] = (),
    reason: str | None = None,
    **also: Any,
) -> Change:
    """A step of a locked message, and `also` its other fields, for the caller to write (`store.change`), with others.

    Publishes what the machine's row says; a changed end is audited. Raises Refused(`message-state`) where the machine
    has no such step.
    """
    row = MESSAGE.step(message.state, command, facts)
    changes: dict[str, Any] = {"state": row.target, "reason": reason, **also}
    if row.target in ENDS:
        changes |= {"ended_at": uow.now, "decide_at": None, "send_after": None}
    if message.state in ENDS:
        uow.audit("system", f"message.{command}", "message", message.id, **{"from": message.state, "to": row.target})
    if row.event is not None:
        _publish(uow, message, row.event, row.target, reason)
    return message.id, changes


async def withdraw(
    uow: UnitOfWork, subject_kind: str, subject_id: UUID, command: Literal["cancel", "supersede"], *, reason: str
) -> int:
    """Takes back everything about a subject that has not gone out; returns how many.

    A message whose call is under way is marked, so that it is not tried again; one in doubt is not repeated.
    """
    messages = await store.pending_about(uow, subject_kind, subject_id)
    for message in messages:
        if message.state in PENDING:
            await step(uow, message, command, reason=reason)
        else:
            await store.change(uow, (message.id, {"withdraw_as": command}))
    return len(messages)


async def erase_person(uow: UnitOfWork, person_id: UUID) -> list[str]:
    """Suppresses what a person would still get and erases words and addresses of what they got.

    Returns the ids of the addresses that were written to.
    """
    messages = await store.of_recipient(uow, person_id)
    for message in messages:
        if message.state in PENDING:
            await step(uow, message, "suppress", reason="erased")
    await store.change(uow, *((message.id, _FORGOTTEN) for message in messages))
    return sorted({message.address_id for message in messages})


def _publish(uow: UnitOfWork, message: Message, event: str, state: str, reason: str | None) -> None:
    about: dict[str, Any] = {
        "message_id": message.id,
        "purpose": message.rule,
        "channel": message.channel,
        "cause_id": message.cause_id,
        "subject_kind": message.subject_kind,
        "subject_id": message.subject_id,
        "recipient_kind": message.recipient_kind,
        "recipient_id": message.recipient_id,
        "address_id": message.address_id,
        "caused_at": message.caused_at,
    }
    people = (message.recipient_id, message.address_id)
    if event == MessageSent.type:
        uow.publish(MessageSent(**about, sent_at=uow.now), about=people)
    elif event == MessageDelivered.type:
        uow.publish(MessageDelivered(**about, delivered_at=uow.now), about=people)
    else:
        uow.publish(
            MessageFailed.model_validate({**about, "state": state, "reason": reason or state, "failed_at": uow.now}),
            about=people,
        )
