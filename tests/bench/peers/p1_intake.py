"""P1's intake: FastAPI, an ORM session and a commit per request: message, event, idempotency key."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.channels.schemas import ChannelMessageRequest
from shared.contracts.envelope import Envelope
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from tests.bench.peers.p1_models import ChannelMessage, Idempotency, Outbox, now, sessions

CALLER, PATH = "channel:bench", "POST /channel-messages"

app = FastAPI()
make_session = sessions(os.environ["BENCH_DATABASE"])


async def session() -> AsyncIterator[AsyncSession]:
    """A session per request."""
    async with make_session() as opened:
        yield opened


@app.post("/channel-messages", status_code=202)
async def receive(
    request: Request,
    body: ChannelMessageRequest,
    db: Annotated[AsyncSession, Depends(session)],
    authorization: Annotated[str, Header()],
    idempotency_key: Annotated[str, Header()],
) -> dict[str, Any]:
    """Stores the message and its event."""
    if authorization != "Bearer bench":
        raise HTTPException(401)
    body_hash = hashlib.sha256(await request.body()).digest()
    before = await db.get(Idempotency, (CALLER, PATH, idempotency_key))
    if before is None:
        answer = {"id": str(uuid4())}
        _add(db, body, answer, idempotency_key, body_hash)
        try:
            await db.commit()
            return answer
        except IntegrityError:
            await db.rollback()
            before = await db.get_one(Idempotency, (CALLER, PATH, idempotency_key))
    if before.body_hash != body_hash:
        raise HTTPException(422)
    return before.answer


def _add(db: AsyncSession, body: ChannelMessageRequest, answer: dict[str, Any], key: str, body_hash: bytes) -> None:
    instant = now()
    event = ChannelMessageReceived(
        message_id=answer["id"],
        channel="bench",
        medium="http",
        purpose=body.purpose,
        sender=Sender(**body.sender.model_dump()),
        subject=body.subject,
        text=body.text,
        language=body.language,
        zone=body.zone,
        received_at=instant,
        reply_address=body.reply_address,
    )
    envelope = Envelope(
        id=str(uuid4()),
        source="/services/intake",
        type=event.type,
        topic=event.topic.name,
        key=event.key_value,
        time=instant,
        dataschema=event.dataschema(),
        correlation_id=str(uuid4()),
    )
    db.add(
        ChannelMessage(
            id=event.message_id,
            channel=event.channel,
            medium=event.medium,
            purpose=event.purpose,
            sender=event.sender.model_dump(mode="json", exclude_none=True),
            subject=event.subject,
            text=event.text,
            language=event.language,
            zone=event.zone,
            reply_address=event.reply_address,
            address_verified=event.address_verified,
            received_at=event.received_at,
            state="received",
            version=1,
        )
    )
    db.add(
        Outbox(
            id=envelope.id,
            aggregatetype=envelope.topic,
            aggregateid=envelope.key,
            type=envelope.type,
            payload=event.encode(),
            headers=envelope.headers(),
            about=[],
            created_at=instant,
        )
    )
    db.add(
        Idempotency(
            caller=CALLER, path=PATH, key=key, body_hash=body_hash, status=202, answer=answer, created_at=instant
        )
    )


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)
