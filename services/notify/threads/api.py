"""Threads over HTTP: which questions are open."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.notify.threads import store
from services.notify.threads.schemas import ThreadList, ThreadView
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["threads"])


@router.get("/threads")
async def list_threads(
    open_only: Annotated[bool, Query()] = True,
    subject_id: Annotated[UUID | None, Query(description="what was asked about, e.g. a callback")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    edge: Edge = Depends(requires("messages.read")),
) -> ThreadList:
    """Questions that wait for an answer, newest first; with `open_only=false` also those that are over."""

    async def read(uow: UnitOfWork) -> ThreadList:
        found = await store.search(uow, open_only=open_only, subject_id=subject_id, limit=limit)
        shown = tuple(
            ThreadView(**{name: getattr(thread, name) for name in ThreadView.model_fields}) for thread in found
        )
        return ThreadList(items=shown)

    return await edge.query(read)
