"""Routes of the reception desk."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake.desk import commands, store
from services.intake.desk.model import ApplicantForm
from services.intake.desk.schemas import ExpectedList, ExpectedView, ExtendRequest, WalkInRequest
from services.intake.directory import store as people
from services.intake.visits import receiving
from services.intake.visits.edges import Staff, staff_by_email, told, within_reach
from services.intake.visits.model import Visit
from services.intake.visits.schemas import VisitView
from shared.kernel.errors import NotFound
from shared.security.rows import rows_of
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["desk"])

Desk = Annotated[Edge, Depends(requires("visits.receive"))]

_AROUND = timedelta(hours=12)


@router.get("/desk")
async def list_expected(edge: Desk) -> ExpectedList:
    """Who is expected within twelve hours around now, or is here: to check an appointment by (IN-06)."""

    async def read(uow: UnitOfWork) -> ExpectedList:
        found = await store.expected(uow, uow.now - _AROUND, uow.now + _AROUND)
        names = await people.names(uow, {one.host_id for one in found})
        uow.audit(edge.caller.staff_id, "read-expected", "desk", edge.caller.staff_id, visits=len(found))
        return ExpectedList(items=tuple(ExpectedView(**asdict(one), host=names.get(one.host_id)) for one in found))

    return await edge.query(read)


@router.post("/walk-ins", status_code=201, response_model=VisitView)
async def receive_walk_in(body: WalkInRequest, edge: Desk) -> Response:
    """Receives somebody who was not expected; the host is told who is here (IN-04)."""

    async def run(uow: UnitOfWork) -> Visit:
        host_id = body.host_id or await staff_by_email(uow, body.host_email or "")
        return await commands.receive(uow, body.walk_in(), host_id=host_id, by=edge.caller.staff_id)

    return await told(edge, run, status=201)


@router.get("/visits/{visit_id}/applicant-form")
async def read_applicant_form(visit_id: UUID, edge: Staff) -> ApplicantForm:
    """What an applicant filled in (FM-05), for the interviewer. That you read it is recorded."""

    async def read(uow: UnitOfWork) -> ApplicantForm:
        visit = await within_reach(uow, visit_id, await rows_of(uow, edge.caller, "visits.read"))
        form = await store.get_form(uow, visit.id)
        if form is None:
            raise NotFound("applicant-form")
        uow.audit(edge.caller.staff_id, "read-applicant-form", "visit", visit.id)
        return form

    return await edge.query(read)


@router.post("/visits/{visit_id}/miss", response_model=VisitView)
async def miss(visit_id: UUID, edge: Staff) -> Response:
    """Records that the guest did not come."""
    by, permitted = edge.caller.staff_id, "visits.receive" in edge.caller.permissions
    return await told(edge, lambda uow: receiving.miss(uow, visit_id, by=by, permitted=permitted))


@router.post("/visits/{visit_id}/extend", response_model=VisitView)
async def extend(visit_id: UUID, body: ExtendRequest, edge: Staff) -> Response:
    """The guest stays longer: who asks for the departure does so later."""
    by, permitted = edge.caller.staff_id, "visits.receive" in edge.caller.permissions
    return await told(
        edge, lambda uow: receiving.extend(uow, visit_id, departure=body.departure, by=by, permitted=permitted)
    )
