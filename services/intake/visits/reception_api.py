"""Routes of receptions: the application form, the level, the budget, and leave to go above a cap."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake.budgets import store as budget_store
from services.intake.budgets.commands import Decision
from services.intake.budgets.model import Exemption, Verdict, check
from services.intake.levels import store as level_store
from services.intake.levels.model import propose
from services.intake.standards import store as standard_store
from services.intake.standards.using import set_for
from services.intake.visits import levelling, requesting, revising
from services.intake.visits.edges import Staff, request_by, told, within_reach
from services.intake.visits.model import Visit
from services.intake.visits.reception import evidence_of, form_of, lines_of
from services.intake.visits.reception_schemas import (
    AmendRequest,
    BudgetRequest,
    BudgetView,
    ExemptionRequest,
    ExemptionView,
    JudgementView,
    LevelRequest,
    ReceptionRequest,
    ReceptionView,
    ReceptionWish,
)
from services.intake.visits.schemas import VisitView
from shared.kernel.money import Money
from shared.security.rows import rows_of
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["receptions"])

Requester = Annotated[Edge, Depends(requires("visits.request"))]
Judge = Annotated[Edge, Depends(requires("visits.level"))]
Decider = Annotated[Edge, Depends(requires("visits.decide"))]


@router.post("/receptions", status_code=201, response_model=VisitView)
async def request_reception(body: ReceptionRequest, edge: Requester) -> Response:
    """Hands an application form in (FM-01). Its level is judged next, then it is planned and sent to approval."""
    return await told(
        edge,
        lambda uow: request_by(uow, body, kind=body.kind, requester_id=edge.caller.staff_id, form=body.form),
        status=201,
        dated=True,
    )


@router.get("/visits/{visit_id}/reception")
async def read_reception(visit_id: UUID, edge: Staff) -> ReceptionView:
    """The form, what level is proposed and judged, and the budget against its caps. That you read it is recorded."""

    async def read(uow: UnitOfWork) -> ReceptionView:
        visit = await within_reach(uow, visit_id, await rows_of(uow, edge.caller, "visits.read"))
        uow.audit(edge.caller.staff_id, "read-form", "visit", visit.id, revision=visit.revision)
        return await _view(uow, visit)

    return await edge.query(read)


@router.post("/visits/{visit_id}/judge-level", response_model=VisitView)
async def judge_level(visit_id: UUID, body: LevelRequest, edge: Judge) -> Response:
    """Says at what level the visitors are received (VR-04)."""
    by = edge.caller.staff_id

    async def run(uow: UnitOfWork) -> Visit:
        await within_reach(uow, visit_id, await rows_of(uow, edge.caller, "visits.level"))
        return await levelling.judge(uow, visit_id, body.level, host_rank=body.host_rank, reason=body.reason, by=by)

    return await told(edge, run)


@router.post("/visits/{visit_id}/budget", response_model=VisitView)
async def plan_budget(visit_id: UUID, body: BudgetRequest, edge: Staff) -> Response:
    """Plans what the visit costs, in place of what was planned before (AP-06)."""
    by, permitted = edge.caller.staff_id, "visits.prepare" in edge.caller.permissions
    return await told(edge, lambda uow: levelling.plan(uow, visit_id, body.plan(), by=by, permitted=permitted))


@router.post("/visits/{visit_id}/seek-approval", response_model=VisitView)
async def seek_approval(visit_id: UUID, edge: Staff) -> Response:
    """Sends form, level and budget to the first approver of the route; nothing may be blocked then."""
    by, permitted = edge.caller.staff_id, "visits.prepare" in edge.caller.permissions

    async def run(uow: UnitOfWork) -> Visit:
        visit = await requesting.locked(uow, visit_id)
        requesting.check_theirs(visit, by, permitted, "visits.prepare")
        return await requesting.seek_approval(uow, visit)

    return await told(edge, run)


@router.post("/visits/{visit_id}/resubmit-reception", response_model=VisitView)
async def resubmit_reception(visit_id: UUID, body: ReceptionWish, edge: Staff) -> Response:
    """Hands a returned reception in again, mended: a new revision, whose level is judged again."""
    by, permitted = edge.caller.staff_id, "visits.cancel" in edge.caller.permissions
    return await told(
        edge,
        lambda uow: revising.resubmit(uow, visit_id, body.wish(), form=body.form, by=by, permitted=permitted),
        dated=True,
    )


@router.post("/visits/{visit_id}/amend", response_model=VisitView)
async def amend(visit_id: UUID, body: AmendRequest, edge: Staff) -> Response:
    """Changes what is wanted: a new revision, which is approved anew where it asks for more than was approved."""
    by, permitted = edge.caller.staff_id, "visits.cancel" in edge.caller.permissions
    return await told(edge, lambda uow: revising.amend(uow, visit_id, body.amendment(), by=by, permitted=permitted))


@router.post("/visits/{visit_id}/exemptions", status_code=201, response_model=ExemptionView)
async def ask_exemption(visit_id: UUID, body: ExemptionRequest, edge: Staff) -> Response:
    """Asks for leave to spend more on an item than its cap (LV-04)."""
    by, permitted = edge.caller.staff_id, "visits.prepare" in edge.caller.permissions
    up_to = Money(body.up_to, body.currency)

    async def run(uow: UnitOfWork) -> ExemptionView:
        asked = await levelling.ask_exemption(
            uow, visit_id, body.item, up_to, reason=body.reason, by=by, permitted=permitted
        )
        return ExemptionView.of(asked)

    return await edge.command(run, status=201)


@router.post("/exemptions/{exemption_id}/grant", response_model=ExemptionView)
async def grant(exemption_id: UUID, edge: Decider) -> Response:
    """Grants an exemption; for whom the last step of the visit's route asks."""
    return await _decide(edge, exemption_id, "grant")


