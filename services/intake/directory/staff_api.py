"""Routes of staff. Everybody knows whom they work with; who may change what is asked for field by field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.intake.directory import absences, staffing, store
from services.intake.directory.model import Member
from services.intake.directory.schemas import AbsenceRequest, StaffChanges, StaffList, StaffRequest, StaffView
from shared.kernel.errors import NotFound
from shared.security.rows import Rows, rows_of
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["staff"])

Staff = Annotated[Edge, Depends(requires("staff.read"))]
"""Anybody here; the command asks for the permission that its field or step needs."""

Short = Annotated[str, Query(max_length=64)]


@router.get("/staff")
async def list_staff(
    edge: Staff,
    department_id: UUID | None = None,
    role: Short | None = None,
    area: Short | None = None,
    state: Literal["working", "locked", "left"] | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> StaffList:
    """Members of staff; of a department with all below it, of a role, of an area."""

    async def read(uow: UnitOfWork) -> StaffList:
        departments = None if department_id is None else await store.below(uow, department_id)
        found = await store.by_id(
            uow, departments=departments, role=role, area=area, state=state, after=after, limit=limit
        )
        contact = await _contact(uow, edge)
        items = tuple(_view(one, contact) for one in found)
        return StaffList(items=items, next=found[-1].id if len(found) == limit else None)

    return await edge.query(read)


@router.get("/staff/{staff_id}")
async def read_staff(staff_id: UUID, edge: Staff) -> StaffView:
    """One member of staff."""

    async def read(uow: UnitOfWork) -> StaffView:
        found = await store.get_member(uow, staff_id)
        if found is None:
            raise NotFound("staff")
        return _view(found, await _contact(uow, edge))

    return await edge.query(read)


@router.post("/staff", status_code=201, response_model=StaffView)
async def hire(body: StaffRequest, edge: Edge = Depends(requires("staff.manage"))) -> Response:
    """Takes somebody new into the directory. `frontdesk staff password` opens the account."""
    return await _told(edge, lambda uow: staffing.hire(uow, body.model_dump(), by=edge.caller), status=201)


@router.post("/staff/{staff_id}/change", response_model=StaffView)
async def change_staff(staff_id: UUID, body: StaffChanges, edge: Staff) -> Response:
    """Changes what is sent, by a permission each; phone, language, zone and substitute one may change of oneself."""
    return await _told(edge, lambda uow: staffing.change(uow, staff_id, body.values(), by=edge.caller))


@router.post("/staff/{staff_id}/lock", response_model=StaffView)
async def lock_staff(staff_id: UUID, edge: Staff) -> Response:
    """Locks an account: no access from now on, and open work moves."""
    return await _told(edge, lambda uow: staffing.lock(uow, staff_id, by=edge.caller))


@router.post("/staff/{staff_id}/unlock", response_model=StaffView)
async def unlock_staff(staff_id: UUID, edge: Staff) -> Response:
    """Gives access again; what has moved stays where it is."""
    return await _told(edge, lambda uow: staffing.unlock(uow, staff_id, by=edge.caller))


@router.post("/staff/{staff_id}/leave", response_model=StaffView)
async def leave(staff_id: UUID, edge: Staff) -> Response:
    """Records that somebody has left (CF-09): access, password and roles end, and open work moves."""
    return await _told(edge, lambda uow: staffing.leave(uow, staff_id, by=edge.caller))


@router.post("/staff/{staff_id}/rejoin", response_model=StaffView)
async def rejoin(staff_id: UUID, edge: Staff) -> Response:
    """Takes back somebody who had left; roles are given anew."""
    return await _told(edge, lambda uow: staffing.rejoin(uow, staff_id, by=edge.caller))


@router.post("/staff/{staff_id}/absences", status_code=201, response_model=StaffView)
async def record_absence(staff_id: UUID, body: AbsenceRequest, edge: Staff) -> Response:
    """Records an absence: one's own, one's people's, or with the permission. Open work moves when it begins."""
    values = body.model_dump()
    return await _told(edge, lambda uow: absences.record(uow, staff_id, **values, by=edge.caller), status=201)


@router.post("/staff/{staff_id}/absences/{absence_id}/end", response_model=StaffView)
async def end_absence(staff_id: UUID, absence_id: UUID, edge: Staff) -> Response:
    """Ends an absence now, or takes back one to come."""
    return await _told(edge, lambda uow: absences.end(uow, staff_id, absence_id, by=edge.caller))


async def _told(edge: Edge, run: Callable[[UnitOfWork], Awaitable[Member]], *, status: int = 200) -> Response:
    async def view(uow: UnitOfWork) -> StaffView:
        return _view(await run(uow), await _contact(uow, edge))

    return await edge.command(view, status=status)


async def _contact(uow: UnitOfWork, edge: Edge) -> Rows:
    return await rows_of(uow, edge.caller, "staff.read-contact", or_own=True)


def _view(one: Member, contact: Rows) -> StaffView:
    """People see their own contact data and those of whom they lead; others as far as the permission reaches."""
    return StaffView.of(one, lambda _permission: contact.cover(one.department_id, one.id, one.manager_id))
