"""P2: a stock Faust agent on callbacks' work, event by event: inbox, domain, number, outbox, one transaction each."""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

import faust
from sqlalchemy.dialects.postgresql import insert

from shared.contracts.envelope import Envelope, read_envelope, read_event
from tests.bench.peers.p1_models import Effect, InboxFact, Outbox, Sequence, now, sessions
from tests.bench.programs.effects import outgoing_of

GROUP = "p2-callbacks"

app = faust.App(
    GROUP,
    broker=f"kafka://{os.environ['BENCH_BOOTSTRAP']}",
    store="memory://",
    datadir=os.environ["BENCH_SCRATCH"],
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    key_serializer="raw",
    value_serializer="raw",
    consumer_auto_offset_reset="earliest",
    broker_max_poll_records=500,
)
tickets = app.topic("tickets", key_type=bytes, value_type=bytes)
make_session = sessions(os.environ["BENCH_DATABASE"])


@app.agent(tickets)
async def on_ticket(stream: Any) -> None:
    """Faust acknowledges each event as the loop goes on to the next."""
    async for event in stream.events():
        headers = event.message.headers
        pairs = headers.items() if isinstance(headers, dict) else headers
        envelope, value = read_envelope("tickets", event.message.key, event.message.value, pairs)
        await handle(envelope, value)


async def handle(envelope: Envelope, value: bytes | None) -> None:
    """One event in one transaction; one that was handled before does nothing."""
    async with make_session() as session, session.begin():
        fresh = await session.scalar(
            insert(InboxFact)
            .values(consumer=GROUP, source=envelope.source, id=envelope.id, body_hash=b"", received_at=now())
            .on_conflict_do_nothing()
            .returning(InboxFact.id)
        )
        if fresh is None:
            return
        event: Any = read_event(envelope, value)
        outgoing = outgoing_of(event)
        number = await session.scalar(
            insert(Sequence)
            .values(topic=outgoing.topic.name, key=outgoing.key_value, last=1)
            .on_conflict_do_update(index_elements=["topic", "key"], set_={"last": Sequence.last + 1})
            .returning(Sequence.last)
        )
        made = Envelope(
            id=str(uuid4()),
            source="/services/callbacks",
            type=outgoing.type,
            topic=outgoing.topic.name,
            key=outgoing.key_value,
            time=now(),
            dataschema=outgoing.dataschema(),
            correlation_id=envelope.correlation_id,
            causation_id=envelope.id,
            hops=envelope.hops + 1,
            sequence=number,
        )
        session.add(
            Effect(
                event_id=envelope.id,
                key=envelope.key,
                number=envelope.sequence,
                state=getattr(event, "state", "opened"),
            )
        )
        session.add(
            Outbox(
                id=made.id,
                aggregatetype=made.topic,
                aggregateid=made.key,
                type=made.type,
                payload=outgoing.encode(),
                headers=made.headers(),
                sequence=made.sequence,
                about=[],
                created_at=made.time,
            )
        )


if __name__ == "__main__":
    app.main()
