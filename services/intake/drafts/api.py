"""Routes of drafts: save what there is, see what is missing, hand it in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from services.intake.drafts import commands, store
from services.intake.drafts.model import Draft
from services.intake.drafts.schemas import DraftList, DraftView, NewDraft, SavedDraft, application
from services.intake.visits.edges import request_by, told
from services.intake.visits.machine import VISIT
from services.intake.visits.model import Visit
from services.intake.visits.reception_schemas import ReceptionRequest
from services.intake.visits.schemas import VisitView
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires
from shared.web.language import language_for

router = APIRouter(tags=["drafts"])

Author = Annotated[Edge, Depends(requires("visits.request"))]


@router.post("/visit-drafts", status_code=201, response_model=DraftView)
async def draft(body: NewDraft, edge: Author) -> Response:
    """Saves the beginning of an application; the answer says what it still lacks."""

    async def run(uow: UnitOfWork) -> DraftView:
        return _view(edge, await commands.draft(uow, body.kind, body.content, by=edge.caller.staff_id))

    return await edge.command(run, status=201)


@router.get("/visit-drafts")
async def list_drafts(edge: Author) -> DraftList:
    """Your drafts, the newest first."""

    async def read(uow: UnitOfWork) -> DraftList:
        return DraftList(items=tuple(_view(edge, one) for one in await store.of(uow, edge.caller.staff_id)))

    return await edge.query(read)


@router.get("/visit-drafts/{draft_id}")
async def read_draft(draft_id: UUID, edge: Author) -> DraftView:
    """One of your drafts."""

    async def read(uow: UnitOfWork) -> DraftView:
        return _view(edge, await commands.owned(uow, draft_id, edge.caller.staff_id))

    return await edge.query(read)


@router.post("/visit-drafts/{draft_id}/save", response_model=DraftView)
async def save(draft_id: UUID, body: SavedDraft, edge: Author) -> Response:
    """Saves what the draft says now."""

    async def run(uow: UnitOfWork) -> DraftView:
        by = edge.caller.staff_id
        return _view(edge, await commands.save(uow, draft_id, body.content, version=body.version, by=by))

    return await edge.command(run)


@router.post("/visit-drafts/{draft_id}/submit", response_model=VisitView)
async def submit(draft_id: UUID, edge: Author) -> Response:
    """Hands the draft in; where something is missing, all of that is told at once and the draft stays as it is."""

    async def run(uow: UnitOfWork) -> Visit:
        VISIT.step("draft", "submit")
        one = await commands.take(uow, draft_id, by=edge.caller.staff_id)
        try:
            body = application(one)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from None
        form = body.form if isinstance(body, ReceptionRequest) else None
        return await request_by(uow, body, kind=one.kind, requester_id=edge.caller.staff_id, form=form)

    return await told(edge, run, dated=True)


@router.post("/visit-drafts/{draft_id}/discard", response_model=DraftView)
async def discard(draft_id: UUID, edge: Author) -> Response:
    """Throws the draft away; the answer has it for the last time."""

    async def run(uow: UnitOfWork) -> DraftView:
        return _view(edge, await commands.take(uow, draft_id, by=edge.caller.staff_id))

    return await edge.command(run)


def _view(edge: Edge, one: Draft) -> DraftView:
    return DraftView.of(one, language_for(edge.request))
