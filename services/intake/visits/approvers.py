"""Who decides about a visit: the host's department manager, a substitute, or whoever is next above (AP-01, AP-07)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

ROLE = "department-manager"

ABOVE_ALL = ("general-manager", "administration-manager", "assistant-to-general-manager")
"""Who decides, in this order, where the requester is at the top of the directory's tree."""

_HIGHEST = 20
"""Steps up: more than any company has, so that managers in a circle end."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Who is asked; `acting_for` is the absent person whose substitute that is."""

    staff_id: UUID
    acting_for: UUID | None


async def approver_for(uow: UnitOfWork, host: StaffChanged, requester_id: UUID | None) -> Approver:
    """The head of the host's department, else the host's manager; next manager up from whoever asked.

    Nobody approves their own request, not as a substitute either. Raises Refused(`no-approver`, 409).
    """
    department = await directory.department(uow, host.department_id)
    wanted = (department.head_id if department else None) or host.manager_id
    for _ in range(_HIGHEST):
        if wanted is None:
            break
        approver = await _acting(uow, wanted, requester_id)
        if approver is not None:
            return approver
        person = await directory.member(uow, wanted)
        wanted = person.manager_id if person else None
    for role in ABOVE_ALL:
        for person in await directory.with_role(uow, role):
            approver = await _acting(uow, person.staff_id, requester_id)
            if approver is not None:
                return approver
    raise Refused(
        "no-approver", field="host", expected="a host whose department has a manager other than the requester"
    )


async def check_may_decide(
    uow: UnitOfWork, *, approver_id: UUID, acting_for: UUID | None, requester_id: UUID | None, by: UUID
) -> UUID | None:
    """Whom `by` acts for in deciding; None for the approver in person.

    Deciding are the person asked, the absent one if back, or who stands in for them now. Raises Refused: `own-request`
    or `not-the-approver` (403).
    """
    if by == requester_id:
        raise Refused("own-request", status=403, expected="somebody other than the requester")
    principal = acting_for or approver_id
    if by == principal:
        return None
    stand_in = await directory.acting_for(uow, principal, uow.now)
    if by == approver_id or (stand_in is not None and by == stand_in.staff_id):
        return principal
    raise Refused("not-the-approver", status=403, expected="the approver, or the substitute while absent")


async def _acting(uow: UnitOfWork, wanted: UUID, requester_id: UUID | None) -> Approver | None:
    if wanted == requester_id:
        return None
    acting = await directory.acting_for(uow, wanted, uow.now)
    if acting is None or acting.staff_id == requester_id:
        return None
    return Approver(acting.staff_id, None if acting.staff_id == wanted else wanted)
