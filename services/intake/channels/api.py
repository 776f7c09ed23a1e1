"""Routes of channels: messages come in, and channels ask what became of them."""

from __future__ import annotations

from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from services.intake.channels import store
from services.intake.channels.door import admit, channel_edge, door_of
from services.intake.channels.schemas import ChannelMessageRequest, ChannelMessageView, ReceivedAnswer
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.kernel import clock
from shared.kernel.errors import NotFound, Refused
from shared.kernel.ids import new_id
from shared.store.cause import Cause
from shared.store.group_commit import Entry
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge
from shared.web.idempotency import IdempotencyKey
from shared.web.problems import correlation_id
from shared.web.shortcut import shortcut

router = APIRouter(tags=["channels"])


@router.post("/channel-messages", status_code=202, response_model=ReceivedAnswer)
@shortcut(admit)
async def receive_message(
    request: HTTPRequest, body: ChannelMessageRequest, edge: Edge = Depends(channel_edge)
) -> Response:
    """Takes a complaint or an enquiry (IN-01). 202 means: stored for good; what it becomes is decided afterwards."""
    message_id, now = new_id(), clock.now()
    if body.occurred_at is not None and body.occurred_at > now:
        raise Refused("invalid-field", status=422, field="occurred_at", expected="an instant that is not to come")
    event = ChannelMessageReceived(
        message_id=message_id,
        channel=edge.caller.id,
        medium="http",
        purpose=body.purpose,
        sender=Sender(**body.sender.model_dump()),
        subject=body.subject,
        text=body.text,
        language=body.language,
        zone=body.zone,
        received_at=body.occurred_at or now,
        reply_address=body.reply_address,
    )
    key = await _idempotency_key(request, edge)
    answer = await door_of(request).messages.submit(
        Entry(
            item=event,
            answer={"id": str(message_id)},
            cause=Cause(correlation_id(request)),
            scope=None if key is None else (key.caller, key.path, key.key),
            body_hash=b"" if key is None else key.body_hash,
        )
    )
    return Response(orjson.dumps(answer), 202, {"Cache-Control": "no-store"}, "application/json")


@router.get("/channel-messages/{message_id}")
async def read_message(message_id: UUID, edge: Edge = Depends(channel_edge)) -> ChannelMessageView:
    """What became of a message of this channel, and its ticket number when there is one."""

    async def read(uow: UnitOfWork) -> ChannelMessageView:
        message = await store.get(uow, message_id)
        if message is None or message.channel != edge.caller.id:
            raise NotFound("channel-message")
        return ChannelMessageView.of(message)

    return await edge.query(read)


async def _idempotency_key(request: HTTPRequest, edge: Edge) -> IdempotencyKey | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    caller, path = f"channel:{edge.caller.id}", f"{request.method} {request.scope['path']}"
    return IdempotencyKey.of(caller, path, key, await request.body())
