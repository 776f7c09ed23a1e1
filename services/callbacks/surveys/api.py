"""Answers over HTTP: recorded by those who asked, read by those who may."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.callbacks.callbacks import store as callbacks
from services.callbacks.callbacks.model import PERFORM
from services.callbacks.callbacks.schemas import CallbackView
from services.callbacks.rules.model import Exclusion
from services.callbacks.settings import settings
from services.callbacks.surveys import commands, store
from services.callbacks.surveys.schemas import AnswerList, CompleteRequest
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["surveys"])

READ_ANSWERS = "callbacks.read-answers"

_MOST_ANSWERS = 100


@router.post("/callbacks/{callback_id}/complete", response_model=CallbackView)
async def complete(callback_id: UUID, body: CompleteRequest, edge: Edge = Depends(requires(PERFORM))) -> Response:
    """The party has answered to a member of staff."""

    async def run(uow: UnitOfWork) -> CallbackView:
        return CallbackView.of(
            await commands.complete(
                uow,
                callback_id,
                outcome=body.outcome,
                words=body.words,
                contact_wanted=body.contact_wanted,
                by=edge.caller.staff_id,
                marketing_departments=settings().marketing_departments,
            )
        )

    return await edge.command(run)


@router.get("/callbacks/{callback_id}/answers")
async def list_answers(callback_id: UUID, edge: Edge = Depends(requires(READ_ANSWERS))) -> AnswerList:
    """The last hundred answers to a callback in the party's own words; that they were read is recorded."""

    async def read(uow: UnitOfWork) -> AnswerList:
        callback = await callbacks.get(uow, callback_id)
        if edge.caller.staff_id in callback.accused_ids:
            raise Refused("callback-excluded", status=403, expected=f"somebody else than: {Exclusion.ACCUSED}")
        uow.audit(edge.caller.id, "answers-read", "callback", callback.id)
        return AnswerList.of(await store.of_callback(uow, callback.id, _MOST_ANSWERS))

    return await edge.query(read)
