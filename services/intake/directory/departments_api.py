"""Routes of departments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake.directory import departments, store
from services.intake.directory.model import Department
from services.intake.directory.schemas import DepartmentChanges, DepartmentList, DepartmentRequest, DepartmentView
from shared.kernel.errors import NotFound
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["departments"])

_MANAGE = Depends(requires("departments.manage"))


@router.get("/departments")
async def list_departments(edge: Edge = Depends(requires("departments.read"))) -> DepartmentList:
    """The whole tree, closed departments too."""

    async def read(uow: UnitOfWork) -> DepartmentList:
        return DepartmentList(items=tuple(DepartmentView.of(one) for one in await store.all_departments(uow)))

    return await edge.query(read)


@router.get("/departments/{department_id}")
async def read_department(department_id: UUID, edge: Edge = Depends(requires("departments.read"))) -> DepartmentView:
    """One department."""

    async def read(uow: UnitOfWork) -> DepartmentView:
        found = await store.get_department(uow, department_id)
        if found is None:
            raise NotFound("department")
        return DepartmentView.of(found)

    return await edge.query(read)


@router.post("/departments", status_code=201, response_model=DepartmentView)
async def add_department(body: DepartmentRequest, edge: Edge = _MANAGE) -> Response:
    """Adds a department."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: departments.add(uow, body.model_dump(), by=by), status=201)


@router.post("/departments/{department_id}/change", response_model=DepartmentView)
async def change_department(department_id: UUID, body: DepartmentChanges, edge: Edge = _MANAGE) -> Response:
    """Renames a department, moves it in the tree, or gives it another head."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: departments.change(uow, department_id, body.values(), by=by))


@router.post("/departments/{department_id}/close", response_model=DepartmentView)
async def close_department(department_id: UUID, edge: Edge = _MANAGE) -> Response:
    """Closes a department that nobody works in any more and nothing open lies below."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: departments.close(uow, department_id, by=by))


@router.post("/departments/{department_id}/reopen", response_model=DepartmentView)
async def reopen_department(department_id: UUID, edge: Edge = _MANAGE) -> Response:
    """Opens a closed department again."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: departments.reopen(uow, department_id, by=by))


async def _told(edge: Edge, run: Callable[[UnitOfWork], Awaitable[Department]], *, status: int = 200) -> Response:
    async def view(uow: UnitOfWork) -> DepartmentView:
        return DepartmentView.of(await run(uow))

    return await edge.command(view, status=status)
