"""Whom a step asks, and who may decide it: a row per kind of approver (AP-01, AP-03, AP-04, AP-07, AP-13)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from services.intake.approvals import delegation_store
from services.intake.approvals.model import Approval, Step, Subject, Who
from services.intake.approvals.shipped import routes
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

ABOVE_ALL = ("general-manager", "administration-manager", "assistant-to-general-manager")
"""Who decides, in this order, where the requester is at the top of the directory's tree."""

_HIGHEST = 20
"""Steps up: more than any company has, so that managers in a circle end."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Who is asked; `acting_for` is the absent person whose substitute that is, or who gave the delegation."""

    staff_id: UUID
    acting_for: UUID | None
    delegation_id: UUID | None = None


async def approver_for(uow: UnitOfWork, step: Step, subject: Subject) -> Approver:
    """The first who can be asked, never whoever applies, not as a substitute or delegate either.

    Raises Refused(`no-approver`, 409).
    """
    async for wanted in _candidates(uow, step.who, subject):
        approver = await _acting(uow, wanted, step, subject)
        if approver is not None:
            return approver
    raise Refused("no-approver", field="host", expected="somebody other than the requester who may decide")


async def check_may_decide(uow: UnitOfWork, approval: Approval, *, requester_id: UUID | None, by: UUID) -> UUID | None:
    """Whom `by` acts for in deciding; None for the approver in person.

    Deciding are the person asked, the absent one if back, or who stands in for them now; a delegate as long as the
    delegation lasts. Raises Refused: `own-request`, `not-the-approver`, `delegation-ended` (403).
    """
    if by == requester_id:
        raise Refused("own-request", status=403, expected="somebody other than the requester")
    principal = approval.acting_for or approval.approver_id
    if by == principal:
        return None
    stand_in = await directory.acting_for(uow, principal, uow.now)
    if stand_in is not None and by == stand_in.staff_id:
        return principal
    if by != approval.approver_id:
        raise Refused("not-the-approver", status=403, expected="the approver, or the substitute while absent")
    if approval.delegation_id is not None:
        delegation = await delegation_store.get(uow, approval.delegation_id)
        if delegation is None or not delegation.holds_at(uow.now):
            raise Refused("delegation-ended", status=403, expected="who gave the delegation")
    return principal


async def to_inform(uow: UnitOfWork, code: str, subject: Subject) -> tuple[UUID, ...]:
    """Who hears of an approval on this route, each once; nobody where the route has gone meanwhile."""
    found: dict[UUID, None] = {}
    route = routes().get(code)
    for who in route.informed if route is not None else ():
        async for wanted in _candidates(uow, who, subject):
            acting = await directory.acting_for(uow, wanted, uow.now)
            if acting is not None:
                found[acting.staff_id] = None
                break
    return tuple(found)


async def _candidates(uow: UnitOfWork, who: Who, subject: Subject) -> AsyncIterator[UUID]:
    """The one who is meant, then whoever is above, at last who stands above all."""
    wanted = await _FIRST[who](uow, subject)
    for _ in range(_HIGHEST):
        if wanted is None:
            break
        yield wanted
        person = await directory.member(uow, wanted)
        wanted = person.manager_id if person else None
    for role in ABOVE_ALL:
        for person in await directory.with_role(uow, role):
            yield person.staff_id


async def _superior(uow: UnitOfWork, subject: Subject) -> UUID | None:
    person = await directory.member(uow, subject.requester_id or subject.host_id)
    return person.manager_id if person else None


async def _department_manager(uow: UnitOfWork, subject: Subject) -> UUID | None:
    department = await directory.department(uow, subject.department_id)
    if department is not None and department.head_id is not None:
        return department.head_id
    host = await directory.member(uow, subject.host_id)
    return host.manager_id if host else None


def _with_role(role: str) -> Callable[[UnitOfWork, Subject], Awaitable[UUID | None]]:
    async def first(uow: UnitOfWork, subject: Subject) -> UUID | None:
        others = [one for one in await directory.with_role(uow, role) if one.staff_id != subject.requester_id]
        here = [one for one in others if directory.is_here(one, uow.now)]
        return next((one.staff_id for one in (*here, *others)), None)

    return first


_FIRST: dict[Who, Callable[[UnitOfWork, Subject], Awaitable[UUID | None]]] = {
    "superior": _superior,
    "department-manager": _department_manager,
    "administration-manager": _with_role("administration-manager"),
    "general-manager": _with_role("general-manager"),
    "assistant-to-general-manager": _with_role("assistant-to-general-manager"),
}


async def _acting(uow: UnitOfWork, wanted: UUID, step: Step, subject: Subject) -> Approver | None:
    if wanted == subject.requester_id:
        return None
    if step.delegable:
        delegate = await _delegate(uow, wanted, subject)
        if delegate is not None:
            return delegate
    acting = await directory.acting_for(uow, wanted, uow.now)
    if acting is None or acting.staff_id == subject.requester_id:
        return None
    return Approver(acting.staff_id, None if acting.staff_id == wanted else wanted)


async def _delegate(uow: UnitOfWork, principal_id: UUID, subject: Subject) -> Approver | None:
    """Who got a delegation that reaches as far as this plan, and is here to use it."""
    for delegation in await delegation_store.in_force(uow, principal_id):
        reaches = delegation.holds_at(uow.now) and delegation.covers(subject.department_id, subject.total)
        if not reaches or delegation.delegate_id == subject.requester_id:
            continue
        person = await directory.member(uow, delegation.delegate_id)
        if person is not None and directory.is_here(person, uow.now):
            return Approver(delegation.delegate_id, principal_id, delegation.id)
    return None
