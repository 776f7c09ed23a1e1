"""Messages over HTTP: what was sent, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from services.notify.attempts import store as attempts
from services.notify.messages import store
from services.notify.messages.schemas import MessageDetail, MessagePage, MessageView
from services.notify.providers.result import Channel
from shared.kernel.errors import NotFound
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["messages"])

READ = "messages.read"
READ_TEXT = "messages.read-text"

State = Literal[
    "accepted",
    "scheduled",
    "held",
    "sending",
    "submitted",
    "delivered",
    "in_doubt",
    "sent_unconfirmed",
    "failed_permanent",
    "failed_technical",
    "expired",
    "suppressed",
    "cancelled",
    "superseded",
]


@router.get("/messages")
async def list_messages(
    state: Annotated[State | None, Query()] = None,
    channel: Annotated[Channel | None, Query()] = None,
    subject_id: Annotated[UUID | None, Query(description="ticket, visit, case or callback")] = None,
    recipient_id: Annotated[UUID | None, Query(description="party or member of staff")] = None,
    before: Annotated[AwareDatetime | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    edge: Edge = Depends(requires(READ)),
) -> MessagePage:
    """The messages that meet every filter given, newest first, addresses masked."""

    async def read(uow: UnitOfWork) -> MessagePage:
        found = await store.search(
            uow,
            state=state,
            channel=channel,
            subject_id=subject_id,
            recipient_id=recipient_id,
            before=before,
            limit=limit + 1,
        )
        more: datetime | None = found[limit - 1].accepted_at if len(found) > limit else None
        return MessagePage(items=tuple(map(MessageView.of, found[:limit])), next=more)

    return await edge.query(read)


@router.get("/messages/{message_id}")
async def show_message(message_id: UUID, edge: Edge = Depends(requires(READ))) -> MessageDetail:
    """One message with its attempts; its text for who may read texts, which is recorded."""

    async def read(uow: UnitOfWork) -> MessageDetail:
        message = await store.get(uow, message_id)
        if message is None:
            raise NotFound("message")
        with_text = READ_TEXT in edge.caller.permissions
        if with_text:
            uow.audit(edge.caller.id, "message.text-read", "message", message_id)
        return MessageDetail.with_attempts(message, await attempts.of_message(uow, message_id), with_text=with_text)

    return await edge.query(read)
