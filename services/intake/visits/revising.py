"""New revisions of a visit: mended after it was returned, moved, or changed. What was approved goes on to hold,
unless more is asked for than that (domain: re-approval)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.intake.approvals import commands as approvals
from services.intake.approvals import store as approval_store
from services.intake.budgets import commands as budgets
from services.intake.budgets import store as budget_store
from services.intake.budgets.commands import Plan
from services.intake.budgets.rises import rises
from services.intake.forms import store as forms
from services.intake.forms.model import Form
from services.intake.visits import events, store, timers
from services.intake.visits.machine import APPROVED, RISEN, VISIT
from services.intake.visits.model import Visit
from services.intake.visits.requesting import (
    Wish,
    check,
    check_theirs,
    fill_in,
    host_of,
    judge_of,
    locked,
    seek_approval,
)
from services.intake.visits.subject import approvable, subject_of
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork

Change = Literal["rescheduled", "amended"]


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to be otherwise; None: as before. Dates are rescheduled."""

    purpose: str | None = None
    head_count: int | None = None
    form: Form | None = None
    plan: Plan | None = None


async def resubmit(
    uow: UnitOfWork, visit_id: UUID, wish: Wish, *, form: Form | None = None, by: UUID, permitted: bool = False
) -> Visit:
    """A returned visit, mended: a new revision, approved anew. Without a `form` the one before holds.

    Raises like `request`, and Refused(`visit-state`).
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.cancel")
    row = VISIT.step(visit.state, "resubmit")
    await check(uow, wish, await host_of(uow, visit.host_id))
    mended = replace(
        visit,
        state=row.target,
        revision=visit.revision + 1,
        arrival=wish.arrival,
        departure=wish.departure,
        purpose=wish.purpose,
        head_count=wish.head_count,
        short_notice_reason=wish.short_notice_reason,
        company=form.company if form else visit.company,
        version=visit.version + 1,
    )
    await store.save(uow, mended)
    await _carry(uow, mended, form, None, by)
    uow.publish(events.changed(mended, "resubmitted", await judge_of(uow, mended)), about=mended.about)
    uow.audit(by, "resubmit", "visit", visit.id, revision=mended.revision)
    return mended if mended.template.level else await seek_approval(uow, mended)


async def reschedule(
    uow: UnitOfWork,
    visit_id: UUID,
    *,
    arrival: datetime,
    departure: datetime,
    short_notice_reason: str | None,
    by: UUID,
    permitted: bool = False,
) -> Visit:
    """Other dates: a new revision, and everything that hangs on the old ones moves.

    Dates alone need no new approval, more nights of a reception do. One that still waits is withdrawn and asked for
    again, because the approver must decide about the dates that hold. An appointment moves from slot to slot
    (`appointments.commands.move`). Raises Refused: `visit-state`, `slot-unknown`, `impossible-dates`, `short-notice`,
    and as `approvable` does.
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.cancel")
    VISIT.step(visit.state, "reschedule")
    if visit.template.appointment:
        raise Refused("slot-unknown", field="arrival", expected="a slot, by the command move")
    wish = Wish(arrival, departure, visit.purpose, visit.head_count, short_notice_reason)
    await check(uow, wish, await host_of(uow, visit.host_id))
    moved = replace(visit, arrival=arrival, departure=departure, short_notice_reason=short_notice_reason)
    return await _revise(uow, visit, moved, "reschedule", "rescheduled", Amendment(), by)


async def amend(uow: UnitOfWork, visit_id: UUID, amendment: Amendment, *, by: UUID, permitted: bool = False) -> Visit:
    """Something else is wanted: a new revision, with an approval of its own where more is asked for than was approved.

    Raises Refused: `visit-state`, `form-missing`, `level-missing` (409), and as `approvable` and `budgets.plan` do.
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.cancel")
    VISIT.step(visit.state, "amend")
    form = amendment.form
    if (form or amendment.plan) and not visit.template.level:
        raise Refused("form-missing", expected="a visit of the kind reception")
    changed = replace(
        visit,
        purpose=amendment.purpose or visit.purpose,
        head_count=amendment.head_count or visit.head_count,
        company=form.company if form else visit.company,
    )
    return await _revise(uow, visit, changed, "amend", "amended", amendment, by)


async def _revise(
    uow: UnitOfWork, before: Visit, wanted: Visit, command: str, change: Change, amendment: Amendment, by: UUID
) -> Visit:
    revised = replace(wanted, revision=before.revision + 1, version=before.version + 1)
    await _carry(uow, revised, amendment.form, amendment.plan, by)
    risen = await _risen(uow, revised)
    row = VISIT.step(before.state, command, {RISEN} if risen else ())
    revised = replace(revised, state=row.target)
    await store.save(uow, revised)
    uow.publish(events.changed(revised, change), about=revised.about)
    uow.audit(by, command, "visit", before.id, revision=revised.revision, risen=list(risen), **_said(before, revised))
    waited = await approvals.end(uow, before.id, before.revision, "withdraw", by)
    if waited or risen:
        await approvals.ask(uow, await approvable(uow, revised))
    if risen:
        timers.cancel_all(uow, revised)
    elif revised.guest_is_expected:
        timers.await_arrival(uow, revised)
    return revised


async def _carry(uow: UnitOfWork, revised: Visit, form: Form | None, plan: Plan | None, by: UUID) -> None:
    """Form and budget of the new revision: as they are wanted now, else as they were."""
    if not revised.template.level:
        return
    before = revised.revision - 1
    wanted = form or await forms.get(uow, revised.id, before)
    if wanted is not None:
        await fill_in(uow, revised, wanted)
    if plan is not None:
        await budgets.plan(uow, revised.id, revised.revision, plan, by=by)
    elif (budget := await budget_store.get(uow, revised.id, before)) is not None:
        await budget_store.save(uow, replace(budget, revision=revised.revision))


async def _risen(uow: UnitOfWork, revised: Visit) -> tuple[str, ...]:
    """In what more is asked for than was approved; nothing while nothing is approved, or without a level."""
    if not revised.template.level or revised.approved_revision is None or revised.state not in APPROVED:
        return ()
    seen = (await approval_store.of_revision(uow, revised.id, revised.approved_revision))[-1].snapshot
    now = (await subject_of(uow, revised)).snapshot
    return rises(seen["costs"], now["costs"])


def _said(before: Visit, after: Visit) -> dict[str, Any]:
    """Who changed what from what to what, for the audit; never the words of people."""
    fields = {name: (getattr(before, name), getattr(after, name)) for name in ("arrival", "departure", "head_count")}
    return {
        "before": {name: str(old) for name, (old, new) in fields.items() if old != new},
        "after": {name: str(new) for name, (old, new) in fields.items() if old != new},
    }
