"""Deciding about a visit: approve, return for mending, reject; and what comes of nobody deciding (AP-01)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from uuid import UUID

from services.intake.approvals import commands
from services.intake.approvals.approvers import to_inform
from services.intake.approvals.model import Command, Subject
from services.intake.forms import store as forms
from services.intake.visits import events, store, timers
from services.intake.visits.machine import MORE_STEPS, VISIT
from services.intake.visits.model import Visit
from services.intake.visits.requesting import locked
from services.intake.visits.subject import subject_of
from shared.contracts.events.visit_approved import VisitApproved
from shared.contracts.events.visit_rejected import VisitRejected
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

Decision = Literal["approved", "returned", "rejected"]

COMMANDS: dict[Decision, Command] = {named: command for command, named in commands.DECISIONS.items()}


async def decide(
    uow: UnitOfWork,
    visit_id: UUID,
    decision: Decision,
    *,
    revision: int,
    digest: str | None = None,
    reason: str | None = None,
    by: UUID,
) -> Visit:
    """One decision about exactly one revision; the visit is approved when the last step of its route is.

    Raises Refused: `visit-state`, `visit-revision` (409), and as `approvals.commands.decide` does.
    """
    visit = await locked(uow, visit_id)
    command = COMMANDS[decision]
    VISIT.step(visit.state, command)
    if visit.revision != revision:
        raise Refused("visit-revision", field="revision", expected=f"the present revision, {visit.revision}")
    subject = await subject_of(uow, visit)
    outcome = await commands.decide(uow, subject, command, digest=digest, reason=reason, by=by)
    row = VISIT.step(visit.state, command, {MORE_STEPS} if outcome.more else ())
    approved = visit.revision if row.target == "approved" else visit.approved_revision
    decided = replace(visit, state=row.target, approved_revision=approved, version=visit.version + 1)
    await store.save(uow, decided)
    if not outcome.more:
        informed = await _informed(uow, decided, outcome.approval.route, subject) if decision == "approved" else ()
        _follow(uow, decided, decision, by, informed)
    uow.audit(by, command, "visit", visit.id, revision=revision, step=outcome.approval.step)
    return decided


async def _informed(uow: UnitOfWork, visit: Visit, route: str, subject: Subject) -> tuple[UUID, ...]:
    """Who hears of an approval beside host and requester: whom the route names, the heads of the departments that
    cooperate (NT-02), and the back office, which prepares (VR-18).
    """
    wanted = list(await to_inform(uow, route, subject))
    form = await forms.get(uow, visit.id, visit.revision) if visit.template.level else None
    if form is not None:
        departments = [await directory.department(uow, each) for each in form.cooperating_department_ids]
        heads = [await directory.acting_for(uow, each.head_id, uow.now) for each in departments if each is not None]
        office = await directory.with_role(uow, "coordinator", visit.department_id)
        wanted += [each.staff_id for each in heads if each is not None]
        wanted += [each.staff_id for each in office if directory.is_here(each, uow.now)]
    return tuple(dict.fromkeys(each for each in wanted if each != visit.host_id))


async def expire(uow: UnitOfWork, visit: Visit) -> None:
    """Nobody decided in time: who asked may ask anew."""
    row = VISIT.step(visit.state, "expire")
    by = f"/services/{uow.service}"
    await commands.end(uow, visit.id, visit.revision, "expire", None)
    expired = replace(visit, state=row.target, version=visit.version + 1)
    await store.save(uow, expired)
    uow.publish(events.cancelled(expired, guest_was_told=visit.guest_was_told, why="expired"), about=expired.about)
    uow.audit(by, "expire", "visit", visit.id, revision=visit.revision)


def _follow(uow: UnitOfWork, visit: Visit, decision: Decision, by: UUID, informed: tuple[UUID, ...]) -> None:
    match decision:
        case "approved":
            uow.publish(
                VisitApproved(
                    visit_id=visit.id,
                    revision=visit.revision,
                    party_id=visit.party_id,
                    address_id=visit.address_id,
                    host_id=visit.host_id,
                    requester_id=visit.requester_id,
                    arrival=visit.arrival,
                    departure=visit.departure,
                    informed_ids=informed,
                ),
                about=visit.about,
            )
            timers.await_arrival(uow, visit)
        case "returned":
            uow.publish(events.changed(visit, "returned"), about=visit.about)
        case "rejected":
            uow.publish(
                VisitRejected(
                    visit_id=visit.id,
                    revision=visit.revision,
                    party_id=visit.party_id,
                    address_id=visit.address_id,
                    # Who heard of an approval must hear of this, too.
                    asked_by_guest=visit.guest_was_told,
                    host_id=visit.host_id,
                    requester_id=visit.requester_id,
                    rejected_by=by,
                ),
                about=visit.about,
            )
