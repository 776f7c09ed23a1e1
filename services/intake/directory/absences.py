"""Absences: recorded ahead or at once, ended early, never two at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.directory import store
from services.intake.directory.authority import check_absence
from services.intake.directory.machine import STAFF
from services.intake.directory.model import Absence, Member
from services.intake.directory.staffing import check_names, get, save
from shared.kernel.errors import NotFound, Refused
from shared.security.caller import Caller
from shared.store.unit_of_work import UnitOfWork

FARTHEST = timedelta(days=2 * 366)
MOST = 50
"""Absences ahead of one person."""


async def record(
    uow: UnitOfWork,
    staff_id: UUID,
    *,
    starts: datetime,
    ends: datetime | None,
    substitute_id: UUID | None,
    by: Caller,
) -> Member:
    """The person will be away; no access in that time, and open work moves when it begins.

    Raises NotFound, Refused: `absence-dates`, `staff-unknown`, `staff-circle` (422), `absence-overlap`, `staff-state`
    (409), 403 as in `authority`.
    """
    await store.lock_directory(uow)
    before = await get(uow, staff_id)
    await check_absence(uow, by, before)
    STAFF.step(before.state, "record-absence")
    away = Absence(uow.new_id("absence"), starts, ends, substitute_id)
    _check_dates(away, uow.now)
    kept = not_over(before.absences, uow.now)
    if any(one.meets(starts, ends) for one in kept):
        raise Refused("absence-overlap", field="starts", expected="a time in which no other absence lies")
    if len(kept) >= MOST:
        raise Refused("absence-overlap", field="starts", expected=f"at most {MOST}")
    if substitute_id is not None:
        substitute = await store.get_member(uow, substitute_id)
        if substitute is None or not substitute.active or substitute_id == staff_id:
            raise Refused(
                "staff-unknown", status=422, field="substitute_id", expected="a member of staff who is still here"
            )
    after = replace(before, absences=in_order((*kept, away)), version=before.version + 1)
    await check_names(uow, after, ())
    return await save(uow, after, "record-absence", by.staff_id, absence=str(away.id), starts=starts.isoformat())


async def end(uow: UnitOfWork, staff_id: UUID, absence_id: UUID, *, by: Caller) -> Member:
    """The person is back now, or does not go. Raises NotFound (also where it is over), Refused: `staff-state`, 403."""
    await store.lock_directory(uow)
    before = await get(uow, staff_id)
    await check_absence(uow, by, before)
    STAFF.step(before.state, "end-absence")
    kept = not_over(before.absences, uow.now)
    others = tuple(one for one in kept if one.id != absence_id)
    if len(others) == len(kept):
        raise NotFound("absence")
    after = replace(before, absences=others, version=before.version + 1)
    return await save(uow, after, "end-absence", by.staff_id, absence=str(absence_id))


def not_over(absences: tuple[Absence, ...], now: datetime) -> tuple[Absence, ...]:
    """Those that are or are to come; the audit trail keeps the others."""
    return tuple(one for one in absences if one.ends is None or one.ends > now)


def in_order(absences: tuple[Absence, ...]) -> tuple[Absence, ...]:
    """The earliest first."""
    return tuple(sorted(absences, key=lambda one: one.starts))


def _check_dates(away: Absence, now: datetime) -> None:
    if away.ends is not None and away.ends <= max(away.starts, now):
        raise _impossible("ends", "an instant after the start, and to come")
    if away.starts - now > FARTHEST:
        raise _impossible("starts", f"at most {FARTHEST.days} days ahead")


def _impossible(field: str, expected: str) -> Refused:
    return Refused("absence-dates", status=422, field=field, expected=expected)
