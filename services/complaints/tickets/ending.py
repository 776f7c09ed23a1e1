"""How a ticket ends and begins again: closed by an answer or a person, reopened by dissatisfaction (CP-15, CP-18)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.complaints.deadlines import commands as deadlines
from services.complaints.deadlines import policies
from services.complaints.settings import settings
from services.complaints.tickets import people, store
from services.complaints.tickets.model import CloseReason, Ticket
from shared.contracts.events.complaint_closed import ComplaintClosed
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.kernel.errors import NotFound, Superseded
from shared.store.unit_of_work import UnitOfWork

Satisfaction = Literal["satisfied", "neutral", "dissatisfied"]


async def answer(
    uow: UnitOfWork, ticket_id: UUID, *, resolution_no: int, outcome: Satisfaction, at: datetime, actor: str
) -> Ticket:
    """The party's answer to a resolution, also a late one inside the reopen window.

    Raises Superseded where it speaks of another resolution, or of a ticket that is worked on again or has ended.
    """
    ticket = await _asked(uow, ticket_id, resolution_no)
    if ticket.state == "resolved":
        if outcome == "dissatisfied":
            return await reopen(uow, ticket, actor=actor, at=at)
        return await close(uow, ticket, outcome, ("answered",), actor=actor)
    if not ticket.may_be_reopened(at, settings().reopen_window):
        raise Superseded("not-awaited")
    if outcome == "dissatisfied":
        return await reopen(uow, ticket, actor=actor, at=at)
    if ticket.close_reason not in ("given-up", "no-contact"):
        raise Superseded("answered-before")
    noted = ticket.step("note_late_answer", uow.now, ("inside-reopen-window",), close_reason=outcome)
    await store.save(uow, noted)
    uow.audit(actor, "answered-late", "ticket", ticket.id, outcome=outcome, resolution_no=resolution_no)
    return noted


async def give_up(
    uow: UnitOfWork, ticket_id: UUID, *, resolution_no: int, reason: Literal["given-up", "no-contact"], actor: str
) -> Ticket:
    """The party could not be asked. Raises Superseded as `answer` does."""
    ticket = await _asked(uow, ticket_id, resolution_no)
    if ticket.state != "resolved":
        raise Superseded("not-awaited")
    return await close(uow, ticket, reason, ("answered",), actor=actor)


async def close(uow: UnitOfWork, ticket: Ticket, reason: CloseReason, facts: Iterable[str], *, actor: object) -> Ticket:
    """Nothing more is done about a locked ticket; its deadlines stop."""
    closed = ticket.step("close", uow.now, facts, close_reason=reason, closed_at=uow.now)
    await store.save(uow, closed)
    await deadlines.meet(uow, closed.id, "first-reply", "solution")
    uow.publish(
        ComplaintClosed(
            ticket_id=closed.id,
            number=closed.number,
            resolution_no=closed.resolution_no or None,
            reason=reason,
            party_id=closed.party_id,
            closed_at=uow.now,
        ),
        about=closed.about,
    )
    uow.audit(actor, "closed", "ticket", closed.id, before=ticket.state, reason=reason)
    return closed


async def reopen(uow: UnitOfWork, ticket: Ticket, *, actor: object, at: datetime) -> Ticket:
    """A locked ticket whose resolution did not satisfy owes a solution again.

    The first time the handler goes on at once; from the second time on it waits for quality and the department's
    head to decide: investigate again, or close as not agreed. A handler who is gone or away is replaced.
    """
    facts = ("inside-reopen-window",) if ticket.may_be_reopened(at, settings().reopen_window) else ()
    reopened = ticket.step(
        "reopen", uow.now, facts, times_reopened=ticket.times_reopened + 1, close_reason=None, closed_at=None
    )
    if not await people.still_here(uow, reopened.handler_id):
        successor = await people.pick_handler(uow, reopened.accused_ids)
        if successor is not None:
            reopened = reopened.with_handler(successor.staff_id, successor.department_id)
    terms = policies.solution(settings(), reopened.category)
    deadlines.start(uow, reopened.id, "solution", terms, at, round_=reopened.times_reopened)
    uow.publish(await _reopened_event(uow, reopened), about=reopened.about)
    uow.audit(
        actor, "reopened", "ticket", reopened.id, before=ticket.state, times=reopened.times_reopened,
        resolution_no=reopened.resolution_no,
    )  # fmt: skip
    if not reopened.needs_decision_above():
        reopened = reopened.going_on("resume", ("first-time",))
    await store.save(uow, reopened)
    return reopened


async def _asked(uow: UnitOfWork, ticket_id: UUID, resolution_no: int) -> Ticket:
    ticket = await store.lock(uow, ticket_id)
    if ticket is None:
        raise NotFound("ticket")
    if resolution_no != ticket.resolution_no:
        raise Superseded("other-resolution")
    return ticket


async def _reopened_event(uow: UnitOfWork, ticket: Ticket) -> ComplaintReopened:
    above = ticket.needs_decision_above()
    return ComplaintReopened(
        ticket_id=ticket.id,
        number=ticket.number,
        resolution_no=ticket.resolution_no,
        times_reopened=ticket.times_reopened,
        party_id=ticket.party_id,
        handler_id=ticket.handler_id,
        supervisor_id=await people.supervisor_of(uow, ticket),
        department_head_id=await people.head_of(uow, ticket) if above else None,
        quality_ids=await people.quality(uow, ticket) if above else (),
        reopened_at=uow.now,
    )
