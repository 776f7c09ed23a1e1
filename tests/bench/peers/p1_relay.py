"""P1's relay: the outbox polled each second, SKIP LOCKED, 100 rows at a time, each sent and waited for.

A full batch is followed by the next at once: kinder than to sleep after each, which would bound it to 100 a second.
"""

from __future__ import annotations

import asyncio
import os

from aiokafka import AIOKafkaProducer
from sqlalchemy import select

from tests.bench.peers.p1_models import Outbox, Sessions, now, sessions

BATCH = 100
PREFIX = os.environ.get("BENCH_TOPIC_PREFIX", "")


async def publish_pending(make_session: Sessions, producer: AIOKafkaProducer) -> int:
    """Sends up to a batch and marks it; returns how many."""
    async with make_session() as session, session.begin():
        pending = select(Outbox).where(Outbox.published_at.is_(None)).order_by(Outbox.position).limit(BATCH)
        rows = (await session.scalars(pending.with_for_update(skip_locked=True))).all()
        for row in rows:
            await producer.send_and_wait(
                PREFIX + row.aggregatetype,
                row.payload,
                key=row.aggregateid.encode(),
                headers=[(name, value.encode()) for name, value in row.headers.items()],
            )
            row.published_at = now()
    return len(rows)


async def relay(make_session: Sessions, bootstrap: str) -> None:
    """For ever."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    print("ready", flush=True)  # noqa: T201 - the harness waits for it
    try:
        while True:
            if await publish_pending(make_session, producer) < BATCH:
                await asyncio.sleep(1)
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(relay(sessions(os.environ["BENCH_DATABASE"]), os.environ["BENCH_BOOTSTRAP"]))
