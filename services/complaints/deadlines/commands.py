"""Starting, moving and meeting a ticket's deadlines. Each running one has two timers: warn and due."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.complaints.deadlines import store
from services.complaints.deadlines.model import Deadline, DeadlineKind, Terms
from shared.kernel.ids import derived_id
from shared.store.unit_of_work import UnitOfWork

WARN = "deadline-warn"
DUE = "deadline-due"
"""Kinds of timers; the subject is the deadline's id."""


def start(
    uow: UnitOfWork, ticket_id: UUID, kind: DeadlineKind, terms: Terms, started_at: datetime, *, round_: int
) -> Deadline:
    """A new clock, from `started_at` on. One per ticket, kind and round."""
    instants = terms.instants(started_at)
    new = Deadline(
        id=derived_id("deadline", ticket_id, kind, round_),
        ticket_id=ticket_id,
        kind=kind,
        round=round_,
        policy=terms.policy.name,
        started_at=started_at,
        warn_at=instants.warn_at,
        due_at=instants.due_at,
        provisional=instants.provisional,
        warned_at=None,
        met_at=None,
        missed_at=None,
    )
    store.add(uow, new)
    _set_timers(uow, new.id, new.warn_at, new.due_at)
    return new


async def meet(uow: UnitOfWork, ticket_id: UUID, *kinds: DeadlineKind) -> None:
    """What these deadlines ask for has been done; one that was missed before stays marked as missed."""
    for running in await store.lock_running(uow, ticket_id, kinds):
        await store.mark(uow, running.id, met_at=uow.now)
        uow.cancel(WARN, running.id)
        uow.cancel(DUE, running.id)


async def follow(uow: UnitOfWork, ticket_id: UUID, kind: DeadlineKind, terms: Terms) -> None:
    """The running deadline follows other terms. It keeps its start: no edit gives anybody time anew."""
    for running in await store.lock_running(uow, ticket_id, (kind,)):
        if running.policy == terms.policy.name or running.missed_at is not None:
            continue
        instants = terms.instants(running.started_at)
        await store.plan(uow, running.id, terms.policy.name, instants)
        _set_timers(uow, running.id, None if running.warned_at else instants.warn_at, instants.due_at)


def _set_timers(uow: UnitOfWork, deadline_id: UUID, warn_at: datetime | None, due_at: datetime) -> None:
    if warn_at is not None:
        uow.schedule(WARN, deadline_id, warn_at)
    uow.schedule(DUE, deadline_id, due_at)
