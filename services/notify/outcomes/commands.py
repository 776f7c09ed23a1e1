"""A step of a message, and what follows from a bad end: its question is closed, the other channel is tried."""

from __future__ import annotations

from typing import Any

from services.notify.messages import commands as messages
from services.notify.messages.model import Message
from services.notify.notices.commands import fall_back
from services.notify.settings import NotifySettings
from services.notify.threads import commands as threads
from shared.store.unit_of_work import UnitOfWork

_NOT_BROUGHT = frozenset({"failed_permanent", "failed_technical"})


async def settle(
    uow: UnitOfWork, message: Message, command: str, settings: NotifySettings, *, reason: str | None = None, **also: Any
) -> str:
    """Takes the step and does what follows; returns the new state. Raises Refused where there is no such step."""
    state = await messages.step(uow, message, command, reason=reason, **also)
    if state in _NOT_BROUGHT | {"expired", "suppressed"} and message.thread_id is not None:
        await threads.close_thread(uow, message.thread_id)
    if state in _NOT_BROUGHT:
        await fall_back(uow, message, settings)
    return state
