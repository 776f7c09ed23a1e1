"""The visit itself: confirmed with the guest, arrived, departed, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.intake.settings import settings
from services.intake.visits import events, store, timers
from services.intake.visits.machine import VISIT
from services.intake.visits.model import LONGEST, Visit
from services.intake.visits.requesting import check_theirs, locked
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


async def arrive(
    uow: UnitOfWork, visit_id: UUID, *, identity: str | None = None, by: UUID, permitted: bool = False
) -> Visit:
    """The visitor is here; from now on somebody will ask when they left. Raises Refused(`visit-state`)."""
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.receive")
    row = VISIT.step(visit.state, "arrive", visit.template.facts)
    here = replace(visit, state=row.target, arrived_at=uow.now, identity=identity, version=visit.version + 1)
    await store.save(uow, here)
    timers.await_departure(uow, here)
    uow.publish(events.arrived(here, host_knows=by == visit.host_id), about=here.about)
    uow.audit(by, "arrive", "visit", visit.id, identity=identity)
    return here


async def miss(uow: UnitOfWork, visit_id: UUID, *, by: UUID, permitted: bool = False) -> Visit:
    """The guest did not come. Raises Refused: `visit-state`, `visit-to-come` (409) before the arrival."""
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.receive")
    VISIT.step(visit.state, "miss")
    if uow.now < visit.arrival:
        raise Refused("visit-to-come", field="command", expected="a visit whose time has come")
    return await _miss(uow, visit, "miss", by)


async def assume_missed(uow: UnitOfWork, visit: Visit) -> Visit:
    """Nobody recorded an arrival, long after the planned departure."""
    return await _miss(uow, visit, "assume-missed", f"/services/{uow.service}")


async def extend(uow: UnitOfWork, visit_id: UUID, *, departure: datetime, by: UUID, permitted: bool = False) -> Visit:
    """The guest stays longer; whoever asks for the departure does so later.

    Raises Refused: `visit-state`, `impossible-dates` (422).
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.receive")
    row = VISIT.step(visit.state, "extend")
    if not max(uow.now, visit.departure) < departure <= visit.arrival + LONGEST:
        raise Refused("impossible-dates", status=422, field="departure", expected="an instant after the planned one")
    longer = replace(
        visit, state=row.target, departure=departure, revision=visit.revision + 1, version=visit.version + 1
    )
    await store.save(uow, longer)
    timers.await_departure(uow, longer)
    uow.publish(events.changed(longer, "amended"), about=longer.about)
    uow.audit(by, "extend", "visit", visit.id, before=str(visit.departure), after=str(departure))
    return longer


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


async def _miss(uow: UnitOfWork, visit: Visit, command: str, by: object) -> Visit:
    row = VISIT.step(visit.state, command)
    gone = replace(visit, state=row.target, version=visit.version + 1)
    await store.save(uow, gone)
    timers.cancel_all(uow, gone)
    uow.publish(events.missed(gone, assumed=command == "assume-missed"), about=gone.about)
    uow.audit(by, command, "visit", visit.id)
    return gone


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
    return left if left.asks_guest else await close(uow, left, outcome="not-asked")
