"""What people do with a ticket: judge, explain, assign, investigate, resolve, reopen, close.

Each locks the ticket, checks whose it is, takes the step, stores, tells. All raise NotFound(`ticket`), and Refused
(`ticket-state`, `ticket-accused`, `ticket-not-yours`) with nothing changed. `by` is the member of staff who acts.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from services.complaints.deadlines import commands as deadlines
from services.complaints.deadlines import policies
from services.complaints.settings import settings
from services.complaints.tickets import ending, people, store
from services.complaints.tickets.categories import Categories
from services.complaints.tickets.model import CLOSE_REASONS, CloseReason, Severity, Ticket
from shared.contracts.events.complaint_assigned import ComplaintAssigned
from shared.contracts.events.complaint_judged import ComplaintJudged
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.ticket_resolved import TicketResolved
from shared.kernel.errors import NotFound, Refused
from shared.store.unit_of_work import UnitOfWork


async def judge(
    uow: UnitOfWork,
    ticket_id: UUID,
    *,
    valid: bool,
    by: UUID,
    reason: str | None = None,
    category: str | None = None,
    severity: Severity | None = None,
    responsible_department_id: UUID | None = None,
    accused_ids: Collection[UUID] = (),
) -> Ticket:
    """Valid or not (CP-02), which also classifies; it counts as the first reply. Not valid needs a reason.

    Raises Refused(`reason-missing`, `category-unknown`, `department-unknown`, `staff-unknown`; 422).
    """
    ticket = await _locked(uow, ticket_id, "judge", by)
    if not valid and reason is None:
        raise Refused("reason-missing", status=422, field="$.reason", expected="why the complaint is not valid")
    if category is not None:
        Categories(settings().categories).require(category)
    await people.check_department(uow, responsible_department_id)
    judged = ticket.step(
        "judge",
        uow.now,
        ("found-valid" if valid else "found-invalid",),
        judged_by=by,
        category=category or ticket.category,
        severity=severity or ticket.severity,
        responsible_department_id=responsible_department_id or ticket.responsible_department_id,
    )
    judged = await people.accuse(uow, judged, accused_ids, by)
    await store.save(uow, judged)
    if reason is not None:
        store.write(uow, judged, "judgement", reason, by=by)
    await deadlines.meet(uow, judged.id, "first-reply")
    await deadlines.follow(uow, judged.id, "solution", policies.solution(settings(), judged.category))
    uow.publish(
        ComplaintJudged(
            ticket_id=judged.id,
            number=judged.number,
            valid=valid,
            judged_by=by,
            party_id=judged.party_id,
            address_id=judged.address_id,
        ),
        about=judged.about,
    )
    _audit(uow, by, "judged", ticket, judged, valid=valid, category=judged.category, severity=judged.severity)
    _tell_new_handler(uow, ticket, judged, by)
    return judged


async def explain(uow: UnitOfWork, ticket_id: UUID, *, explanation: str, by: UUID) -> Ticket:
    """The party was told politely why the complaint is not valid (CP-02, CP-14): the solution it is owed."""
    ticket = await _locked(uow, ticket_id, "explain", by)
    explained = ticket.step("explain", uow.now)
    await store.save(uow, explained)
    store.write(uow, explained, "explanation", explanation, by=by)
    await deadlines.meet(uow, explained.id, "first-reply", "solution")
    _progressed(uow, explained, by)
    _audit(uow, by, "explained", ticket, explained)
    return explained


async def assign(
    uow: UnitOfWork,
    ticket_id: UUID,
    *,
    by: UUID,
    handler_id: UUID | None = None,
    responsible_department_id: UUID | None = None,
) -> Ticket:
    """A handler and a responsible department have the ticket. No handler named: the present one stays, else one is
    chosen. No department named: the one known, else the handler's.

    Raises Refused(`handler-unsuitable`, `department-unknown`, `nobody-to-assign`; 422).
    """
    ticket = await _locked(uow, ticket_id, "assign", by)
    await people.check_department(uow, responsible_department_id)
    assigned = ticket.step(
        "assign",
        uow.now,
        responsible_department_id=responsible_department_id or ticket.responsible_department_id,
    )
    if handler_id is not None:
        handler = await people.suitable_handler(uow, ticket, handler_id)
        assigned = assigned.with_handler(handler.staff_id, handler.department_id)
    elif assigned.handler_id is None:
        chosen = await people.pick_handler(uow, ticket.accused_ids)
        if chosen is None:
            raise Refused("nobody-to-assign", status=422, field="$.handler_id", expected="a handler, named here")
        assigned = assigned.with_handler(chosen.staff_id, chosen.department_id)
    await store.save(uow, assigned)
    _assigned(uow, assigned, by)
    _audit(uow, by, "assigned", ticket, assigned, handler=str(assigned.handler_id))
    return assigned


async def investigate(
    uow: UnitOfWork, ticket_id: UUID, *, by: UUID, findings: str | None = None, accused_ids: Collection[UUID] = ()
) -> Ticket:
    """Begins the investigation, or adds to it what was found and whose doing it was (CP-03).

    After a second dissatisfied answer it is the decision of quality or the department's head to look for another
    remedy (CP-18). Raises Refused(`staff-unknown`, 422).
    """
    ticket = await _locked(uow, ticket_id, "investigate", by)
    going_on = ticket.step("investigate", uow.now, ("decided-above",))
    going_on = await people.accuse(uow, going_on, accused_ids, by)
    await store.save(uow, going_on)
    if findings is not None:
        store.write(uow, going_on, "findings", findings, by=by)
    _progressed(uow, going_on, by)
    _audit(uow, by, "investigated", ticket, going_on)
    _tell_new_handler(uow, ticket, going_on, by)
    return going_on


async def resolve(
    uow: UnitOfWork, ticket_id: UUID, *, reason: str, outcome: Literal["simple", "explained"] = "simple", by: UUID
) -> Ticket:
    """A simple case needs no remedy, and the reason is kept. A callback will ask whether the party is satisfied."""
    ticket = await _locked(uow, ticket_id, "resolve", by)
    resolved = ticket.step(
        "resolve",
        uow.now,
        ("no-remedy-needed",),
        outcome=outcome,
        resolution_no=ticket.resolution_no + 1,
        resolved_at=uow.now,
    )
    await store.save(uow, resolved)
    store.write(uow, resolved, "resolution", reason, by=by)
    await deadlines.meet(uow, resolved.id, "first-reply", "solution")
    uow.publish(
        TicketResolved(
            ticket_id=resolved.id,
            number=resolved.number,
            resolution_no=resolved.resolution_no,
            outcome=outcome,
            major=resolved.severity == "major",
            party_id=resolved.party_id,
            address_id=resolved.address_id,
            customer_class=resolved.customer_class,
            member=resolved.member,
            handled_by=resolved.handler_id or by,
            responsible_department_id=resolved.responsible_department_id,
            accused_ids=resolved.accused_ids,
            resolved_at=uow.now,
        ),
        about=resolved.about,
    )
    _audit(uow, by, "resolved", ticket, resolved, resolution_no=resolved.resolution_no, outcome=outcome)
    return resolved


async def reopen(uow: UnitOfWork, ticket_id: UUID, *, reason: str, by: UUID) -> Ticket:
    """The party told a member of staff that the resolution does not satisfy (CP-18)."""
    ticket = await _locked(uow, ticket_id, "reopen", by)
    reopened = await ending.reopen(uow, ticket, actor=by, at=uow.now)
    store.write(uow, reopened, "reopening", reason, by=by)
    return reopened


async def close(uow: UnitOfWork, ticket_id: UUID, *, reason: CloseReason, note: str | None = None, by: UUID) -> Ticket:
    """Ends a ticket by a person's decision; each state has its one reason. Raises Refused(`close-reason`, 422)."""
    ticket = await _locked(uow, ticket_id, "close", by)
    allowed = CLOSE_REASONS.get(ticket.state, reason)
    if reason != allowed:
        raise Refused("close-reason", status=422, field="$.reason", expected=f"in state {ticket.state}: {allowed}")
    closed = await ending.close(uow, ticket, reason, (reason,), actor=by)
    if note is not None:
        store.write(uow, closed, "closing", note, by=by)
    return closed


