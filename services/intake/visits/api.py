"""Routes of visits. Every member of staff may ask for one; what is done with it is for those it belongs to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.intake.approvals import store as approval_store
from services.intake.channels.door import channel_edge
from services.intake.desk.schemas import ArriveRequest
from services.intake.directory import store as people
from services.intake.visits import approving, receiving, requesting, revising, store
from services.intake.visits.approving import Decision
from services.intake.visits.edges import Staff, request_by, told, within_reach
from services.intake.visits.export import MOST_ROWS, sheet
from services.intake.visits.model import Visit
from services.intake.visits.schemas import (
    ApproveRequest,
    CancelRequest,
    DatesRequest,
    DepartRequest,
    ReasonedDecision,
    RequestedAnswer,
    VisitDetail,
    VisitList,
    VisitRequest,
    VisitView,
    WishRequest,
)
from services.intake.visits.search_schemas import HistoryEntry, VisitFilters, VisitHistory, VisitPage
from shared.security.rows import rows_of
from shared.store.audit import history
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["visits"])


@router.post("/visits", status_code=201, response_model=VisitView)
async def request_visit(body: VisitRequest, edge: Edge = Depends(requires("visits.request"))) -> Response:
    """Asks for a visit, in the caller's name (VR-03). It goes to the approver of the host's department."""
    return await told(
        edge,
        lambda uow: request_by(uow, body, kind=body.kind, requester_id=edge.caller.staff_id),
        status=201,
        dated=True,
    )


@router.post("/channel-visits", status_code=202, response_model=RequestedAnswer)
async def request_visit_as_guest(body: VisitRequest, edge: Edge = Depends(channel_edge)) -> Response:
    """Asks for a visit in the guest's name, through a channel. The guest hears that it was received."""

    async def run(uow: UnitOfWork) -> RequestedAnswer:
        return RequestedAnswer(id=(await request_by(uow, body, kind=body.kind, requester_id=None)).id)

    return await edge.command(run, status=202)


@router.get("/visits")
async def list_visits(edge: Staff, page: Annotated[VisitPage, Query()]) -> VisitList:
    """The visits that you may see, the latest arrival first."""

    async def read(uow: UnitOfWork) -> VisitList:
        rows = await rows_of(uow, edge.caller, "visits.read")
        visits = await store.by_arrival(uow, rows, page.sought(), before=page.before, limit=page.limit)
        items = tuple(VisitView.of(visit) for visit in visits)
        return VisitList(items=items, next=visits[-1].id if len(visits) == page.limit else None)

    return await edge.query(read)


