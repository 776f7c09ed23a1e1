"""Routes of cases."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.intake.cases import commands, store
from services.intake.cases.schemas import CaseList, CaseView
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["cases"])


@router.get("/cases")
async def list_cases(
    state: Literal["open", "closed"] | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    edge: Edge = Depends(requires("cases.read")),
) -> CaseList:
    """Cases, newest first."""

    async def read(uow: UnitOfWork) -> CaseList:
        cases = await store.newest(uow, state=state, before=before, limit=limit)
        items = tuple(CaseView.of(case) for case in cases)
        return CaseList(items=items, next=cases[-1].id if len(cases) == limit else None)

    return await edge.query(read)


@router.get("/cases/{case_id}")
async def read_case(case_id: UUID, edge: Edge = Depends(requires("cases.read"))) -> CaseView:
    """One case."""

    async def read(uow: UnitOfWork) -> CaseView:
        return CaseView.of(await commands.read_case(uow, case_id))

    return await edge.query(read)


@router.post("/cases/{case_id}/close", response_model=CaseView)
async def close_case(case_id: UUID, edge: Edge = Depends(requires("cases.close"))) -> Response:
    """Closes a case that has been answered."""

    async def close(uow: UnitOfWork) -> CaseView:
        return CaseView.of(await commands.close_case(uow, case_id, by=edge.caller.staff_id))

    return await edge.command(close)
