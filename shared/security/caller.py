"""Who calls: a member of staff with a token, or a channel with a key; and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import Refused
from shared.security import directory, tokens
from shared.security.permissions import permissions_of
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `id` is the staff id, or the channel's name."""

    kind: Literal["staff", "channel"]
    id: str
    permissions: frozenset[str] = frozenset()
    language: str = "zh-CN"
    member: StaffChanged | None = None

    @property
    def staff_id(self) -> UUID:
        """The member of staff who acts. Raises Refused(`permission-missing`, 403) where a channel calls."""
        if self.kind != "staff":
            raise Refused("permission-missing", status=403, expected="a member of staff")
        return UUID(self.id)


async def staff_caller(uow: UnitOfWork, token: str) -> Caller:
    """The member of staff that `token` names, as this service's copy of the directory knows them now.

    Raises Refused: 401 where the token is not valid or its bearer has left, 503 while no signing key is known here.
    """
    staff_id = await tokens.verify(uow, token)
    member = await directory.member(uow, staff_id)
    if member is None or not member.active:
        raise Refused("account-inactive", status=401)
    return Caller("staff", str(staff_id), permissions_of(member.roles), member.language, member)
