"""The rules as reactions: one per event that any row names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from services.notify.messages import commands as messages
from services.notify.notices import audiences
from services.notify.notices.commands import gather, give
from services.notify.notices.model import subject_id
from services.notify.notices.rules import ENDINGS, RULES, WITHDRAWALS, rules_on
from services.notify.settings import settings
from services.notify.threads import commands as threads
from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.messaging.reactions import Need, Reaction
from shared.store.unit_of_work import UnitOfWork


async def on_event(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
    """Takes back what this event makes wrong, ends what it answers, then gives its notices."""
    for withdrawal in WITHDRAWALS:
        if isinstance(event, withdrawal.event) and withdrawal.when(event):
            about = subject_id(event, withdrawal.subject)
            await messages.withdraw(uow, withdrawal.subject[0], about, withdrawal.command, reason=event.type)
    for ending in ENDINGS:
        if isinstance(event, ending.event):
            await threads.close_subject(uow, ending.subject[0], subject_id(event, ending.subject))
    for rule in rules_on(type(event)):
        await give(uow, rule, event, envelope, settings())


def _needs_of(event: type[Event]) -> Callable[[Any], Iterable[Need]]:
    rules = rules_on(event)
    return lambda happened: audiences.needs(rules, happened)


def _stale_after(event: type[Event]) -> timedelta | None:
    """The longest of the event's rules; None where it starts nothing."""
    return max((rule.stale_after for rule in rules_on(event)), default=None)


def reactions() -> tuple[Reaction, ...]:
    """A row per event, in the order of the rules."""
    named = dict.fromkeys((*(row.event for row in RULES), *(row.event for row in WITHDRAWALS)))
    return tuple(
        Reaction(
            event,
            on_event,
            publishes=messages.PUBLISHED,
            needs=_needs_of(event),
            stale_after=_stale_after(event),
            gather=gather,
            bound="a notice leads to a message only; a new case is acknowledged a limited number of times an hour",
        )
        for event in named
    )
