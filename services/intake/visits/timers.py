"""A visit's timers: when they are set. What they do is in `timed.py`; each carries the revision it was set for."""

from __future__ import annotations

from services.intake.settings import settings
from services.intake.visits.model import Visit
from shared.store.unit_of_work import UnitOfWork

REMIND_GUEST = "visit-remind-guest"
ASSUME_MISSED = "visit-assume-missed"
ASK_DEPARTURE = "visit-ask-departure"
ASSUME_DEPARTURE = "visit-assume-departure"


def await_arrival(uow: UnitOfWork, visit: Visit) -> None:
    """Reminds the guest before arrival; a visit that is nearer than that needs no reminder: it was just approved.

    Long after the planned departure nobody is waited for any more.
    """
    ends = visit.departure + settings().visit_ask_departure_after + settings().visit_assume_departure_after
    uow.schedule(ASSUME_MISSED, visit.id, ends, revision=visit.revision)
    due = visit.arrival - settings().visit_reminder_before
    if due > uow.now:
        uow.schedule(REMIND_GUEST, visit.id, due, revision=visit.revision)
    else:
        uow.cancel(REMIND_GUEST, visit.id)


def await_departure(uow: UnitOfWork, visit: Visit) -> None:
    """Asks the host some time after the planned departure, and assumes it a day after that."""
    ask = max(visit.departure, uow.now) + settings().visit_ask_departure_after
    for kind in (REMIND_GUEST, ASSUME_MISSED):
        uow.cancel(kind, visit.id)
    uow.schedule(ASK_DEPARTURE, visit.id, ask, revision=visit.revision)
    uow.schedule(ASSUME_DEPARTURE, visit.id, ask + settings().visit_assume_departure_after, revision=visit.revision)


def cancel_all(uow: UnitOfWork, visit: Visit) -> None:
    """Nothing more is to be waited for."""
    for kind in (REMIND_GUEST, ASSUME_MISSED, ASK_DEPARTURE, ASSUME_DEPARTURE):
        uow.cancel(kind, visit.id)
