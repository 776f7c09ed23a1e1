"""What happens when a deadline's timer falls due: it is marked and audited, as long as nothing has met it."""

from __future__ import annotations

from services.complaints.deadlines import store
from services.complaints.deadlines.commands import DUE, WARN
from services.complaints.deadlines.model import Deadline
from shared.messaging.reactions import Timer, TimerHandler
from shared.store.unit_of_work import UnitOfWork

ACTOR = "clock"


async def warn(uow: UnitOfWork, timer: Timer) -> None:
    """A deadline is approaching."""
    deadline = await store.lock(uow, timer.subject_id)
    if deadline is None or not _counts(deadline, timer) or deadline.warned_at is not None:
        return
    await store.mark(uow, deadline.id, warned_at=uow.now)
    _audit(uow, "deadline-approaching", deadline)


async def miss(uow: UnitOfWork, timer: Timer) -> None:
    """A deadline has passed unmet."""
    deadline = await store.lock(uow, timer.subject_id)
    if deadline is None or not _counts(deadline, timer) or deadline.missed_at is not None:
        return
    await store.mark(uow, deadline.id, missed_at=uow.now)
    _audit(uow, "deadline-missed", deadline)


def _counts(deadline: Deadline, timer: Timer) -> bool:
    """Whether the deadline still runs and the timer was set for the instants it has now."""
    return deadline.met_at is None and timer.due in (deadline.warn_at, deadline.due_at)


def _audit(uow: UnitOfWork, action: str, deadline: Deadline) -> None:
    uow.audit(
        ACTOR,
        action,
        "ticket",
        deadline.ticket_id,
        deadline=deadline.kind,
        policy=deadline.policy,
        round=deadline.round,
    )


TIMERS = (TimerHandler(WARN, warn), TimerHandler(DUE, miss))
