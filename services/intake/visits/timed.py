"""What a visit's timers do when they fall due: state and revision are looked at again."""

from __future__ import annotations

from services.intake.approvals import store as approval_store
from services.intake.approvals.timers import EXPIRE_APPROVAL, REMIND_APPROVER, remind_again
from services.intake.visits import events, store
from services.intake.visits.approving import expire
from services.intake.visits.machine import APPROVED
from services.intake.visits.model import Visit
from services.intake.visits.receiving import assume_departure, assume_missed
from services.intake.visits.timers import ASK_DEPARTURE, ASSUME_DEPARTURE, ASSUME_MISSED, REMIND_GUEST
from shared.contracts.events.visit_approval_due import VisitApprovalDue
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_closed import VisitClosed
from shared.contracts.events.visit_departed import VisitDeparted
from shared.contracts.events.visit_no_show import VisitNoShow
from shared.contracts.events.visit_task_due import VisitTaskDue
from shared.messaging.reactions import Timer, TimerHandler
from shared.store.unit_of_work import UnitOfWork


async def remind_guest(uow: UnitOfWork, timer: Timer) -> None:
    """The guest is expected soon."""
    visit = await _still(uow, timer, "approved", "confirmed")
    if visit is not None and visit.arrival > uow.now:
        uow.publish(events.task_due(visit, "remind-guest", timer.due), about=visit.about)


async def ask_departure(uow: UnitOfWork, timer: Timer) -> None:
    """The guest should have left; the host is asked to record it."""
    visit = await _still(uow, timer, "arrived")
    if visit is not None:
        uow.publish(events.task_due(visit, "record-departure", timer.due), about=visit.about)


async def departure_not_recorded(uow: UnitOfWork, timer: Timer) -> None:
    """The host did not record it either."""
    visit = await _still(uow, timer, "arrived")
    if visit is not None:
        await assume_departure(uow, visit)


async def arrival_not_recorded(uow: UnitOfWork, timer: Timer) -> None:
    """Nobody came, as far as anybody knows."""
    visit = await _still(uow, timer, *APPROVED)
    if visit is not None:
        await assume_missed(uow, visit)


async def remind_approver(uow: UnitOfWork, timer: Timer) -> None:
    """Somebody still waits for a decision (NT-03); there is another reminder until it comes, or has expired."""
    visit = await _still(uow, timer, "approving")
    approval = None if visit is None else await approval_store.waiting(uow, visit.id, visit.revision)
    if visit is None or approval is None or approval.step != timer.data["step"]:
        return
    uow.publish(
        VisitApprovalDue(
            visit_id=visit.id,
            revision=visit.revision,
            step=approval.step,
            approver_id=approval.approver_id,
            host_id=visit.host_id,
            arrival=visit.arrival,
            due=timer.due,
        )
    )
    remind_again(uow, visit.id, visit.revision, approval.step)


async def approval_expires(uow: UnitOfWork, timer: Timer) -> None:
    """Nobody has decided in time."""
    visit = await _still(uow, timer, "approving")
    if visit is not None:
        await expire(uow, visit)


async def _still(uow: UnitOfWork, timer: Timer, *states: str) -> Visit | None:
    """The visit, if it is still what the timer was set for."""
    visit = await store.get(uow, timer.subject_id, lock=True)
    if visit is None or visit.state not in states or visit.revision != timer.data["revision"]:
        return None
    return visit


TIMERS = (
    TimerHandler(REMIND_GUEST, remind_guest, publishes=frozenset({VisitTaskDue})),
    TimerHandler(REMIND_APPROVER, remind_approver, publishes=frozenset({VisitApprovalDue})),
    TimerHandler(EXPIRE_APPROVAL, approval_expires, publishes=frozenset({VisitCancelled})),
    TimerHandler(ASK_DEPARTURE, ask_departure, publishes=frozenset({VisitTaskDue})),
    TimerHandler(ASSUME_MISSED, arrival_not_recorded, publishes=frozenset({VisitNoShow})),
    TimerHandler(ASSUME_DEPARTURE, departure_not_recorded, publishes=frozenset({VisitDeparted, VisitClosed})),
)
