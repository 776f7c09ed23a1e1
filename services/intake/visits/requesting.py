"""Asking for a visit, and calling it off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.intake.appointments import store as appointments
from services.intake.approvals import commands as approvals
from services.intake.approvals.approvers import approver_for
from services.intake.approvals.model import Step
from services.intake.calendars.commands import visit_notice
from services.intake.directory.departments import open_department
from services.intake.forms import store as forms
from services.intake.forms.model import Form
from services.intake.parties import commands as parties
from services.intake.parties.model import Claim
from services.intake.settings import settings
from services.intake.visits import events, store, timers
from services.intake.visits.machine import VISIT
from services.intake.visits.model import Visit, check_dates
from services.intake.visits.reception import stay_of
from services.intake.visits.subject import approvable, plain
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import NotFound, Refused
from shared.security import directory
from shared.security.permissions import missing
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for."""

    arrival: datetime
    departure: datetime
    purpose: str
    head_count: int
    short_notice_reason: str | None = None


async def request(
    uow: UnitOfWork,
    wish: Wish,
    *,
    kind: str,
    guest: Claim,
    host_id: UUID,
    zone: str | None,
    requester_id: UUID | None,
    form: Form | None = None,
) -> Visit:
    """A new visit: on its way to its approver, or with a `form` first to who judges its level (VR-04).

    Without a requester the guest asked (VR-03). Raises Refused: `host-unknown`, `impossible-dates`, `short-notice`,
    `department-unknown` (422), `no-approver` (409).
    """
    host = await host_of(uow, host_id)
    await check(uow, wish, host)
    party = await parties.identify(uow, guest)
    visit = Visit(
        id=uow.new_id("visit"),
        kind=kind,
        state=VISIT.step("new", "request").target,
        revision=1,
        party_id=party.id,
        address_id=guest.addresses[0].address_id if guest.addresses else None,
        asked_by_guest=requester_id is None,
        requester_id=requester_id,
        host_id=host_id,
        department_id=host.department_id,
        purpose=wish.purpose,
        head_count=wish.head_count,
        arrival=wish.arrival,
        departure=wish.departure,
        zone=zone or host.zone,
        short_notice_reason=wish.short_notice_reason,
        created_at=uow.now,
        company=form.company if form else None,
    )
    if not visit.template.level:
        visit = _seeking(visit)
    await store.add(uow, visit)
    if form is not None:
        await fill_in(uow, visit, form)
    uow.publish(events.requested(visit, await judge_of(uow, visit)), about=visit.about)
    uow.audit(requester_id or "guest", "request", "visit", visit.id)
    if not visit.template.level:
        await approvals.ask(uow, await approvable(uow, visit))
    return visit


async def cancel(uow: UnitOfWork, visit_id: UUID, *, reason: str | None, by: UUID, permitted: bool = False) -> Visit:
    """Calls a visit off before arrival; who was told of it is told. Raises Refused(`visit-state`)."""
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.cancel")
    return await call_off(uow, visit, reason=reason, by=by)


async def call_off(uow: UnitOfWork, visit: Visit, *, reason: str | None, by: UUID | None) -> Visit:
    """Nobody comes, whoever says so; None: the guest does. Raises Refused(`visit-state`)."""
    row = VISIT.step(visit.state, "cancel")
    await approvals.end(uow, visit.id, visit.revision, "withdraw", by)
    await appointments.release(uow, visit.id)
    off = replace(visit, state=row.target, cancelled_because=reason, version=visit.version + 1)
    await store.save(uow, off)
    timers.cancel_all(uow, off)
    uow.publish(events.cancelled(off, guest_was_told=visit.guest_was_told), about=off.about)
    uow.audit(by or "guest", "cancel", "visit", visit.id)
    return off


async def withdraw(uow: UnitOfWork, visit_id: UUID, *, by: UUID, permitted: bool = False) -> Visit:
    """Takes a request back that is not decided yet. Raises Refused(`visit-state`)."""
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.cancel")
    row = VISIT.step(visit.state, "withdraw")
    await approvals.end(uow, visit.id, visit.revision, "withdraw", by)
    taken_back = replace(visit, state=row.target, version=visit.version + 1)
    await store.save(uow, taken_back)
    uow.publish(
        events.cancelled(taken_back, guest_was_told=visit.guest_was_told, why="withdrawn"), about=taken_back.about
    )
    uow.audit(by, "withdraw", "visit", visit.id, revision=visit.revision)
    return taken_back


async def locked(uow: UnitOfWork, visit_id: UUID) -> Visit:
    """The visit, for a decision. Raises NotFound."""
    visit = await store.get(uow, visit_id, lock=True)
    if visit is None:
        raise NotFound("visit")
    return visit


def check_theirs(visit: Visit, by: UUID, permitted: bool, permission: str) -> None:
    """Host and requester act on their own visit, others with `permission`. Raises Refused (403) that names it."""
    if not permitted and by not in (visit.host_id, visit.requester_id):
        raise missing(permission, expected=f"the visit's host or requester, or the permission {permission}")


async def fill_in(uow: UnitOfWork, visit: Visit, form: Form) -> None:
    """Keeps the form of the present revision. Raises Refused: `department-unknown`, `too-many-rooms` (422)."""
    stay_of(visit, form)
    for place, department_id in enumerate(form.cooperating_department_ids):
        await open_department(uow, department_id, f"$.form.cooperating_department_ids[{place}]")
    await forms.save(uow, visit.id, visit.revision, form)


async def seek_approval(uow: UnitOfWork, visit: Visit) -> Visit:
    """The visit goes to the first approver of its route.

    Raises Refused(`visit-state`), and as `approvable` and `approvals.ask` do.
    """
    approving = _seeking(visit)
    await store.save(uow, approving)
    await approvals.ask(uow, await approvable(uow, approving))
    return approving


def _seeking(visit: Visit) -> Visit:
    return replace(visit, state=VISIT.step(visit.state, "seek-approval", visit.template.facts).target)


async def judge_of(uow: UnitOfWork, visit: Visit) -> UUID | None:
    """Who hears that there is a level to judge (VR-04): the head of the department, or who stands in or above."""
    if not visit.template.level:
        return None
    try:
        return (await approver_for(uow, Step(who="department-manager"), plain(visit))).staff_id
    except Refused:  # no-approver: whoever may judge finds it in the list
        return None


async def host_of(uow: UnitOfWork, host_id: UUID) -> StaffChanged:
    """Who is to receive the guest. Raises Refused(`host-unknown`, 422)."""
    host = await directory.member(uow, host_id)
    if host is None or not host.active or host.locked:
        raise Refused("host-unknown", status=422, field="host_id", expected="a member of staff who is still here")
    return host


async def check(uow: UnitOfWork, wish: Wish, host: StaffChanged) -> None:
    """Refuses dates that cannot be. Raises Refused: `host-absent`, `impossible-dates`, `short-notice` (422)."""
    if directory.is_absent(host, wish.arrival):
        raise Refused("host-absent", status=422, field="arrival", expected="a time at which the host is here")
    notice = await visit_notice(uow, host.department_id, host.zone, uow.now)
    if notice.unannounced:
        years = list(notice.unannounced)
        uow.audit(f"/services/{uow.service}", "count-by-guess", "department", host.department_id, years=years)
    check_dates(
        wish.arrival,
        wish.departure,
        now=uow.now,
        earliest=notice.earliest,
        notice_days=settings().visit_notice_days,
        short_notice_reason=wish.short_notice_reason,
    )
