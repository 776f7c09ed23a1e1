"""The visit itself: confirmed with the guest, arrived, departed, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.intake.settings import settings
from services.intake.visits import events, store, timers
from services.intake.visits.machine import VISIT
from services.intake.visits.model import Visit
from services.intake.visits.requesting import check_theirs, locked
from shared.contracts.events.visitor_arrived import VisitorArrived
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork


async def confirm(uow: UnitOfWork, visit_id: UUID, *, by: UUID, permitted: bool = False) -> Visit:
    """The host or the coordinator has confirmed the visit with the guest (VR-05). Raises Refused(`visit-state`)."""
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.confirm")
    row = VISIT.step(visit.state, "confirm", visit.template.facts)
    confirmed = replace(visit, state=row.target, version=visit.version + 1)
    await store.save(uow, confirmed)
    uow.publish(events.confirmed(confirmed), about=confirmed.about)
    uow.audit(by, "confirm", "visit", visit.id)
    return confirmed


async def arrive(uow: UnitOfWork, visit_id: UUID, *, by: UUID, permitted: bool = False) -> Visit:
    """The visitor is here; from now on somebody will ask when they left. Raises Refused(`visit-state`)."""
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.receive")
    row = VISIT.step(visit.state, "arrive")
    here = replace(visit, state=row.target, arrived_at=uow.now, version=visit.version + 1)
    await store.save(uow, here)
    timers.await_departure(uow, here)
    uow.publish(
        VisitorArrived(
            visit_id=visit.id,
            revision=visit.revision,
            party_id=visit.party_id,
            host_id=visit.host_id,
            arrived_at=uow.now,
        ),
        about=here.about,
    )
    uow.audit(by, "arrive", "visit", visit.id)
    return here


async def depart(
    uow: UnitOfWork, visit_id: UUID, *, departed_at: datetime | None = None, by: UUID, permitted: bool = False
) -> Visit:
    """The visitor has left, now or at `departed_at`; the callback waits for the way home (VR-23).

    Raises Refused: `visit-state`, `impossible-dates` (422).
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.receive")
    at = departed_at or uow.now
    if at > uow.now or (visit.arrived_at is not None and at < visit.arrived_at):
        raise Refused("impossible-dates", status=422, field="departed_at", expected="between arrival and now")
    left = await _leave(uow, visit, "depart", at)
    uow.audit(by, "depart", "visit", visit.id)
    return left


async def assume_departure(uow: UnitOfWork, visit: Visit) -> Visit:
    """Nobody recorded the departure: taken to be as planned, and flagged so."""
    assert visit.arrived_at is not None
    left = await _leave(uow, visit, "assume-departure", max(visit.departure, visit.arrived_at))
    uow.audit(f"/services/{uow.service}", "assume-departure", "visit", visit.id)
    return left


async def close(uow: UnitOfWork, visit: Visit, *, outcome: str) -> Visit:
    """The callback has ended: nothing is left to do. Raises Refused(`visit-state`)."""
    row = VISIT.step(visit.state, "close", visit.template.facts)
    closed = replace(visit, state=row.target, callback_outcome=outcome, closed_at=uow.now, version=visit.version + 1)
    await store.save(uow, closed)
    uow.publish(events.closed(closed), about=closed.about)
    return closed


async def _leave(uow: UnitOfWork, visit: Visit, command: str, at: datetime) -> Visit:
    row = VISIT.step(visit.state, command)
    left = replace(
        visit,
        state=row.target,
        departed_at=at,
        departure_assumed=command == "assume-departure",
        home_arrival=at + settings().visit_home_after,
        version=visit.version + 1,
    )
    await store.save(uow, left)
    timers.cancel_all(uow, left)
    uow.publish(events.departed(left), about=left.about)
    return left
