"""Permissions by row: whose things a caller may see or act on, checked in queries as well as in commands."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.kernel.errors import Refused
from shared.security import directory
from shared.security.caller import Caller
from shared.security.permissions import Reach, missing, reach_of
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Rows:
    """What one permission of one caller reaches. A store turns it into a condition; without `everything` that is: the
    caller takes part, or the thing belongs to one of `departments`.
    """

    permission: str
    staff_id: UUID
    everything: bool
    departments: frozenset[UUID]

    def cover(self, department_id: UUID | None, *people: UUID | None) -> bool:
        """Whether a thing of that department, in which these take part, is within reach."""
        return self.everything or self.staff_id in people or department_id in self.departments

    def check(self, department_id: UUID | None, *people: UUID | None) -> None:
        """Raises Refused(`permission-missing`, 403) where the thing is out of reach."""
        if not self.cover(department_id, *people):
            raise self.out_of_reach()

    def out_of_reach(self) -> Refused:
        """The refusal of who has the permission, but not as far as here."""
        return missing(self.permission, expected=f"the permission {self.permission} over this department")


async def rows_of(uow: UnitOfWork, caller: Caller, permission: str, *, or_own: bool = False) -> Rows:
    """How far `caller` reaches with `permission`.

    Who lacks it is refused (`permission-missing`, 403), or reaches their own things only, where `or_own` says so.
    """
    reach = None if caller.member is None else reach_of(caller.member.roles, permission)
    if reach is None and or_own:
        reach = Reach.OWN
    if reach is None or caller.member is None:
        raise missing(permission)
    departments: frozenset[UUID] = frozenset()
    if reach is Reach.DEPARTMENT:
        departments = await directory.departments_of(uow, caller.member)
    return Rows(permission, caller.staff_id, reach is Reach.ALL, departments)
