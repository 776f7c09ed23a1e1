"""Who works here, as this service knows it from its copies of `staff` and `departments`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.staff_changed import Absence, StaffChanged
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork

Lookup = Callable[[UUID], Awaitable[StaffChanged | None]]

_MOST_ASKED = 50
"""People looked at to find a stand-in: more than any chain of substitutes and managers has."""


async def member(uow: UnitOfWork, staff_id: UUID | str | None) -> StaffChanged | None:
    """A member of staff by id, also one who has left; None where unknown."""
    body = None if staff_id is None else await copies.get(uow, "staff", staff_id)
    return None if body is None else StaffChanged.model_validate(body)


async def department(uow: UnitOfWork, department_id: UUID | str | None) -> DepartmentChanged | None:
    """A department by id; None where unknown."""
    body = None if department_id is None else await copies.get(uow, "departments", department_id)
    return None if body is None else DepartmentChanged.model_validate(body)


async def path(uow: UnitOfWork, department_id: UUID | None) -> list[DepartmentChanged]:
    """A department and those above it, the nearest first, as far as they are known; a circle ends where it closes."""
    found: dict[UUID, DepartmentChanged] = {}
    while department_id is not None and department_id not in found:
        one = await department(uow, department_id)
        if one is None:
            break
        found[department_id], department_id = one, one.parent_id
    return list(found.values())


async def department_by_code(uow: UnitOfWork, code: str) -> DepartmentChanged | None:
    """A department by its code; None where unknown."""
    found = await copies.find(uow, "departments", code=code)
    return DepartmentChanged.model_validate(found[0]) if found else None


async def departments_of(uow: UnitOfWork, person: StaffChanged) -> frozenset[UUID]:
    """The departments that are `person`'s to look after: their own, those they head, and all below these."""
    headed = await copies.find(uow, "departments", head_id=str(person.staff_id))
    tops = {str(person.department_id), *(str(body["department_id"]) for body in headed)}
    return frozenset(UUID(key) for key in await copies.below(uow, "departments", tops, parent="parent_id"))


async def with_role(uow: UnitOfWork, role: str, department_id: UUID | None = None) -> list[StaffChanged]:
    """The members with `role` who have not left and are not locked, in one department or all, by id."""
    where: dict[str, object] = {"roles": [role], "active": True}
    if department_id is not None:
        where["department_id"] = str(department_id)
    found = [StaffChanged.model_validate(body) for body in await copies.find(uow, "staff", **where)]
    return [person for person in found if not person.locked]


async def acting_for(uow: UnitOfWork, staff_id: UUID | None, at: datetime) -> StaffChanged | None:
    """Who acts for `staff_id` at the instant `at`: the person, or while not here a stand-in; None where nobody does."""

    async def look(wanted: UUID) -> StaffChanged | None:
        return await member(uow, wanted)

    return await stand_in(look, staff_id, at)


async def stand_in(look: Lookup, staff_id: UUID | None, at: datetime) -> StaffChanged | None:
    """The first who is here at `at`: the person, the substitute of the absence, the usual one, the manager; each of
    them with their own stand-ins before the next.

    Nobody is asked twice, so people who stand in for each other end in somebody else or None, never in a circle.
    """
    asked: set[UUID] = set()
    waiting = [staff_id]
    while waiting and len(asked) < _MOST_ASKED:
        wanted = waiting.pop(0)
        if wanted is None or wanted in asked:
            continue
        asked.add(wanted)
        person = await look(wanted)
        if person is None:
            continue
        if is_here(person, at):
            return person
        away = absence_at(person, at)
        waiting = [away.substitute_id if away else None, person.substitute_id, person.manager_id, *waiting]
    return None


def is_here(person: StaffChanged, at: datetime) -> bool:
    """Whether `person` can act at the instant `at`: has not left, is not locked, is not absent."""
    return person.active and not person.locked and not is_absent(person, at)


def is_absent(person: StaffChanged, at: datetime) -> bool:
    """Whether `person` is away at the instant `at`."""
    return absence_at(person, at) is not None


def absence_at(person: StaffChanged, at: datetime) -> Absence | None:
    """The absence in which the instant `at` lies."""
    return next((away for away in absences(person) if covers(away, at)), None)


def absences(person: StaffChanged) -> tuple[Absence, ...]:
    """Every absence that is known; a copy of before version 2 has one at most."""
    if person.absences or person.absent_from is None:
        return person.absences
    return (Absence(starts=person.absent_from, ends=person.absent_until),)


def covers(away: Absence, at: datetime) -> bool:
    """Whether the instant `at` lies in this absence."""
    return away.starts <= at and (away.ends is None or at < away.ends)
