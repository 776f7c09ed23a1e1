"""Routes of standard sets. Every member of staff may read them: whoever plans a visit has to know its caps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.intake.standards import commands, store, using
from services.intake.standards.lines import Stay, lines
from services.intake.standards.model import StandardSet
from services.intake.standards.schemas import (
    CellsRequest,
    ConfirmRequest,
    DraftRequest,
    LinesView,
    OutlineRequest,
    PublishRequest,
    StandardSetDetail,
    StandardSetList,
    StandardSetView,
    UseRequest,
    UseView,
)
from shared.kernel.errors import NotFound
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["standards"])

State = Literal["draft", "published", "retired", "discarded"]
Reader = Annotated[Edge, Depends(requires("standards.read"))]
Editor = Annotated[Edge, Depends(requires("standards.edit"))]
Publisher = Annotated[Edge, Depends(requires("standards.publish"))]


@router.get("/standard-sets")
async def list_sets(
    edge: Reader,
    code: Annotated[str | None, Query(max_length=32)] = None,
    state: State | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> StandardSetList:
    """Standard sets, the newest first."""

    async def read(uow: UnitOfWork) -> StandardSetList:
        found = await store.page(uow, code=code, state=state, before=before, limit=limit)
        items = tuple(StandardSetView.of(one) for one in found)
        return StandardSetList(items=items, next=found[-1].id if len(found) == limit else None)

    return await edge.query(read)


@router.get("/standard-sets/{set_id}")
async def read_set(set_id: UUID, edge: Reader) -> StandardSetDetail:
    """One set with its whole table."""

    async def read(uow: UnitOfWork) -> StandardSetDetail:
        return StandardSetDetail.whole(await _found(uow, set_id), await store.cells(uow, set_id))

    return await edge.query(read)


@router.get("/standard-sets/{set_id}/lines")
async def read_lines(
    set_id: UUID,
    edge: Reader,
    level: Annotated[str, Query(max_length=32)],
    host_rank: Annotated[str | None, Query(max_length=32)] = None,
    guests: Annotated[int, Query(ge=1, le=500)] = 1,
    nights: Annotated[int, Query(ge=0, le=60)] = 0,
    rooms: Annotated[int | None, Query(ge=0, le=500)] = None,
    companions: Annotated[int, Query(ge=0, le=500)] = 0,
) -> LinesView:
    """What a visit of this level may cost, by head-count and nights."""
    stay = Stay(guests, nights, rooms, companions)

    async def read(uow: UnitOfWork) -> LinesView:
        one, cells = await _found(uow, set_id), await store.cells(uow, set_id, level=level)
        return LinesView.of(one, lines(one, cells, level=level, host_rank=host_rank, stay=stay))

    return await edge.query(read)


@router.post("/standard-sets", status_code=201, response_model=StandardSetView)
async def draft_set(body: DraftRequest, edge: Editor) -> Response:
    """Drafts a copy of a set: its next edition, or the first edition under another code."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: commands.draft(uow, body.copy_of, code=body.code, by=by), status=201)


@router.post("/standard-sets/{set_id}/outline", response_model=StandardSetView)
async def change_outline(set_id: UUID, body: OutlineRequest, edge: Editor) -> Response:
    """Gives a draft other levels, ranks, items, names or rules; cells that have no place any more go."""
    by = edge.caller.staff_id
    return await _told(
        edge, lambda uow: commands.change_outline(uow, set_id, body.outline, version=body.version, by=by)
    )


@router.post("/standard-sets/{set_id}/cells", response_model=StandardSetView)
async def write_cells(set_id: UUID, body: CellsRequest, edge: Editor) -> Response:
    """Writes cells of a draft."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: commands.write_cells(uow, set_id, body.cells, by=by))


@router.post("/standard-sets/{set_id}/confirm", response_model=StandardSetView)
async def confirm_cell(
    set_id: UUID, body: ConfirmRequest, edge: Edge = Depends(requires("standards.confirm"))
) -> Response:
    """Settles an unclear cell of a draft or of the published edition by one of its readings."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: commands.confirm(uow, set_id, body.place, reading=body.reading, by=by))


@router.post("/standard-sets/{set_id}/publish", response_model=StandardSetView)
async def publish_set(set_id: UUID, body: PublishRequest, edge: Publisher) -> Response:
    """Puts a draft in force; the edition before it retires, and approved visits keep theirs (LV-06)."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: commands.publish(uow, set_id, version=body.version, by=by))


@router.post("/standard-sets/{set_id}/retire", response_model=StandardSetView)
async def retire_set(set_id: UUID, edge: Publisher) -> Response:
    """Takes a set out of force without a next edition."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: commands.retire(uow, set_id, by=by))


@router.post("/standard-sets/{set_id}/discard", response_model=StandardSetView)
async def discard_set(set_id: UUID, edge: Editor) -> Response:
    """Gives a draft up."""
    by = edge.caller.staff_id
    return await _told(edge, lambda uow: commands.discard(uow, set_id, by=by))


@router.get("/departments/{department_id}/standard-set")
async def read_use(department_id: UUID, edge: Reader) -> UseView:
    """The set that a department goes by: its own, else that of the nearest department above, else the company's."""

    async def read(uow: UnitOfWork) -> UseView:
        return await _use_view(uow, department_id)

    return await edge.query(read)


@router.post("/departments/{department_id}/standard-set", response_model=UseView)
async def use_set(department_id: UUID, body: UseRequest, edge: Publisher) -> Response:
    """Says which set a department and those below it go by; visits that were judged keep theirs."""
    by = edge.caller.staff_id

    async def run(uow: UnitOfWork) -> UseView:
        await using.use(uow, department_id, body.code, by=by)
        return await _use_view(uow, department_id)

    return await edge.command(run)


async def _found(uow: UnitOfWork, set_id: UUID) -> StandardSet:
    one = await store.get(uow, set_id)
    if one is None:
        raise NotFound("standard-set")
    return one


async def _use_view(uow: UnitOfWork, department_id: UUID) -> UseView:
    found = await using.set_for(uow, department_id)
    return UseView(department_id=department_id, standard_set=StandardSetView.of(found))


async def _told(edge: Edge, run: Callable[[UnitOfWork], Awaitable[StandardSet]], *, status: int = 200) -> Response:
    async def view(uow: UnitOfWork) -> StandardSetView:
        return StandardSetView.of(await run(uow))

    return await edge.command(view, status=status)
