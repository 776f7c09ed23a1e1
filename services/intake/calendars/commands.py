"""What is done with calendars: a department's is set, and everybody asks for the one that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.intake.calendars import store
from services.intake.calendars.model import Notice, OwnCalendar, has_working_time, notice, resolve
from services.intake.directory.departments import open_department
from services.intake.settings import settings
from shared.kernel.calendar import Calendar
from shared.kernel.errors import Refused
from shared.security.rows import Rows
from shared.store.unit_of_work import UnitOfWork

DEFAULT_ZONE = "Asia/Shanghai"


async def calendar_of(uow: UnitOfWork, department_id: UUID, zone: str = DEFAULT_ZONE) -> Calendar:
    """The calendar that holds for a department; `zone` where nobody up the tree names one."""
    return resolve(await store.chain(uow, department_id), zone)


async def set_calendar(uow: UnitOfWork, wanted: OwnCalendar, *, rows: Rows, by: UUID) -> OwnCalendar:
    """What a department says of its calendar from now on; saying nothing takes everything from above.

    Raises Refused: `department-unknown` (404), `permission-missing` (403), `calendar-empty` (422).
    """
    await open_department(uow, wanted.department_id, "path.department_id")
    rows.check(wanted.department_id)
    before = await store.get(uow, wanted.department_id, lock=True)
    after = replace(wanted, version=1 if before is None else before.version + 1)
    above = [own for own in await store.chain(uow, wanted.department_id) if own.department_id != wanted.department_id]
    calendar = resolve([after, *above], DEFAULT_ZONE)
    if not has_working_time(calendar, uow.now.date()):
        raise Refused("calendar-empty", status=422, field="week", expected="some working time in a year")
    await store.save(uow, after)
    fields = ("zone", "week", "holidays", "days", "final_years")
    changed = [name for name in fields if before is None or getattr(before, name) != getattr(after, name)]
    uow.audit(by, "set-calendar", "department", wanted.department_id, fields=changed, version=after.version)
    return after


async def visit_notice(uow: UnitOfWork, department_id: UUID, zone: str, asked: datetime) -> Notice:
    """The first arrival that a visit to this department may have without a reason, asked for at `asked` (VR-06).

    One command asks for it twice: to check the request, and to warn of it in its answer.
    """
    thing = ("visit-notice", department_id, zone, asked)
    if thing not in uow.gathered:
        calendar = await calendar_of(uow, department_id, zone)
        uow.gathered[thing] = notice(calendar, asked, settings().visit_notice_days)
    found: Notice = uow.gathered[thing]
    return found
