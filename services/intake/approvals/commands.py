"""Asking for an approval and deciding about it, step by step. Locking the visit, and its own state, are the visit's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from services.intake.approvals import store, timers
from services.intake.approvals.approvers import Approver, approver_for, check_may_decide
from services.intake.approvals.machine import APPROVAL
from services.intake.approvals.model import Approval, Command, Step, Subject, check_applicant, steps_of
from services.intake.approvals.routing import route_for
from services.intake.budgets.snapshot import digest_of
from shared.contracts.events.visit_approval_decided import VisitApprovalDecided
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to. `more`: another step waits; else the request is decided as a whole."""

    approval: Approval
    more: bool


async def ask(uow: UnitOfWork, subject: Subject) -> Approval:
    """The first step of the subject's route waits for its approver.

    Raises Refused: `may-not-apply` (403), `no-approver` (409), also where a later step would find nobody today.
    """
    route = await route_for(uow, subject)
    requester = await directory.member(uow, subject.requester_id)
    if requester is not None:
        check_applicant(route, requester.roles)
    steps = steps_of(route, subject)
    approvers = [await approver_for(uow, step, subject) for step in steps]
    return await _wait(uow, subject, route.code, steps, 1, approvers[0])


async def decide(
    uow: UnitOfWork, subject: Subject, command: Command, *, digest: str | None = None, reason: str | None, by: UUID
) -> Decided:
    """One decision about exactly this revision; the approval with its snapshot never changes afterwards.

    `digest`: of the snapshot that was seen; where it is said, it must be the one that waits. Where the next step would
    ask somebody who has approved this revision already, that approval counts for it too.

    Raises Refused: `nothing-waits`, `approval-outdated`, `no-approver` (409), `own-request`, `not-the-approver`,
    `delegation-ended` (403).
    """
    approval = await store.waiting(uow, subject.visit_id, subject.revision)
    if approval is None:
        raise Refused("nothing-waits", expected="a visit whose approval waits")
    acting_for = await check_may_decide(uow, approval, requester_id=subject.requester_id, by=by)
    kept = digest_of(approval.snapshot)
    if _that_counts(approval.snapshot) != _that_counts(subject.snapshot) or digest not in (None, kept):
        raise Refused("approval-outdated", field="digest", expected=f"the digest of what waits, {kept}")
    row = APPROVAL.step(approval.state, command)
    await store.change(
        uow, approval, state=row.target, reason=reason, decided_at=uow.now, decided_by=by, acting_for=acting_for
    )
    _tell(uow, approval, command, by, acting_for)
    if command != "approve":
        timers.cancel_all(uow, subject.visit_id)
        return Decided(approval, more=False)
    return Decided(approval, more=await _go_on(uow, subject, approval))


async def check_last_approver(uow: UnitOfWork, subject: Subject, by: UUID) -> None:
    """Refuses whom the last step of this subject's route would not ask: `not-the-approver` (403), `no-approver`."""
    route = await route_for(uow, subject)
    last = await approver_for(uow, steps_of(route, subject)[-1], subject)
    if by not in (last.staff_id, last.acting_for):
        raise Refused("not-the-approver", status=403, expected="the approver, or the substitute while absent")


async def end(
    uow: UnitOfWork, visit_id: UUID, revision: int, command: Literal["withdraw", "expire"], by: UUID | None
) -> bool:
    """Nobody has to decide any more; returns whether somebody had to."""
    approval = await store.waiting(uow, visit_id, revision)
    if approval is None:
        return False
    row = APPROVAL.step(approval.state, command)
    await store.change(uow, approval, state=row.target, decided_at=uow.now, decided_by=by)
    timers.cancel_all(uow, visit_id)
    return True


async def ask_another(uow: UnitOfWork, subject: Subject, approval: Approval) -> Approver | None:
    """Gives a waiting step to who would be asked today; None where that is nobody, or the same person."""
    step = approval.plan[approval.step - 1]
    try:
        approver = await approver_for(uow, step, subject)
    except Refused:  # no-approver: it stays where it is, and is tried again
        return None
    if approver.staff_id == approval.approver_id:
        return None
    APPROVAL.step(approval.state, "ask-another")
    await store.change(
        uow,
        approval,
        approver_id=approver.staff_id,
        acting_for=approver.acting_for,
        delegation_id=approver.delegation_id,
    )
    _request(uow, subject, approval.step, approver)
    return approver


async def _go_on(uow: UnitOfWork, subject: Subject, approval: Approval) -> bool:
    """The next step waits, or is passed by who has approved already. Returns whether one waits."""
    done = {one.decided_by for one in await store.of_revision(uow, subject.visit_id, subject.revision)}
    steps = approval.plan
    for number in range(approval.step + 1, len(steps) + 1):
        approver = await approver_for(uow, steps[number - 1], subject)
        if approver.staff_id not in done:
            await _wait(uow, subject, approval.route, steps, number, approver)
            return True
        asked = _approval(uow, subject, approval.route, steps, number, approver)
        row = APPROVAL.step("new", "pass")
        passed = replace(asked, state=row.target, decided_at=uow.now, decided_by=approver.staff_id)
        await store.add(uow, passed)
        _tell(uow, passed, "approve", approver.staff_id, approver.acting_for)
    timers.cancel_all(uow, subject.visit_id)
    return False


async def _wait(
    uow: UnitOfWork, subject: Subject, route: str, steps: tuple[Step, ...], number: int, approver: Approver
) -> Approval:
    approval = _approval(uow, subject, route, steps, number, approver)
    await store.add(uow, approval)
    _request(uow, subject, number, approver)
    timers.set_all(uow, subject, number)
    return approval


def _approval(
    uow: UnitOfWork, subject: Subject, route: str, steps: tuple[Step, ...], number: int, approver: Approver
) -> Approval:
    return Approval(
        visit_id=subject.visit_id,
        revision=subject.revision,
        step=number,
        route=route,
        plan=steps,
        role=steps[number - 1].who,
        approver_id=approver.staff_id,
        acting_for=approver.acting_for,
        delegation_id=approver.delegation_id,
        state=APPROVAL.step("new", "ask").target,
        snapshot=subject.snapshot,
        digest=digest_of(subject.snapshot),
        requested_at=uow.now,
    )


def _that_counts(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A host who leaves is replaced while an approval waits; what counts of a host, the rank, stands with the level."""
    return {name: value for name, value in snapshot.items() if name != "host_id"}


def _request(uow: UnitOfWork, subject: Subject, number: int, approver: Approver) -> None:
    uow.publish(
        VisitApprovalRequested(
            visit_id=subject.visit_id,
            revision=subject.revision,
            step=number,
            approver_id=approver.staff_id,
            acting_for=approver.acting_for,
            host_id=subject.host_id,
            arrival=subject.arrival,
        )
    )


def _tell(uow: UnitOfWork, approval: Approval, command: Command, by: UUID, acting_for: UUID | None) -> None:
    uow.publish(
        VisitApprovalDecided(
            visit_id=approval.visit_id,
            revision=approval.revision,
            step=approval.step,
            decision=DECISIONS[command],
            decided_by=by,
            acting_for=acting_for,
        )
    )


DECISIONS: dict[Command, Literal["approved", "returned", "rejected"]] = {
    "approve": "approved",
    "return": "returned",
    "reject": "rejected",
}
"""Command → what it is called once it is done."""
