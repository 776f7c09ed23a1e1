"""Table and queries of departments' calendars."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import Table, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.calendars.model import OwnCalendar, Week
from services.intake.directory.store import department
from services.intake.tables import document, identifier, metadata, number, words
from shared.kernel.calendar import Period
from shared.store.unit_of_work import UnitOfWork

_HIGHEST = 50
"""Steps up: more than any tree has, and an end where somebody's rows were damaged into a circle."""

work_calendar = Table(
    "work_calendar",
    metadata,
    identifier("department_id", primary_key=True),
    words("zone", nullable=True),
    document("week", nullable=True),
    words("holidays", nullable=True),
    document("days"),
    document("final_years"),
    number("version"),
)


async def chain(uow: UnitOfWork, department_id: UUID) -> list[OwnCalendar]:
    """What a department says of its calendar, and then what those above it say, upwards."""
    start = select(department.c.id, department.c.parent_id, literal(0).label("up"))
    tree = start.where(department.c.id == department_id).cte("tree", recursive=True)
    above = select(department.c.id, department.c.parent_id, tree.c.up + 1)
    tree = tree.union_all(above.where(department.c.id == tree.c.parent_id, tree.c.up < _HIGHEST))
    query = select(work_calendar).join(tree, tree.c.id == work_calendar.c.department_id).order_by(tree.c.up)
    return [_calendar(row) for row in (await uow.execute(query)).mappings()]


async def get(uow: UnitOfWork, department_id: UUID, *, lock: bool = False) -> OwnCalendar | None:
    """What one department says."""
    query = select(work_calendar).where(work_calendar.c.department_id == department_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _calendar(row)


async def save(uow: UnitOfWork, own: OwnCalendar) -> None:
    """Writes what a department says."""
    values = {
        "department_id": own.department_id,
        "zone": own.zone,
        "week": None if own.week is None else _written(own.week),
        "holidays": own.holidays,
        "days": {day.isoformat(): worked for day, worked in sorted(own.days.items())},
        "final_years": sorted(own.final_years),
        "version": own.version,
    }
    changed = {name: value for name, value in values.items() if name != "department_id"}
    await uow.execute(
        upsert(work_calendar).values(**values).on_conflict_do_update(index_elements=["department_id"], set_=changed)
    )


def _calendar(row: Any) -> OwnCalendar:
    week = row["week"] and {int(weekday): tuple(map(_period, periods)) for weekday, periods in row["week"].items()}
    return OwnCalendar(
        department_id=row["department_id"],
        zone=row["zone"],
        week=week,
        holidays=row["holidays"],
        days={date.fromisoformat(day): worked for day, worked in row["days"].items()},
        final_years=frozenset(row["final_years"]),
        version=row["version"],
    )


def _written(week: Week) -> dict[str, list[list[str]]]:
    return {
        str(weekday): [[period.start.isoformat("minutes"), period.end.isoformat("minutes")] for period in periods]
        for weekday, periods in sorted(week.items())
    }


def _period(written: list[str]) -> Period:
    return Period(*map(time.fromisoformat, written))
