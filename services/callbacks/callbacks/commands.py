"""What members of staff do with a callback."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from services.callbacks.callbacks import course, ending, store
from services.callbacks.callbacks.model import MACHINE, Callback
from services.callbacks.rules.catalogue import RULES
from services.callbacks.rules.model import Person, exclusion_of
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork


async def may_perform(uow: UnitOfWork, callback: Callback, by: UUID, marketing_departments: frozenset[str]) -> bool:
    """Whether `by` may do this callback: its rule excludes those who would ask about their own work."""
    return await _excluded(uow, callback, by, marketing_departments) is None


async def check_may_perform(
    uow: UnitOfWork, callback: Callback, by: UUID, marketing_departments: frozenset[str]
) -> None:
    """Raises Refused(`callback-excluded`, 403) where the callback's rule excludes `by`."""
    if exclusion := await _excluded(uow, callback, by, marketing_departments):
        raise Refused("callback-excluded", status=403, expected=f"somebody else than: {exclusion}")


async def record_attempt(
    uow: UnitOfWork,
    callback_id: UUID,
    *,
    result: Literal["reached", "unreached"],
    by: UUID,
    marketing_departments: frozenset[str],
    attempts: int,
    retry_delay: timedelta | None,
) -> Callback:
    """A member of staff called, and the party was reached or not; then the next attempt is on another half-day.

    Raises NotFound; Refused: `callback-state`, `callback-excluded` (403).
    """
    callback = await store.locked(uow, callback_id)
    await check_may_perform(uow, callback, by, marketing_departments)
    if result == "reached":
        step = MACHINE.step(callback.state, "reach")
        called = await store.save(uow, callback, state=step.target)
        course.publish_attempt(uow, called, "asked", uow.now)
    else:
        called = await course.miss(uow, callback, "miss", uow.now, attempts=attempts, retry_delay=retry_delay)
    outcome = "asked" if result == "reached" else "unreached"
    await store.end_attempt(uow, callback.id, callback.attempt, result=outcome, by=by, at=uow.now)
    uow.audit(by, "callback-attempted", "callback", callback.id, result=result)
    return called


async def give_up(
    uow: UnitOfWork,
    callback_id: UUID,
    *,
    reason: Literal["no-answer", "no-contact"],
    by: UUID,
    marketing_departments: frozenset[str],
) -> Callback:
    """A person decides that this callback is not tried any more.

    Raises NotFound; Refused: `callback-state`, `callback-excluded` (403).
    """
    callback = await store.locked(uow, callback_id)
    await check_may_perform(uow, callback, by, marketing_departments)
    ended = await ending.give_up(uow, callback, "give-up", reason)
    uow.audit(by, "callback-given-up", "callback", callback.id, reason=reason)
    return ended


async def refuse(uow: UnitOfWork, callback_id: UUID, *, by: UUID, marketing_departments: frozenset[str]) -> Callback:
    """The party does not want to be asked. Raises NotFound; Refused: `callback-state`, `callback-excluded` (403)."""
    callback = await store.locked(uow, callback_id)
    await check_may_perform(uow, callback, by, marketing_departments)
    ended = await ending.give_up(uow, callback, "refuse", "refused")
    uow.audit(by, "callback-refused", "callback", callback.id)
    return ended


async def _excluded(uow: UnitOfWork, callback: Callback, by: UUID, marketing_departments: frozenset[str]) -> str | None:
    member = await directory.member(uow, by)
    if member is None:
        return "strangers"
    department = await directory.department(uow, member.department_id)
    return exclusion_of(
        RULES[callback.rule],
        Person(by, member.department_id, None if department is None else department.code),
        accused_ids=callback.accused_ids,
        handler_id=callback.handler_id,
        responsible_department_id=callback.responsible_department_id,
        marketing_departments=marketing_departments,
    )
