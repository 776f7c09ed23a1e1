"""Routes of departments' calendars."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.intake.calendars import commands, store
from services.intake.calendars.schemas import (
    CalendarRequest,
    CalendarView,
    Day,
    DayView,
    NoticeView,
    SpanView,
    Warned,
    told,
)
from services.intake.directory import store as directory
from services.intake.settings import settings
from shared.kernel.errors import NotFound
from shared.security.rows import rows_of
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires
from shared.web.fields import Instant
from shared.web.language import language_for

router = APIRouter(tags=["calendars"])

_READ = Depends(requires("departments.read"))


@router.get("/departments/{department_id}/calendar")
async def read_calendar(
    department_id: UUID,
    first: Day | None = None,
    days: Annotated[int, Query(ge=1, le=400)] = 31,
    edge: Edge = _READ,
) -> CalendarView:
    """When a department works, day by day from `first` (today) on, and what of it the department says itself."""
    return await edge.query(lambda uow: _view(uow, edge, department_id, first, days))


@router.post("/departments/{department_id}/calendar", response_model=CalendarView)
async def set_calendar(
    department_id: UUID, body: CalendarRequest, edge: Edge = Depends(requires("calendars.manage"))
) -> Response:
    """Sets all that a department says of its calendar; what it leaves out it takes from the department above."""

    async def run(uow: UnitOfWork) -> CalendarView:
        rows = await rows_of(uow, edge.caller, "calendars.manage")
        await commands.set_calendar(uow, body.own(department_id), rows=rows, by=edge.caller.staff_id)
        return await _view(uow, edge, department_id, None, 31)

    return await edge.command(run)


@router.get("/departments/{department_id}/visit-notice")
async def read_notice(department_id: UUID, asked: Instant | None = None, edge: Edge = _READ) -> NoticeView:
    """From when on a guest of this department may come, asked for at `asked` (now), without a reason (VR-06)."""

    async def read(uow: UnitOfWork) -> NoticeView:
        await _known(uow, department_id)
        at = asked or uow.now
        notice = await commands.visit_notice(uow, department_id, commands.DEFAULT_ZONE, at)
        return NoticeView.of(at, settings().visit_notice_days, notice, language_for(edge.request))

    return await edge.query(read)


async def _view(uow: UnitOfWork, edge: Edge, department_id: UUID, first: date | None, days: int) -> CalendarView:
    await _known(uow, department_id)
    calendar = await commands.calendar_of(uow, department_id)
    start = first or uow.now.astimezone(calendar.zone).date()
    every = [start + timedelta(days=number) for number in range(days)]
    own = await store.get(uow, department_id)
    return CalendarView(
        department_id=department_id,
        zone=calendar.zone.key,
        own=told(own),
        version=own.version if own else 0,
        days=tuple(
            DayView(day=day, spans=tuple(SpanView(start=each.start, end=each.end) for each in calendar.periods(day)))
            for day in every
        ),
        warnings=Warned.of_years(calendar.unannounced_years(every[0], every[-1]), language_for(edge.request)),
    )


async def _known(uow: UnitOfWork, department_id: UUID) -> None:
    if await directory.get_department(uow, department_id) is None:
        raise NotFound("department")
