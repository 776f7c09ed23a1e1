"""Departments, staff, accounts and signing keys as intake keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged

ROLES = frozenset(
    {
        "agent",
        "supervisor",
        "liaison",
        "coordinator",
        "department-manager",
        "administration-manager",
        "general-manager",
        "assistant-to-general-manager",
        "finance",
        "complaint-handler",
        "quality",
        "callback-agent",
        "engineer",
        "dispatcher",
        "customer-data-officer",
        "template-approver",
        "operator",
        "reception",
    }
)
"""The roles that a member of staff may have; what each may do is a table of `shared/security`."""


@dataclass(frozen=True, slots=True)
class Department:
    """A node of the company's tree."""

    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    head_id: UUID | None
    version: int = 1

    def event(self) -> DepartmentChanged:
        """The full state, as it is published."""
        return DepartmentChanged(
            department_id=self.id, code=self.code, name=self.name, parent_id=self.parent_id, head_id=self.head_id
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff; `active` is false once the person has left."""

    id: UUID
    email: str
    name: str
    department_id: UUID
    phone: str | None = None
    language: str = "zh-CN"
    zone: str = "Asia/Shanghai"
    manager_id: UUID | None = None
    substitute_id: UUID | None = None
    absent_from: datetime | None = None
    absent_until: datetime | None = None
    roles: tuple[str, ...] = ()
    weight: int = 1
    active: bool = True
    version: int = 1

    def event(self) -> StaffChanged:
        """The full state, as it is published."""
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
            absent_from=self.absent_from,
            absent_until=self.absent_until,
            roles=self.roles,
            weight=self.weight,
            active=self.active,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What a person signs in with. `active` is the member's: who has left signs in no more."""

    staff_id: UUID
    password_hash: str = field(repr=False)
    active: bool


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
