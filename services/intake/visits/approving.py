"""Deciding about a visit: approve, return for mending, reject (AP-01)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from uuid import UUID

from services.intake.visits import events, store, timers
from services.intake.visits.approvers import check_may_decide
from services.intake.visits.machine import VISIT
from services.intake.visits.model import Visit
from services.intake.visits.requesting import locked
from shared.contracts.events.visit_approval_decided import VisitApprovalDecided
from shared.contracts.events.visit_approved import VisitApproved
from shared.contracts.events.visit_rejected import VisitRejected
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork

Decision = Literal["approved", "returned", "rejected"]

COMMANDS: dict[Decision, str] = {"approved": "approve", "returned": "return", "rejected": "reject"}


async def decide(
    uow: UnitOfWork, visit_id: UUID, decision: Decision, *, revision: int, reason: str | None = None, by: UUID
) -> Visit:
    """One decision about exactly one revision; the approval with its snapshot never changes afterwards.

    Raises Refused: `visit-state`, `visit-revision` (409), `own-request`, `not-the-approver` (403).
    """
    visit = await locked(uow, visit_id)
    row = VISIT.step(visit.state, COMMANDS[decision])
    if visit.revision != revision:
        raise Refused("visit-revision", field="revision", expected=f"the present revision, {visit.revision}")
    approval = await store.waiting_approval(uow, visit)
    assert approval is not None
    acting_for = await check_may_decide(
        uow,
        approver_id=approval.approver_id,
        acting_for=approval.acting_for,
        requester_id=visit.requester_id,
        by=by,
    )
    await store.decide(
        uow, approval, state=decision, reason=reason, decided_at=uow.now, decided_by=by, acting_for=acting_for
    )
    decided = replace(visit, state=row.target, version=visit.version + 1)
    await store.save(uow, decided)
    uow.publish(
        VisitApprovalDecided(
            visit_id=visit.id,
            revision=revision,
            step=approval.step,
            decision=decision,
            decided_by=by,
            acting_for=acting_for,
        )
    )
    _follow(uow, decided, decision, by)
    uow.audit(by, COMMANDS[decision], "visit", visit.id, revision=revision)
    return decided


def _follow(uow: UnitOfWork, visit: Visit, decision: Decision, by: UUID) -> None:
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
                ),
                about=visit.about,
            )
            timers.set_reminder(uow, visit)
        case "returned":
            uow.publish(events.changed(visit, "returned"), about=visit.about)
        case "rejected":
            uow.publish(
                VisitRejected(
                    visit_id=visit.id,
                    revision=visit.revision,
                    party_id=visit.party_id,
                    address_id=visit.address_id,
                    asked_by_guest=visit.asked_by_guest,
                    host_id=visit.host_id,
                    requester_id=visit.requester_id,
                    rejected_by=by,
                ),
                about=visit.about,
            )