@router.post("/exemptions/{exemption_id}/refuse", response_model=ExemptionView)
async def refuse(exemption_id: UUID, edge: Decider) -> Response:
    """Refuses an exemption."""
    return await _decide(edge, exemption_id, "refuse")


@router.post("/exemptions/{exemption_id}/withdraw", response_model=ExemptionView)
async def withdraw(exemption_id: UUID, edge: Staff) -> Response:
    """Gives an exemption back that is not needed."""
    by, permitted = edge.caller.staff_id, "visits.prepare" in edge.caller.permissions

    async def run(uow: UnitOfWork) -> ExemptionView:
        return ExemptionView.of(await levelling.withdraw_exemption(uow, exemption_id, by=by, permitted=permitted))

    return await edge.command(run)


async def _decide(edge: Edge, exemption_id: UUID, decision: Decision) -> Response:
    async def run(uow: UnitOfWork) -> ExemptionView:
        decided: Exemption = await levelling.decide_exemption(uow, exemption_id, decision, by=edge.caller.staff_id)
        return ExemptionView.of(decided)

    return await edge.command(run)


async def _view(uow: UnitOfWork, visit: Visit) -> ReceptionView:
    form = await form_of(uow, visit)
    judgements = await level_store.history(uow, visit.id)
    goes_by = await standard_store.get(uow, judgements[-1].set_id) if judgements else None
    goes_by = goes_by or await set_for(uow, visit.department_id)
    proposed = propose(goes_by.outline, await evidence_of(uow, visit, form))
    budget = await budget_store.get(uow, visit.id, visit.revision)
    exemptions = await budget_store.exemptions(uow, visit.id)
    verdict: Verdict | None = None
    if budget is not None and judgements:
        lines = await lines_of(uow, visit, form, judgements[-1], {line.item for line in budget.plan})
        verdict = check(lines, budget.plan, exemptions)
    return ReceptionView(
        visit=VisitView.of(visit),
        form=form,
        standard_set=goes_by.code,
        edition=goes_by.edition,
        proposed_level=proposed.level,
        proposed_because=proposed.because,
        judgements=tuple(map(JudgementView.of, judgements)),
        budget=BudgetView.of(budget, verdict) if budget else None,
        exemptions=tuple(map(ExemptionView.of, exemptions)),
    )
