"""A topic with a backlog, put there once and read by every side from its beginning."""

from __future__ import annotations

import asyncio

from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.relay import new_producer
from tests.bench.environment import Environment
from tests.bench.payloads import Stored, ticket_events

TOPIC = "tickets"


async def put_backlog(environment: Environment, count: int) -> list[Stored]:
    """Makes `count` events of tickets and leaves nothing but them on their topic."""
    events = ticket_events(count)
    environment.fresh_topics()
    producer = new_producer(KafkaAccess(environment.bootstrap), "bench-backlog")
    await producer.start()
    try:
        answers = [
            await producer.send(TOPIC, key=event.key.encode(), value=event.payload, headers=event.record_headers)
            for event in events
        ]
        await asyncio.gather(*answers)
    finally:
        await producer.stop()
    return events