async def _locked(uow: UnitOfWork, ticket_id: UUID, command: str, by: UUID) -> Ticket:
    ticket = await store.lock(uow, ticket_id)
    if ticket is None:
        raise NotFound("ticket")
    await people.check_may(uow, ticket, command, by)
    return ticket


def _tell_new_handler(uow: UnitOfWork, before: Ticket, after: Ticket, by: UUID) -> None:
    if after.handler_id is not None and after.handler_id != before.handler_id:
        _assigned(uow, after, by)


def _assigned(uow: UnitOfWork, ticket: Ticket, by: UUID) -> None:
    department_id = ticket.responsible_department_id or ticket.department_id
    assert ticket.handler_id is not None
    assert department_id is not None
    uow.publish(
        ComplaintAssigned(
            ticket_id=ticket.id,
            number=ticket.number,
            handler_id=ticket.handler_id,
            department_id=department_id,
            assigned_by=by,
        ),
        about=ticket.about,
    )


def _progressed(uow: UnitOfWork, ticket: Ticket, by: UUID) -> None:
    uow.publish(ComplaintProgressed(ticket_id=ticket.id, state=ticket.state, by=by), about=ticket.about)


def _audit(uow: UnitOfWork, by: UUID, action: str, before: Ticket, after: Ticket, **detail: object) -> None:
    uow.audit(by, action, "ticket", after.id, before=before.state, after=after.state, **detail)
