"""Callbacks over HTTP: what is to be done, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.callbacks.callbacks import commands, contact, store
from services.callbacks.callbacks.model import DECIDE, PERFORM
from services.callbacks.callbacks.schemas import (
    AttemptRequest,
    CallbackDetail,
    CallbackPage,
    CallbackView,
    GiveUpRequest,
    State,
)
from services.callbacks.rules.model import Mode, SubjectKind
from services.callbacks.settings import settings
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["callbacks"])

READ = "callbacks.read"


@router.get("/callbacks")
async def list_callbacks(
    state: Annotated[State | None, Query()] = None,
    mode: Annotated[Mode | None, Query()] = None,
    rule: Annotated[str | None, Query(max_length=64)] = None,
    subject_kind: Annotated[SubjectKind | None, Query()] = None,
    subject_id: Annotated[UUID | None, Query()] = None,
    party_id: Annotated[UUID | None, Query()] = None,
    needs_person: Annotated[bool | None, Query(description="an answer came that a person must understand")] = None,
    overdue: Annotated[bool, Query(description="only open ones whose deadline has passed")] = False,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    edge: Edge = Depends(requires(READ)),
) -> CallbackPage:
    """The callbacks that meet every filter given, the one due first in front."""
    filters: dict[str, Any] = {
        "state": state,
        "mode": mode,
        "rule": rule,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "party_id": party_id,
        "needs_person": needs_person,
    }

    async def read(uow: UnitOfWork) -> CallbackPage:
        found = await store.page(
            uow,
            where={name: value for name, value in filters.items() if value is not None},
            overdue_at=uow.now if overdue else None,
            after=after,
            limit=limit + 1,
        )
        return CallbackPage(
            items=tuple(CallbackView.of(callback) for callback in found[:limit]),
            next=found[limit - 1].id if len(found) > limit else None,
        )

    return await edge.query(read)


@router.get("/callbacks/{callback_id}")
async def show_callback(callback_id: UUID, edge: Edge = Depends(requires(READ))) -> CallbackDetail:
    """One callback with its attempts. Whom to call is shown to those who may do it."""

    async def read(uow: UnitOfWork) -> CallbackDetail:
        callback = await store.get(uow, callback_id)
        may_call = PERFORM in edge.caller.permissions and await commands.may_perform(
            uow, callback, edge.caller.staff_id, settings().marketing_departments
        )
        party = await contact.party(uow, callback.party_id) if may_call and callback.is_open else None
        if party is not None:
            uow.audit(edge.caller.id, "contact-read", "callback", callback.id)
        return CallbackDetail.with_attempts(callback, await store.attempts(uow, callback_id), party)

    return await edge.query(read)


@router.post("/callbacks/{callback_id}/attempt", response_model=CallbackView)
async def record_attempt(callback_id: UUID, body: AttemptRequest, edge: Edge = Depends(requires(PERFORM))) -> Response:
    """The party was, or could not be, reached by a call."""

    async def run(uow: UnitOfWork) -> CallbackView:
        return CallbackView.of(
            await commands.record_attempt(
                uow,
                callback_id,
                result=body.result,
                by=edge.caller.staff_id,
                marketing_departments=settings().marketing_departments,
                attempts=settings().attempts,
                retry_delay=settings().retry_delay,
            )
        )

    return await edge.command(run)


@router.post("/callbacks/{callback_id}/give-up", response_model=CallbackView)
async def give_up(callback_id: UUID, body: GiveUpRequest, edge: Edge = Depends(requires(DECIDE))) -> Response:
    """It is not tried any more."""

    async def run(uow: UnitOfWork) -> CallbackView:
        return CallbackView.of(
            await commands.give_up(
                uow,
                callback_id,
                reason=body.reason,
                by=edge.caller.staff_id,
                marketing_departments=settings().marketing_departments,
            )
        )

    return await edge.command(run)


@router.post("/callbacks/{callback_id}/refuse", response_model=CallbackView)
async def refuse(callback_id: UUID, edge: Edge = Depends(requires(PERFORM))) -> Response:
    """The party does not want to be asked."""

    async def run(uow: UnitOfWork) -> CallbackView:
        return CallbackView.of(
            await commands.refuse(
                uow,
                callback_id,
                by=edge.caller.staff_id,
                marketing_departments=settings().marketing_departments,
            )
        )

    return await edge.command(run)
