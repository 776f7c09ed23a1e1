"""The way up from a department: nearest first, as far as it is known, and never in a circle."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.events.department_changed import DepartmentChanged
from shared.security import directory

TOP, MIDDLE, DESK = uuid4(), uuid4(), uuid4()


async def way_up(monkeypatch: pytest.MonkeyPatch, parents: dict[UUID, UUID | None]) -> list[UUID]:
    known = {
        key: DepartmentChanged(department_id=key, code=str(key)[:8], name="Desk", parent_id=parent)
        for key, parent in parents.items()
    }

    async def department(_uow: Any, department_id: UUID | None) -> DepartmentChanged | None:
        return None if department_id is None else known.get(department_id)

    monkeypatch.setattr(directory, "department", department)
    return [each.department_id for each in await directory.path(None, DESK)]  # type: ignore[arg-type]


async def test_it_goes_from_the_department_to_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await way_up(monkeypatch, {DESK: MIDDLE, MIDDLE: TOP, TOP: None}) == [DESK, MIDDLE, TOP]


async def test_it_ends_where_a_department_is_not_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await way_up(monkeypatch, {DESK: MIDDLE, TOP: None}) == [DESK]
    assert await way_up(monkeypatch, {}) == []


async def test_it_ends_where_a_circle_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of two departments that change places come one after the other."""
    assert await way_up(monkeypatch, {DESK: MIDDLE, MIDDLE: TOP, TOP: DESK}) == [DESK, MIDDLE, TOP]
