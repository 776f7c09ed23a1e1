"""Who works here, as this service knows it from its copies of `staff` and `departments`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork


async def member(uow: UnitOfWork, staff_id: UUID | str | None) -> StaffChanged | None:
    """A member of staff by id, also one who has left; None where unknown."""
    body = None if staff_id is None else await copies.get(uow, "staff", staff_id)
    return None if body is None else StaffChanged.model_validate(body)


async def department(uow: UnitOfWork, department_id: UUID | str | None) -> DepartmentChanged | None:
    """A department by id; None where unknown."""
    body = None if department_id is None else await copies.get(uow, "departments", department_id)
    return None if body is None else DepartmentChanged.model_validate(body)


async def department_by_code(uow: UnitOfWork, code: str) -> DepartmentChanged | None:
    """A department by its code; None where unknown."""
    found = await copies.find(uow, "departments", code=code)
    return DepartmentChanged.model_validate(found[0]) if found else None


async def with_role(uow: UnitOfWork, role: str, department_id: UUID | None = None) -> list[StaffChanged]:
    """The active members with `role`, in one department or all, by id."""
    where: dict[str, object] = {"roles": [role], "active": True}
    if department_id is not None:
        where["department_id"] = str(department_id)
    return [StaffChanged.model_validate(body) for body in await copies.find(uow, "staff", **where)]


async def acting_for(uow: UnitOfWork, staff_id: UUID | None, at: datetime) -> StaffChanged | None:
    """Who acts for `staff_id` at the instant `at`: the person, or while absent or gone the substitute, or the manager.

    At most ten steps, so that two absent people who stand in for each other end in None, not in a circle.
    """
    wanted = staff_id
    for _ in range(10):
        person = await member(uow, wanted)
        if person is None:
            return None
        if person.active and not is_absent(person, at):
            return person
        wanted = person.substitute_id or person.manager_id
    return None


def is_absent(person: StaffChanged, at: datetime) -> bool:
    """Whether `person` is away at the instant `at`."""
    if person.absent_from is None:
        return False
    return person.absent_from <= at and (person.absent_until is None or at < person.absent_until)
