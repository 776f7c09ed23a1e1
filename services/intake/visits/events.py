"""A visit's events from its present state."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.intake.visits.model import Visit
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_changed import VisitChanged
from shared.contracts.events.visit_closed import VisitClosed
from shared.contracts.events.visit_departed import VisitDeparted
from shared.contracts.events.visit_handed_over import VisitHandedOver
from shared.contracts.events.visit_no_show import VisitNoShow
from shared.contracts.events.visit_progressed import VisitProgressed
from shared.contracts.events.visit_requested import VisitRequested
from shared.contracts.events.visit_task_due import VisitTaskDue
from shared.contracts.events.visitor_arrived import VisitorArrived


def requested(visit: Visit, judge_id: UUID | None = None) -> VisitRequested:
    """Somebody wants to come, or one of us wants somebody to come."""
    return VisitRequested(
        **_guest(visit),
        kind=visit.kind,
        asked_by_guest=visit.asked_by_guest,
        requester_id=visit.requester_id,
        host_id=visit.host_id,
        department_id=visit.department_id,
        arrival=visit.arrival,
        departure=visit.departure,
        head_count=visit.head_count,
        judge_id=judge_id,
    )


def changed(
    visit: Visit, change: Literal["returned", "resubmitted", "rescheduled", "amended"], judge_id: UUID | None = None
) -> VisitChanged:
    """The visit was returned, or has a new revision."""
    return VisitChanged(
        **_guest(visit),
        change=change,
        host_id=visit.host_id,
        requester_id=visit.requester_id,
        arrival=visit.arrival,
        departure=visit.departure,
        guest_was_told=visit.guest_is_expected,
        judge_id=judge_id,
    )


def cancelled(
    visit: Visit, *, guest_was_told: bool, why: Literal["cancelled", "expired", "withdrawn"] = "cancelled"
) -> VisitCancelled:
    """The visit will not take place."""
    return VisitCancelled(
        **_guest(visit),
        host_id=visit.host_id,
        requester_id=visit.requester_id,
        guest_was_told=guest_was_told,
        arrival=visit.arrival,
        why=why,
    )


def confirmed(visit: Visit) -> VisitProgressed:
    """The visit is confirmed with the guest."""
    return VisitProgressed(**_guest(visit), happening="confirmed", host_id=visit.host_id, arrival=visit.arrival)


def handed_over(visit: Visit, *, former_host_id: UUID, why: Literal["left", "locked", "absent"]) -> VisitHandedOver:
    """Somebody else is the host now."""
    return VisitHandedOver(
        visit_id=visit.id,
        revision=visit.revision,
        party_id=visit.party_id,
        former_host_id=former_host_id,
        host_id=visit.host_id,
        why=why,
        arrival=visit.arrival,
        departure=visit.departure,
    )


def task_due(visit: Visit, task: Literal["remind-guest", "record-departure"], due: datetime) -> VisitTaskDue:
    """Something about the visit must be done now; `due` is when it fell due."""
    return VisitTaskDue(**_guest(visit), task=task, host_id=visit.host_id, arrival=visit.arrival, due=due)


def arrived(visit: Visit, *, host_knows: bool) -> VisitorArrived:
    """The visitor is here."""
    assert visit.arrived_at is not None
    return VisitorArrived(
        visit_id=visit.id,
        revision=visit.revision,
        party_id=visit.party_id,
        host_id=visit.host_id,
        arrived_at=visit.arrived_at,
        host_knows=host_knows,
    )


def missed(visit: Visit, *, assumed: bool) -> VisitNoShow:
    """The guest did not come."""
    return VisitNoShow(
        visit_id=visit.id,
        revision=visit.revision,
        party_id=visit.party_id,
        host_id=visit.host_id,
        requester_id=visit.requester_id,
        arrival=visit.arrival,
        assumed=assumed,
    )


def departed(visit: Visit) -> VisitDeparted:
    """The visitor has left."""
    assert visit.departed_at is not None
    assert visit.home_arrival is not None
    return VisitDeparted(
        **_guest(visit),
        host_id=visit.host_id,
        department_id=visit.department_id,
        departed_at=visit.departed_at,
        home_arrival=visit.home_arrival,
        ask_guest=visit.asks_guest,
    )


def closed(visit: Visit) -> VisitClosed:
    """Nothing about the visit is left to do; whoever asked for it hears of it (VR-26)."""
    assert visit.closed_at is not None
    return VisitClosed(
        visit_id=visit.id,
        revision=visit.revision,
        party_id=visit.party_id,
        host_id=visit.host_id,
        requester_id=visit.requester_id,
        callback_outcome=visit.callback_outcome,
        closed_at=visit.closed_at,
    )


def _guest(visit: Visit) -> dict[str, Any]:
    return {
        "visit_id": visit.id,
        "revision": visit.revision,
        "party_id": visit.party_id,
        "address_id": visit.address_id,
    }
