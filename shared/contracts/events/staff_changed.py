"""staff-changed: the full state of a member of our staff."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.event import Event
from shared.contracts.topics import STAFF


class StaffChanged(Event, type="staff-changed", topic=STAFF, key="staff_id"):
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
    absent_until: AwareDatetime | None = None
    roles: tuple[str, ...] = ()
    weight: int = Field(default=1, ge=0)
    """Share of new work (CB-05): work goes to the highest weight ÷ (open + 1)."""
    active: bool = True
    """False once the person has left."""
