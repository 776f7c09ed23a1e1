"""Who may change what in the directory: a permission per field and per command, and never one's own power."""

from __future__ import annotations

from collections.abc import Iterable

from services.intake.directory.model import Member
from shared.kernel.errors import Refused
from shared.security.caller import Caller
from shared.security.permissions import missing
from shared.security.rows import rows_of
from shared.store.unit_of_work import UnitOfWork

FIELDS = {
    "name": "staff.manage",
    "email": "staff.manage",
    "department_id": "staff.manage",
    "manager_id": "staff.manage",
    "weight": "staff.manage",
    "areas": "staff.manage",
    "phone": "staff.manage",
    "language": "staff.manage",
    "zone": "staff.manage",
    "substitute_id": "staff.record-absence",
    "roles": "staff.grant-roles",
}
"""Field of a member of staff → the permission to change it."""

OWN_FIELDS = frozenset({"phone", "language", "zone", "substitute_id"})
"""What people may change of themselves without a permission."""

NEVER_OWN = frozenset({"roles", "lock", "leave", "unlock"})
"""Fields and commands that nobody uses on themself: power is given and taken by somebody else."""


async def check_fields(uow: UnitOfWork, caller: Caller, member: Member, fields: Iterable[str]) -> None:
    """Raises Refused (403): `own-account`, `permission-missing` naming the permission and the field."""
    for name in sorted(fields):
        if member.id == caller.staff_id and name in OWN_FIELDS:
            continue
        await check(uow, caller, member, FIELDS[name], name)


async def check(uow: UnitOfWork, caller: Caller, member: Member, permission: str, what: str) -> None:
    """Whether `caller` may do `what`, a field or a command, to `member`; raises like `check_fields`."""
    field = what if what in FIELDS else None
    if member.id == caller.staff_id and what in NEVER_OWN:
        raise Refused("own-account", status=403, field=field, expected="somebody else than the person")
    if permission not in caller.permissions:
        raise missing(permission, field=field)
    rows = await rows_of(uow, caller, permission)
    if not rows.everything and member.department_id not in rows.departments:
        raise rows.out_of_reach()


async def check_absence(uow: UnitOfWork, caller: Caller, member: Member) -> None:
    """Absences are recorded by the person, by their manager, or with the permission. Raises as `check`."""
    if caller.staff_id not in (member.id, member.manager_id):
        await check(uow, caller, member, "staff.record-absence", "record-absence")
