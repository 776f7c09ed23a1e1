"""B4: how long a committed event takes until a reader of the topic has it, at 200 a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic

import orjson
import psycopg
from aiokafka import AIOKafkaConsumer

from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.relay import new_producer
from tests.bench.environment import Environment
from tests.bench.ledger import once_each
from tests.bench.load import at_instants, percentile
from tests.bench.outboxes import Outbox
from tests.bench.pairing import Outcome, Sides
from tests.bench.payloads import Stored, ticket_events
from tests.bench.processes import Program
from tests.bench.scale import Scale

RATE = 200.0
_PATIENCE = 60.0
_INSERT = (
    "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, sequence, created_at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, now())"
)

Put = Callable[[Stored], Awaitable[None]]
"""Makes an event final: commits it to an outbox, or hands it to the broker."""


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Both relays run all the time; one reader in the harness sees the topic for all."""
    ours, peer = Outbox.make(environment), Outbox.make(environment)
    relays = [
        environment.role("services.complaints", "relay", FRONTDESK_COMPLAINTS_DATABASE_URL=ours.url),
        environment.program("tests.bench.peers.p1_relay", BENCH_DATABASE=peer.url),
    ]
    relays[1].wait_said()
    reader = AIOKafkaConsumer("tickets", bootstrap_servers=environment.bootstrap, auto_offset_reset="latest")
    await reader.start()
    try:
        yield Sides(
            partial(_through_outbox, reader, scale, relays[0], ours),
            partial(_through_outbox, reader, scale, relays[1], peer),
            partial(_produced, environment, reader, scale, RATE),
        )
    finally:
        await reader.stop()
        for relay in relays:
            relay.stop()


async def _through_outbox(reader: AIOKafkaConsumer, scale: Scale, relay: Program, outbox: Outbox) -> Outcome:
    outbox.refill(())
    before = relay.cpu
    async with await psycopg.AsyncConnection.connect(outbox.url, autocommit=True) as connection:

        async def commit(event: Stored) -> None:
            headers = orjson.dumps(event.headers).decode()
            row = (event.id, event.topic, event.key, event.type, event.payload, headers, event.sequence)
            await connection.execute(_INSERT.encode(), row)

        values, wrong = await _measure(reader, scale, commit, RATE)
    return Outcome(values, cpu=(relay.cpu - before) / (RATE * scale.seconds) * 1000, wrong=tuple(wrong))


async def produce_and_read(environment: Environment, scale: Scale, rate: float) -> Outcome:
    """The limit at another rate, with a reader of its own."""
    reader = AIOKafkaConsumer("tickets", bootstrap_servers=environment.bootstrap, auto_offset_reset="latest")
    await reader.start()
    try:
        return await _produced(environment, reader, scale, rate)
    finally:
        await reader.stop()


async def _produced(environment: Environment, reader: AIOKafkaConsumer, scale: Scale, rate: float) -> Outcome:
    producer = new_producer(KafkaAccess(environment.bootstrap), "bench")
    await producer.start()
    sending: set[asyncio.Future[object]] = set()

    async def produce(event: Stored) -> None:
        key = event.key.encode()
        sending.add(await producer.send(event.topic, key=key, value=event.payload, headers=event.record_headers))

    try:
        values, wrong = await _measure(reader, scale, produce, rate)
    finally:
        await producer.stop()
    return Outcome(values, wrong=tuple(wrong))


async def _measure(reader: AIOKafkaConsumer, scale: Scale, put: Put, rate: float) -> tuple[dict[str, float], list[str]]:
    """From the end of `put` to the reader, in ms."""
    events = ticket_events(int(rate * scale.seconds))
    final: dict[str, float] = {}
    arrived: list[tuple[str, float]] = []
    reading = asyncio.create_task(_read(reader, len(events), arrived))

    async def fire(number: int, _intended: float) -> None:
        await put(events[number])
        final[events[number].id] = monotonic()

    try:
        await at_instants(rate, scale.seconds, fire)
        async with asyncio.timeout(_PATIENCE):
            await reading
    except TimeoutError:
        reading.cancel()
    wrong = once_each("records", final, _ids(arrived))
    taken = [max(0.0, at - final[event_id]) for event_id, at in arrived if event_id in final]
    return {"p50": percentile(taken, 0.5) * 1000, "p99": percentile(taken, 0.99) * 1000}, wrong


async def _read(reader: AIOKafkaConsumer, count: int, arrived: list[tuple[str, float]]) -> None:
    while len(arrived) < count:
        for messages in (await reader.getmany(timeout_ms=1000)).values():
            now = monotonic()
            arrived += [(dict(message.headers)["ce_id"].decode(), now) for message in messages]


def _ids(arrived: Sequence[tuple[str, float]]) -> list[str]:
    return [event_id for event_id, _ in arrived]
