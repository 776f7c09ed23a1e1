"""What a visit's timers do when they fall due: state and revision are looked at again."""

from __future__ import annotations

from services.intake.visits import events, store
from services.intake.visits.model import Visit
from services.intake.visits.receiving import assume_departure
from services.intake.visits.timers import ASK_DEPARTURE, ASSUME_DEPARTURE, REMIND_GUEST
from shared.contracts.events.visit_departed import VisitDeparted
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


async def _still(uow: UnitOfWork, timer: Timer, *states: str) -> Visit | None:
    """The visit, if it is still what the timer was set for."""
    visit = await store.get(uow, timer.subject_id, lock=True)
    if visit is None or visit.state not in states or visit.revision != timer.data["revision"]:
        return None
    return visit


TIMERS = (
    TimerHandler(REMIND_GUEST, remind_guest, publishes=frozenset({VisitTaskDue})),
    TimerHandler(ASK_DEPARTURE, ask_departure, publishes=frozenset({VisitTaskDue})),
    TimerHandler(ASSUME_DEPARTURE, departure_not_recorded, publishes=frozenset({VisitDeparted})),
)
