"""Departments, staff, accounts and signing keys as intake keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.events import staff_changed
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.security import permissions

ROLES = frozenset(permissions.ROLES)
"""The roles that a member of staff may have; what each may do is the table of `shared/security`."""


@dataclass(frozen=True, slots=True)
class Department:
    """A node of the company's tree; `active` is false once it is closed."""

    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    head_id: UUID | None
    active: bool = True
    version: int = 1

    @property
    def state(self) -> str:
        """Where it is in its machine."""
        return "open" if self.active else "closed"

    def event(self) -> DepartmentChanged:
        """The full state, as it is published."""
        return DepartmentChanged(
            department_id=self.id,
            code=self.code,
            name=self.name,
            parent_id=self.parent_id,
            head_id=self.head_id,
            active=self.active,
        )


@dataclass(frozen=True, slots=True)
class Absence:
    """When somebody is away. `ends` None: nobody knows yet; `substitute_id` stands in, else the usual substitute."""

    id: UUID
    starts: datetime
    ends: datetime | None = None
    substitute_id: UUID | None = None

    def meets(self, starts: datetime, ends: datetime | None) -> bool:
        """Whether it shares a moment with that time."""
        return (ends is None or self.starts < ends) and (self.ends is None or starts < self.ends)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff; `active` is false once the person has left. `absences` are those not over, in order."""

    id: UUID
    email: str
    name: str
    department_id: UUID
    phone: str | None = None
    language: str = "zh-CN"
    zone: str = "Asia/Shanghai"
    manager_id: UUID | None = None
    substitute_id: UUID | None = None
    roles: tuple[str, ...] = ()
    weight: int = 1
    areas: tuple[str, ...] = ()
    absences: tuple[Absence, ...] = ()
    active: bool = True
    locked: bool = False
    version: int = 1

    @property
    def names(self) -> frozenset[UUID]:
        """Whom this person names: the manager and every substitute."""
        named = (self.manager_id, self.substitute_id, *(away.substitute_id for away in self.absences))
        return frozenset(id_ for id_ in named if id_ is not None)

    @property
    def state(self) -> str:
        """Where the person is in the machine of staff."""
        return "left" if not self.active else "locked" if self.locked else "working"

    def event(self) -> StaffChanged:
        """The full state, as it is published."""
        first = self.absences[0] if self.absences else None
        return StaffChanged(
            staff_id=self.id,
            name=self.name,
            email=self.email,
            phone=self.phone,
            language=self.language,
            zone=self.zone,
            department_id=self.department_id,
            manager_id=self.manager_id,
            substitute_id=self.substitute_id,
            absent_from=first.starts if first else None,
            absent_until=first.ends if first else None,
            roles=self.roles,
            weight=self.weight,
            active=self.active,
            locked=self.locked,
            areas=self.areas,
            absences=tuple(
                staff_changed.Absence(starts=one.starts, ends=one.ends, substitute_id=one.substitute_id)
                for one in self.absences
            ),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What a person signs in with."""

    staff_id: UUID
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An Ed25519 key pair at rest, its private half encrypted. No token of it is valid after `not_after`."""

    key_id: str
    public_key: str
    private_key: str = field(repr=False)
    created_at: datetime
    not_after: datetime

    def event(self) -> SigningKeyPublished:
        """What the other services need to check tokens."""
        return SigningKeyPublished(key_id=self.key_id, public_key=self.public_key, not_after=self.not_after)


def choose_key(keys: list[StoredKey], known_since: datetime) -> StoredKey | None:
    """The newest key published before `known_since`, else the oldest: the one that the other services know longest."""
    by_age = sorted(keys, key=lambda key: key.created_at)
    known = [key for key in by_age if key.created_at <= known_since]
    return known[-1] if known else next(iter(by_age), None)
