"""Routes of approvals: what waits for me, whom I let decide, and which route a department takes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.intake.approvals import delegation_store, delegations, routing, shipped, store
from services.intake.approvals.schemas import (
    DelegationList,
    DelegationRequest,
    DelegationView,
    RouteChoice,
    RouteChosen,
    RouteList,
    WaitingList,
    WaitingView,
)
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["approvals"])

Staff = Annotated[Edge, Depends(requires("visits.read"))]
Decider = Annotated[Edge, Depends(requires("visits.decide"))]
Organiser = Annotated[Edge, Depends(requires("departments.manage"))]


@router.get("/approvals")
async def list_waiting(edge: Staff, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> WaitingList:
    """What waits for your decision, the oldest first; decide at `/visits/{id}/approve`, `/return` or `/reject`."""

    async def read(uow: UnitOfWork) -> WaitingList:
        found = await store.waiting_for(uow, edge.caller.staff_id, limit=limit)
        return WaitingList(items=tuple(map(WaitingView.of, found)))

    return await edge.query(read)


@router.get("/approval-routes")
async def list_routes(_edge: Staff) -> RouteList:
    """The routes that departments may take, with their steps."""
    return RouteList(items=tuple(shipped.routes().values()))


@router.post("/departments/{department_id}/approval-route", response_model=RouteChosen)
async def choose_route(department_id: UUID, body: RouteChoice, edge: Organiser) -> Response:
    """Which route a department's requests take from now on; what already waits goes on as it began."""

    async def run(uow: UnitOfWork) -> RouteChosen:
        await routing.use(uow, department_id, body.route, by=edge.caller.staff_id)
        return RouteChosen(department_id=department_id, route=body.route)

    return await edge.command(run)


@router.post("/approval-delegations", status_code=201, response_model=DelegationView)
async def delegate(body: DelegationRequest, edge: Decider) -> Response:
    """Lets somebody decide in your place up to an amount (AP-03)."""

    async def run(uow: UnitOfWork) -> DelegationView:
        given = await delegations.delegate(
            uow,
            body.delegate_id,
            body.amount(),
            department_id=body.department_id,
            starts=body.starts,
            ends=body.ends,
            by=edge.caller.staff_id,
        )
        return DelegationView.of(given)

    return await edge.command(run, status=201)


@router.get("/approval-delegations")
async def list_delegations(edge: Staff) -> DelegationList:
    """What you gave or got, the newest first."""

    async def read(uow: UnitOfWork) -> DelegationList:
        found = await delegation_store.of(uow, edge.caller.staff_id)
        return DelegationList(items=tuple(map(DelegationView.of, found)))

    return await edge.query(read)


@router.post("/approval-delegations/{delegation_id}/end", response_model=DelegationView)
async def end_delegation(delegation_id: UUID, edge: Staff) -> Response:
    """Ends a delegation that you gave or have; what waits for the delegate can be decided by who gave it."""

    async def run(uow: UnitOfWork) -> DelegationView:
        return DelegationView.of(await delegations.end(uow, delegation_id, caller=edge.caller))

    return await edge.command(run)
