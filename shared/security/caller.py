"""Who calls: a member of staff with a token, a channel with a key, a guest with neither; and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import Refused
from shared.security import directory, tokens
from shared.security.permissions import permissions_of
from shared.store.unit_of_work import UnitOfWork

BARRED: tuple[tuple[str, Callable[[StaffChanged, datetime], bool]], ...] = (
    ("account-inactive", lambda person, _at: not person.active),
    ("account-locked", lambda person, _at: person.locked),
    ("account-absent", directory.is_absent),
)
"""Who has no access although they are who they say: the refusal's code, and when it holds; the first row counts."""


def barred(person: StaffChanged, at: datetime) -> str | None:
    """Why `person` has no access at the instant `at`; None for who has."""
    return next((code for code, holds in BARRED if holds(person, at)), None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `id` is the staff id, the channel's name, or the network that a guest comes from."""

    kind: Literal["staff", "channel", "guest"]
    id: str
    permissions: frozenset[str] = frozenset()
    language: str = "zh-CN"
    member: StaffChanged | None = None

    @property
    def staff_id(self) -> UUID:
        """The member of staff who acts. Raises Refused(`staff-only`, 403) where somebody else calls."""
        if self.kind != "staff":
            raise Refused("staff-only", status=403, expected="a member of staff")
        return UUID(self.id)


async def staff_caller(uow: UnitOfWork, token: str) -> Caller:
    """The member of staff that `token` names, as this service's copy of the directory knows them now.

    Raises Refused: 401 where the token is not valid or its bearer is barred, 503 while no signing key is known here.
    """
    staff_id = await tokens.verify(uow, token)
    member = await directory.member(uow, staff_id)
    reason = "account-inactive" if member is None else barred(member, uow.now)
    if member is None or reason is not None:
        raise Refused(reason or "account-inactive", status=401)
    return Caller("staff", str(staff_id), permissions_of(member.roles), member.language, member)