@router.get("/visits/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_visits(edge: Staff, filters: Annotated[VisitFilters, Query()]) -> Response:
    """The same as a sheet (CSV), at most ten thousand rows. That you took it is recorded."""

    async def read(uow: UnitOfWork) -> str:
        rows = await rows_of(uow, edge.caller, "visits.read")
        visits = await store.by_arrival(uow, rows, filters.sought(), before=None, limit=MOST_ROWS)
        uow.audit(edge.caller.staff_id, "export", "visits", edge.caller.staff_id, rows=len(visits))
        hosts = await people.names(uow, {visit.host_id for visit in visits})
        departments = await people.codes(uow, {visit.department_id for visit in visits})
        return sheet(visits, hosts | departments)

    headers = {"Content-Disposition": 'attachment; filename="visits.csv"', "Cache-Control": "no-store"}
    return Response(await edge.query(read), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/visits/{visit_id}/history")
async def read_history(visit_id: UUID, edge: Staff) -> VisitHistory:
    """Who did what to this visit, from what to what."""

    async def read(uow: UnitOfWork) -> VisitHistory:
        await within_reach(uow, visit_id, await rows_of(uow, edge.caller, "visits.read"))
        entries = await history(uow, "visit", visit_id)
        return VisitHistory(items=tuple(HistoryEntry(**asdict(entry)) for entry in entries))

    return await edge.query(read)


@router.get("/visits/{visit_id}")
async def read_visit(visit_id: UUID, edge: Staff) -> VisitDetail:
    """One visit with its approvals."""

    async def read(uow: UnitOfWork) -> VisitDetail:
        visit = await within_reach(uow, visit_id, await rows_of(uow, edge.caller, "visits.read"))
        return VisitDetail.with_approvals(visit, await approval_store.of_visit(uow, visit_id))

    return await edge.query(read)


@router.post("/visits/{visit_id}/approve", response_model=VisitView)
async def approve(visit_id: UUID, body: ApproveRequest, edge: Staff) -> Response:
    """Approves this revision (AP-01); for the approver, or the substitute while absent. Other steps may follow."""
    return await _decide(edge, visit_id, "approved", body)


@router.post("/visits/{visit_id}/return", response_model=VisitView)
async def return_for_mending(visit_id: UUID, body: ReasonedDecision, edge: Staff) -> Response:
    """Gives the request back to be mended."""
    return await _decide(edge, visit_id, "returned", body, body.reason)


@router.post("/visits/{visit_id}/reject", response_model=VisitView)
async def reject(visit_id: UUID, body: ReasonedDecision, edge: Staff) -> Response:
    """Refuses the visit for good."""
    return await _decide(edge, visit_id, "rejected", body, body.reason)


@router.post("/visits/{visit_id}/resubmit", response_model=VisitView)
async def resubmit(visit_id: UUID, body: WishRequest, edge: Staff) -> Response:
    """Sends a returned request, mended, to its approver again: a new revision."""
    by, permitted = edge.caller.staff_id, "visits.cancel" in edge.caller.permissions
    return await told(
        edge, lambda uow: revising.resubmit(uow, visit_id, body.wish(), by=by, permitted=permitted), dated=True
    )


@router.post("/visits/{visit_id}/reschedule", response_model=VisitView)
async def reschedule(visit_id: UUID, body: DatesRequest, edge: Staff) -> Response:
    """Moves the visit, and everything that hangs on it: a new revision."""
    by, permitted = edge.caller.staff_id, "visits.cancel" in edge.caller.permissions
    return await told(
        edge,
        lambda uow: revising.reschedule(
            uow,
            visit_id,
            arrival=body.arrival,
            departure=body.departure,
            short_notice_reason=body.short_notice_reason,
            by=by,
            permitted=permitted,
        ),
        dated=True,
    )


@router.post("/visits/{visit_id}/cancel", response_model=VisitView)
async def cancel(visit_id: UUID, body: CancelRequest, edge: Staff) -> Response:
    """Calls the visit off, at any time before arrival."""
    by, permitted = edge.caller.staff_id, "visits.cancel" in edge.caller.permissions
    return await told(
        edge, lambda uow: requesting.cancel(uow, visit_id, reason=body.reason, by=by, permitted=permitted)
    )


@router.post("/visits/{visit_id}/withdraw", response_model=VisitView)
async def withdraw(visit_id: UUID, edge: Staff) -> Response:
    """Takes a request back that is not decided yet."""
    by, permitted = edge.caller.staff_id, "visits.cancel" in edge.caller.permissions
    return await told(edge, lambda uow: requesting.withdraw(uow, visit_id, by=by, permitted=permitted))


@router.post("/visits/{visit_id}/confirm", response_model=VisitView)
async def confirm(visit_id: UUID, edge: Staff) -> Response:
    """Records that time, people and way were confirmed with the guest (VR-05)."""
    by, permitted = edge.caller.staff_id, "visits.confirm" in edge.caller.permissions
    return await told(edge, lambda uow: receiving.confirm(uow, visit_id, by=by, permitted=permitted))


@router.post("/visits/{visit_id}/arrive", response_model=VisitView)
async def arrive(visit_id: UUID, edge: Staff, body: ArriveRequest | None = None) -> Response:
    """Records that the guest is here, and by what the desk made sure who it is (IN-06)."""
    identity = body.identity if body else None
    by, permitted = edge.caller.staff_id, "visits.receive" in edge.caller.permissions
    return await told(edge, lambda uow: receiving.arrive(uow, visit_id, identity=identity, by=by, permitted=permitted))


@router.post("/visits/{visit_id}/depart", response_model=VisitView)
async def depart(visit_id: UUID, body: DepartRequest, edge: Staff) -> Response:
    """Records that the guest has left; the callback waits until they should be home (VR-23)."""
    by, permitted = edge.caller.staff_id, "visits.receive" in edge.caller.permissions
    return await told(
        edge,
        lambda uow: receiving.depart(uow, visit_id, departed_at=body.departed_at, by=by, permitted=permitted),
    )


async def _decide(
    edge: Edge, visit_id: UUID, decision: Decision, body: ApproveRequest, reason: str | None = None
) -> Response:
    async def run(uow: UnitOfWork) -> Visit:
        return await approving.decide(
            uow,
            visit_id,
            decision,
            revision=body.revision,
            digest=body.digest,
            reason=reason,
            by=edge.caller.staff_id,
        )

    return await told(edge, run)
