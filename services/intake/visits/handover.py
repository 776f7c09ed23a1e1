"""What moves from somebody who is away: the visits they host, and the approvals that wait for them.

An absence moves only the visits that fall into it; a left or locked host loses all that are not over. Approvals move at
once, since somebody waits for them; who comes back may still decide (`approvals.approvers.check_may_decide`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.intake.approvals import commands as approvals
from services.intake.approvals import store as approval_store
from services.intake.approvals.approvers import ABOVE_ALL
from services.intake.approvals.model import Approval
from services.intake.directory.handover import Away, Moved
from services.intake.visits import events, store
from services.intake.visits.model import Visit
from services.intake.visits.subject import subject_of
from shared.contracts.event import Event
from shared.contracts.events.staff_changed import StaffChanged
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from shared.contracts.events.visit_handed_over import VisitHandedOver
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

PUBLISHES: frozenset[type[Event]] = frozenset({VisitHandedOver, VisitApprovalRequested})


async def move_hosted(uow: UnitOfWork, away: Away, limit: int) -> Moved:
    """Gives the visits to the host's manager, else the next above who is there when the guest comes."""
    hosted = await store.hosted(uow, away.person.staff_id, before=away.until, limit=limit)
    moved = 0
    for visit in hosted:
        successor = await successor_of(uow, away.person, max(visit.arrival, uow.now))
        if successor is not None:
            await _give(uow, visit, successor, away)
            moved += 1
    # As many again may lie behind a full batch; with nobody to take them, asking at once would be a busy loop.
    return Moved(moved, len(hosted) - moved, more=len(hosted) == limit and moved > 0)


async def move_approvals(uow: UnitOfWork, away: Away, limit: int) -> Moved:
    """Gives the approvals that wait for somebody to who stands in, never to who asked (AP-01)."""
    waiting = await approval_store.waiting_for(uow, away.person.staff_id, limit=limit)
    moved = stuck = 0
    for approval in waiting:
        visit = await store.get(uow, approval.visit_id, lock=True)
        assert visit is not None
        still = await approval_store.waiting(uow, visit.id, visit.revision)
        # Decided, or asked of another, before the visit was locked.
        if still is None or still.approver_id != away.person.staff_id:
            continue
        if await _ask_another(uow, visit, still, away):
            moved += 1
        else:
            stuck += 1
    return Moved(moved, stuck, more=len(waiting) == limit and moved > 0)


MOVERS = (move_hosted, move_approvals)


async def _give(uow: UnitOfWork, visit: Visit, successor: StaffChanged, away: Away) -> None:
    given = replace(visit, host_id=successor.staff_id, version=visit.version + 1)
    await store.save(uow, given)
    uow.publish(events.handed_over(given, former_host_id=visit.host_id, why=away.why), about=visit.about)
    uow.audit(
        f"/services/{uow.service}",
        "hand-over",
        "visit",
        visit.id,
        why=away.why,
        host=[str(visit.host_id), str(successor.staff_id)],
    )


async def _ask_another(uow: UnitOfWork, visit: Visit, approval: Approval, away: Away) -> bool:
    approver = await approvals.ask_another(uow, await subject_of(uow, visit), approval)
    if approver is None:
        return False
    uow.audit(
        f"/services/{uow.service}",
        "hand-over",
        "visit-approval",
        visit.id,
        why=away.why,
        approver=[str(approval.approver_id), str(approver.staff_id)],
    )
    return True


async def successor_of(uow: UnitOfWork, person: StaffChanged, at: datetime) -> StaffChanged | None:
    """Who takes over at the instant `at`: the manager, the head of the department or of one above it, or who stands
    above all; each of them, or who acts for them.
    """
    heads = [each.head_id for each in await directory.path(uow, person.department_id)]
    for wanted in (person.manager_id, *heads):
        acting = await directory.acting_for(uow, wanted, at)
        if acting is not None and acting.staff_id != person.staff_id:
            return acting
    for role in ABOVE_ALL:
        for other in await directory.with_role(uow, role):
            if other.staff_id != person.staff_id and directory.is_here(other, at):
                return other
    return None
