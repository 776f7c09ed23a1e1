"""Members of staff: hired, changed, locked, gone, back again. What others must know goes out as `staff-changed`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.intake.directory import account_store, store
from services.intake.directory.authority import check, check_fields
from services.intake.directory.circles import is_own_manager, stands_in_for_self
from services.intake.directory.departments import open_department
from services.intake.directory.machine import STAFF
from services.intake.directory.model import Member
from shared.kernel.errors import NotFound, Refused
from shared.security.caller import Caller
from shared.security.permissions import missing
from shared.store.unit_of_work import UnitOfWork

_TOLD = frozenset({"department_id", "manager_id", "substitute_id", "roles", "areas", "weight"})
"""Fields whose values the audit trail tells, before and after; of the others, which are personal, only the names."""

NAMES = frozenset({"email", "department_id", "manager_id", "substitute_id"})
"""Fields that name something which has to be there, or may be there once only."""


async def hire(uow: UnitOfWork, values: Mapping[str, Any], *, by: Caller) -> Member:
    """Somebody new. An account is opened by an operator, who hands over the password.

    Raises Refused: `staff-exists` (409), `department-unknown`, `staff-unknown`, `staff-circle` (422), 403 as in
    `authority`.
    """
    await store.lock_directory(uow)
    STAFF.step("new", "hire")
    if values.get("roles") and "staff.grant-roles" not in by.permissions:
        raise missing("staff.grant-roles", field="roles")
    member = Member(id=uow.new_id("staff"), **values)
    await check_names(uow, member, NAMES)
    return await save(uow, member, "hire", by.staff_id)


async def change(uow: UnitOfWork, staff_id: UUID, changes: Mapping[str, Any], *, by: Caller) -> Member:
    """Other values of some fields; what is not named stays.

    Raises as `hire`, NotFound, Refused(`staff-state`). What would change nothing needs no permission.
    """
    await store.lock_directory(uow)
    before = await get(uow, staff_id)
    STAFF.step(before.state, "change")
    differing = {name: value for name, value in changes.items() if value != getattr(before, name)}
    await check_fields(uow, by, before, differing)
    if not differing:
        return before
    after = replace(before, **differing, version=before.version + 1)
    await check_names(uow, after, NAMES & differing.keys())
    told = {name: [_plain(getattr(before, name)), _plain(differing[name])] for name in differing.keys() & _TOLD}
    return await save(uow, after, "change", by.staff_id, fields=sorted(differing), **told)


async def lock(uow: UnitOfWork, staff_id: UUID, *, by: Caller) -> Member:
    """No access from now on, and open work moves. Raises NotFound, Refused: `staff-state`, 403."""
    return await _step(uow, staff_id, "lock", "staff.lock", by, locked=True)


async def unlock(uow: UnitOfWork, staff_id: UUID, *, by: Caller) -> Member:
    """Access again; what has moved stays where it is. Raises like `lock`."""
    return await _step(uow, staff_id, "unlock", "staff.lock", by, locked=False)


async def leave(uow: UnitOfWork, staff_id: UUID, *, by: Caller) -> Member:
    """The person has left (CF-09): no access, no password, no roles, and open work moves. Raises like `lock`."""
    gone = await _step(uow, staff_id, "leave", "staff.manage", by, active=False, locked=False, roles=(), absences=())
    await account_store.close_account(uow, staff_id)
    return gone


async def rejoin(uow: UnitOfWork, staff_id: UUID, *, by: Caller) -> Member:
    """Somebody who had left works here again, without roles until they are given. Raises like `lock`."""
    return await _step(uow, staff_id, "rejoin", "staff.manage", by, active=True)


async def get(uow: UnitOfWork, staff_id: UUID) -> Member:
    """A member of staff, for a decision. Raises NotFound."""
    found = await store.get_member(uow, staff_id, lock=True)
    if found is None:
        raise NotFound("staff")
    return found


async def save(uow: UnitOfWork, member: Member, command: str, by: object, **detail: Any) -> Member:
    """Stores what was decided, tells everybody, and records who did it."""
    await store.save_member(uow, member)
    uow.publish(member.event())
    uow.audit(by, command, "staff", member.id, **detail)
    return member


async def check_names(uow: UnitOfWork, member: Member, fields: Collection[str]) -> None:
    """What these fields name must be there, and nobody may come back to themself. Raises Refused (409, 422)."""
    if "email" in fields:
        namesake = await store.by_email(uow, member.email)
        if namesake is not None and namesake.id != member.id:
            raise Refused("staff-exists", field="email", expected="an address that no colleague has")
    if "department_id" in fields:
        await open_department(uow, member.department_id, "department_id")
    people = await store.reachable(uow, member.names) | {member.id: member}
    for field, named in (("manager_id", member.manager_id), ("substitute_id", member.substitute_id)):
        if field in fields and named is not None and (named not in people or not people[named].active):
            raise Refused("staff-unknown", status=422, field=field, expected="a member of staff who is still here")
    if is_own_manager(member.id, people):
        raise _circle("manager_id")
    if stands_in_for_self(member.id, people):
        raise _circle("substitute_id")


def _circle(field: str) -> Refused:
    return Refused("staff-circle", status=422, field=field, expected="somebody who does not lead back to the person")


async def _step(uow: UnitOfWork, staff_id: UUID, command: str, permission: str, by: Caller, **changes: Any) -> Member:
    await store.lock_directory(uow)
    before = await get(uow, staff_id)
    await check(uow, by, before, permission, command)
    STAFF.step(before.state, command)
    return await save(uow, replace(before, **changes, version=before.version + 1), command, by.staff_id)


def _plain(value: Any) -> Any:
    """As JSON."""
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, UUID) else value
