"""staff-changed: the full state of a member of our staff."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.event import Event, Value
from shared.contracts.topics import STAFF


class Absence(Value):
    """When somebody is away; `ends` None: nobody knows yet until when."""

    starts: AwareDatetime
    ends: AwareDatetime | None = None
    substitute_id: UUID | None = None
    """Stands in this time; else the one who always does."""


class StaffChanged(Event, type="staff-changed", topic=STAFF, key="staff_id", version=2):
    """The full state of a member of our staff."""

    staff_id: UUID
    name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    phone: str | None = Field(default=None, max_length=20)
    language: str = "zh-CN"
    zone: str = "Asia/Shanghai"
    department_id: UUID
    manager_id: UUID | None = None
    substitute_id: UUID | None = None
    """Acts for this person while absent."""
    absent_from: AwareDatetime | None = None
    """The present absence or the next, for readers of version 1; the others read `absences`."""
    absent_until: AwareDatetime | None = None
    roles: tuple[str, ...] = ()
    weight: int = Field(default=1, ge=0)
    """Share of new work (CB-05): work goes to the highest weight ÷ (open + 1)."""
    active: bool = True
    """False once the person has left."""
    locked: bool = False
    """No access until somebody unlocks the account."""
    areas: tuple[str, ...] = ()
    """Where this person works: codes of areas, by which work is dispatched (WO-06)."""
    absences: tuple[Absence, ...] = ()
    """Present and future ones, the earliest first."""
