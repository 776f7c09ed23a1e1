"""Judging at what level a visitor is received, and planning what that costs, before anybody approves it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.intake.approvals.commands import check_last_approver
from services.intake.budgets import commands as budgets
from services.intake.budgets import store as budget_store
from services.intake.budgets.commands import Decision, Plan
from services.intake.budgets.model import Exemption
from services.intake.levels import commands as levels
from services.intake.standards.using import set_for
from services.intake.visits import store
from services.intake.visits.machine import VISIT
from services.intake.visits.model import Visit
from services.intake.visits.reception import evidence_of, form_of, level_of, lines_of
from services.intake.visits.requesting import check_theirs, locked
from services.intake.visits.subject import plain
from shared.kernel.errors import NotFound
from shared.kernel.money import Money
from shared.store.unit_of_work import UnitOfWork


async def judge(
    uow: UnitOfWork, visit_id: UUID, level: str, *, host_rank: str | None, reason: str | None, by: UUID
) -> Visit:
    """A person says at what level the visitors are received (VR-04); the department's set of today holds from now on.

    Raises Refused: `visit-state`, `form-missing`, and as `levels.commands.judge` does.
    """
    visit = await locked(uow, visit_id)
    row = VISIT.step(visit.state, "judge-level")
    form = await form_of(uow, visit)
    await levels.judge(
        uow,
        visit.id,
        revision=visit.revision,
        standard_set=await set_for(uow, visit.department_id),
        evidence=await evidence_of(uow, visit, form),
        level=level,
        host_rank=host_rank,
        reason=reason,
        by=by,
    )
    judged = replace(visit, state=row.target, level=level, version=visit.version + 1)
    await store.save(uow, judged)
    return judged


async def plan(uow: UnitOfWork, visit_id: UUID, wanted: Plan, *, by: UUID, permitted: bool = False) -> Visit:
    """What the visit is to cost (AP-06). It may be above its caps: only approving that is refused.

    Raises Refused: `visit-state`, `form-missing`, and as `budgets.commands.plan` does.
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.prepare")
    row = VISIT.step(visit.state, "plan")
    await form_of(uow, visit)
    await budgets.plan(uow, visit.id, visit.revision, wanted, by=by)
    planned = replace(visit, state=row.target, version=visit.version + 1)
    await store.save(uow, planned)
    return planned


async def ask_exemption(
    uow: UnitOfWork, visit_id: UUID, item: str, up_to: Money, *, reason: str, by: UUID, permitted: bool = False
) -> Exemption:
    """Asks for leave to spend more on an item than its cap (LV-04).

    Raises Refused: `visit-state`, `level-missing`, and as `budgets.commands.ask_exemption` does.
    """
    visit = await locked(uow, visit_id)
    check_theirs(visit, by, permitted, "visits.prepare")
    VISIT.step(visit.state, "exempt")
    lines = await lines_of(uow, visit, await form_of(uow, visit), await level_of(uow, visit.id), {item})
    return await budgets.ask_exemption(uow, visit.id, lines, item, up_to, reason=reason, by=by)


async def decide_exemption(uow: UnitOfWork, exemption_id: UUID, decision: Decision, *, by: UUID) -> Exemption:
    """Grants or refuses it: for whom the last step of the visit's route asks, never for who asked.

    Raises Refused: `visit-state`, `own-request`, `not-the-approver`, and as `budgets.commands.decide_exemption` does.
    """
    visit, asked = await _visit_of(uow, exemption_id)
    VISIT.step(visit.state, "exempt")
    form, judgement = await form_of(uow, visit), await level_of(uow, visit.id)
    lines = await lines_of(uow, visit, form, judgement, {asked.item})
    subject = replace(plain(visit), scale=form.scale, level_rank=lines.level_rank, total=asked.up_to)
    await check_last_approver(uow, subject, by)
    return await budgets.decide_exemption(uow, exemption_id, decision, by=by)


async def withdraw_exemption(uow: UnitOfWork, exemption_id: UUID, *, by: UUID, permitted: bool = False) -> Exemption:
    """It is not needed any more. Raises Refused: `visit-state`, `budget-exemption-state`."""
    visit, _ = await _visit_of(uow, exemption_id)
    check_theirs(visit, by, permitted, "visits.prepare")
    VISIT.step(visit.state, "exempt")
    return await budgets.withdraw_exemption(uow, exemption_id, by=by)


async def _visit_of(uow: UnitOfWork, exemption_id: UUID) -> tuple[Visit, Exemption]:
    """The visit first, then the exemption: the order in which everybody locks them."""
    found = await budget_store.get_exemption(uow, exemption_id)
    if found is None:
        raise NotFound("budget-exemption")
    return await locked(uow, found.visit_id), found
