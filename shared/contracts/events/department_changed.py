"""department-changed: the full state of a department; departments are a tree and data, never constants in code."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event
from shared.contracts.topics import DEPARTMENTS


class DepartmentChanged(Event, type="department-changed", topic=DEPARTMENTS, key="department_id", version=2):
    """The full state of a department; departments are a tree and data, never constants in code."""

    department_id: UUID
    code: str = Field(max_length=64)
    name: str = Field(max_length=200)
    parent_id: UUID | None = None
    head_id: UUID | None = None
    active: bool = True
    """False once it is closed: nobody belongs to it any more, and nothing new is given to it."""
