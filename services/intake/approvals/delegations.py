"""Delegations: somebody who decides lets another decide up to an amount (AP-03)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.intake.approvals import delegation_store
from services.intake.approvals.model import Delegation
from shared.kernel.errors import NotFound, Refused
from shared.kernel.money import Money
from shared.security import directory
from shared.security.caller import Caller
from shared.store.unit_of_work import UnitOfWork


async def delegate(
    uow: UnitOfWork,
    delegate_id: UUID,
    cap: Money,
    *,
    department_id: UUID | None,
    starts: datetime | None,
    ends: datetime | None,
    by: UUID,
) -> Delegation:
    """Lets `delegate_id` decide in the caller's place. Raises Refused: `delegate-unsuitable`, `impossible-dates`,
    `department-unknown` (422).
    """
    person = await directory.member(uow, delegate_id)
    if person is None or not person.active or person.locked or delegate_id == by:
        raise Refused("delegate-unsuitable", status=422, field="delegate_id", expected="another member of staff")
    if department_id is not None and await directory.department(uow, department_id) is None:
        raise Refused("department-unknown", status=422, field="department_id", expected="id of a department")
    begins = starts or uow.now
    if ends is not None and ends <= max(begins, uow.now):
        raise Refused("impossible-dates", status=422, field="ends", expected="an instant that is to come")
    one = Delegation(uow.new_id("approval-delegation"), by, delegate_id, department_id, cap, begins, ends, uow.now)
    await delegation_store.add(uow, one)
    uow.audit(by, "delegate", "approval-delegation", one.id, to=str(delegate_id), cap=cap.minor, currency=cap.currency)
    return one


async def end(uow: UnitOfWork, delegation_id: UUID, *, caller: Caller) -> Delegation:
    """From now on it may not be used, neither for what already waits. Whoever gave or has it may end it.

    Raises NotFound, Refused(`not-the-approver`, 403).
    """
    one = await delegation_store.get(uow, delegation_id, lock=True)
    if one is None:
        raise NotFound("approval-delegation")
    if caller.staff_id not in (one.principal_id, one.delegate_id):
        raise Refused("not-the-approver", status=403, expected="who gave or has the delegation")
    ended = replace(one, ended_at=one.ended_at or uow.now)
    await delegation_store.end(uow, ended)
    uow.audit(caller.staff_id, "end-delegation", "approval-delegation", one.id)
    return ended
