"""The tree of departments: added, changed, closed, opened again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.intake.directory import store
from services.intake.directory.circles import leads_back
from services.intake.directory.machine import DEPARTMENT
from services.intake.directory.model import Department
from shared.kernel.errors import NotFound, Refused
from shared.store.unit_of_work import UnitOfWork


async def add(uow: UnitOfWork, values: Mapping[str, Any], *, by: UUID) -> Department:
    """A new department. Raises Refused: `department-exists` (409), `department-unknown`, `staff-unknown` (422)."""
    await store.lock_directory(uow)
    DEPARTMENT.step("new", "add")
    made = Department(id=uow.new_id("department"), **values)
    await _check(uow, made)
    return await _save(uow, made, "add", by)


async def change(uow: UnitOfWork, department_id: UUID, changes: Mapping[str, Any], *, by: UUID) -> Department:
    """Other name, code, parent or head; what is not named stays.

    Raises like `add`, NotFound, Refused: `department-state`, `department-circle` (409).
    """
    await store.lock_directory(uow)
    before = await _get(uow, department_id)
    DEPARTMENT.step(before.state, "change")
    after = replace(before, **changes)
    if after == before:
        return before
    await _check(uow, after)
    fields = sorted(name for name, value in changes.items() if value != getattr(before, name))
    return await _save(uow, replace(after, version=before.version + 1), "change", by, fields=fields)


async def close(uow: UnitOfWork, department_id: UUID, *, by: UUID) -> Department:
    """The department is no more. Raises NotFound, Refused: `department-state`, `department-in-use` (409)."""
    await store.lock_directory(uow)
    before = await _get(uow, department_id)
    DEPARTMENT.step(before.state, "close")
    if await store.is_in_use(uow, department_id):
        raise Refused("department-in-use", expected="a department without staff and without open departments below")
    return await _save(uow, replace(before, active=False, version=before.version + 1), "close", by)


async def reopen(uow: UnitOfWork, department_id: UUID, *, by: UUID) -> Department:
    """A closed one is there again. Raises NotFound, Refused: `department-state`, `department-unknown` (its parent)."""
    await store.lock_directory(uow)
    before = await _get(uow, department_id)
    DEPARTMENT.step(before.state, "reopen")
    after = replace(before, active=True, version=before.version + 1)
    await _check(uow, after)
    return await _save(uow, after, "reopen", by)


async def open_department(uow: UnitOfWork, department_id: UUID, field: str) -> Department:
    """A department that somebody may be given to. Raises Refused(`department-unknown`, 422)."""
    found = await store.get_department(uow, department_id)
    if found is None or not found.active:
        raise Refused("department-unknown", status=422, field=field, expected="id of a department")
    return found


async def _check(uow: UnitOfWork, one: Department) -> None:
    every = {each.id: each for each in await store.all_departments(uow)}
    if any(each.code == one.code for each in every.values() if each.id != one.id):
        raise Refused("department-exists", field="code", expected="a code that no other department has")
    if one.parent_id is not None:
        await open_department(uow, one.parent_id, "parent_id")
    parents = {each.id: each.parent_id for each in every.values()} | {one.id: one.parent_id}
    if leads_back(one.id, parents.get):
        raise Refused("department-circle", field="parent_id", expected="a department that does not lie below this one")
    if one.head_id is not None:
        head = await store.get_member(uow, one.head_id)
        if head is None or not head.active:
            raise Refused("staff-unknown", status=422, field="head_id", expected="a member of staff who is still here")


async def _get(uow: UnitOfWork, department_id: UUID) -> Department:
    found = await store.get_department(uow, department_id)
    if found is None:
        raise NotFound("department")
    return found


async def _save(uow: UnitOfWork, one: Department, command: str, by: UUID, **detail: Any) -> Department:
    await store.save_department(uow, one)
    uow.publish(one.event())
    uow.audit(by, command, "department", one.id, **detail)
    return one
