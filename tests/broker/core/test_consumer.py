"""The consumer over a real broker: odd records, rebalances, an absent database, a new reader (Faust in batches)."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.postgres import Postgres
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.messaging.faust_names import check_faust
from shared.messaging.reactions import Copy, Reaction
from shared.messaging.record import Record
from shared.messaging.topics import declare_topics
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, effect, progressed, record, service_of, tombstone
from tests.support.roles import consuming


@pytest.fixture
def topics(kafka: str) -> str:
    declare_topics(kafka, partitions=3, replication=1)
    return kafka


@asynccontextmanager
async def producing(kafka: str, **options: object) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=20_000_000, **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def send(producer: AIOKafkaProducer, *records: Record) -> None:
    for one in records:
        await producer.send_and_wait(one.topic, one.value, one.key, headers=list(one.headers))


async def until(bench: Bench, statement: str, wanted: object) -> None:
    async with asyncio.timeout(60):
        while (found := await bench.rows(statement)) != [wanted]:
            await asyncio.sleep(0.05)
    assert found == [wanted]


async def test_null_keys_garbage_and_bombs_are_held_and_good_events_pass(
    topics: str, database_of: Callable[[str], str]
) -> None:
    async def registered(_uow: UnitOfWork, sources: frozenset[str]) -> frozenset[str]:
        return sources & {"/channels/shop"}

    service = service_of(
        "intake", database_of("intake"), [Reaction(ChannelMessageReceived, effect)], known_sources=registered
    )
    bench = await Bench(service).prepare()
    message_id = str(uuid4())
    data = {"message_id": message_id, "channel": "shop", "medium": "kafka", "sender": {}, "text": "hello"}
    data |= {"received_at": clock.now().isoformat(), "invented": "kept in the original"}
    structured = {"specversion": "1.0", "id": "s-1", "source": "/channels/shop", "type": "channel-message-received"}
    structured |= {"time": clock.now().isoformat(), "partitionkey": message_id, "data": data}
    headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    bomb = b"0" * 10_000_000
    async with producing(topics, compression_type="gzip") as producer:
        assert len(gzip.compress(bomb)) < 100_000
        await producer.send_and_wait("channel-messages", b"no event", None)
        await producer.send_and_wait("channel-messages", bomb, b"k")
        await producer.send_and_wait("channel-messages", None, b"k")
        await producer.send_and_wait("channel-messages", orjson.dumps(structured), None, headers=headers)
        foreign = structured | {"source": "/channels/stranger"}
        await producer.send_and_wait("channel-messages", orjson.dumps(foreign), None, headers=headers)
    async with consuming(service, topics):
        await until(bench, "SELECT count(*) FROM held", 4)
        await until(bench, f"SELECT count(*) FROM effect WHERE key = '{message_id}'", 1)
    assert sorted(row[3] for row in await bench.held_rows()) == [
        "envelope ce_id",
        "envelope ce_id",
        "source-unknown",
        "too-large",
    ]
    assert bomb in await bench.rows("SELECT value FROM held WHERE value IS NOT NULL")
    await bench.database.close()


async def test_tombstones_reach_the_copies(topics: str, database_of: Callable[[str], str]) -> None:
    service = service_of("callbacks", database_of("callbacks"))
    bench = Bench(service)
    party = uuid4()
    async with consuming(service, topics), producing(topics) as producer:
        await send(
            producer, record(PartyChanged(party_id=party, name="somebody"), 1), tombstone(PartyChanged, party, 2)
        )
        await until(bench, f"SELECT gone FROM copy WHERE key = '{party}'", True)
    await bench.database.close()


async def test_workers_that_come_and_go_lose_and_double_nothing(topics: str, database_of: Callable[[str], str]) -> None:
    service = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])
    bench = await Bench(service).prepare()
    tickets = [uuid4() for _ in range(40)]
    keys = ", ".join(f"'{ticket}'" for ticket in tickets)  # the topic also holds what other tests wrote

    async def write() -> None:
        async with producing(topics, linger_ms=5) as producer:
            for number in range(1, 31):
                records = [record(progressed(ticket), number) for ticket in tickets]
                await asyncio.gather(*(send(producer, one) for one in records))
                await asyncio.sleep(0.1)

    async with consuming(service, topics):
        writing = asyncio.create_task(write())
        for _ in range(2):
            async with consuming(service, topics) as second:
                async with asyncio.timeout(40):
                    while second.health.not_ready:
                        await asyncio.sleep(0.05)
                await asyncio.sleep(0.5)
        await writing
        await until(bench, f"SELECT count(*) FROM effect WHERE key IN ({keys})", 40 * 30)
    effects = await bench.effects()
    for ticket in tickets:
        assert [n for key, n in effects if key == str(ticket)] == list(range(1, 31))
    assert await bench.rows(f"SELECT count(*) FROM held WHERE key IN ({keys})") == [0]
    await bench.database.close()


async def test_an_absent_database_stops_the_offsets_and_nothing_is_lost(
    topics: str, database_of: Callable[[str], str], postgres: Postgres
) -> None:
    service = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])
    bench = await Bench(service).prepare()
    ticket = uuid4()
    count = f"SELECT count(*) FROM effect WHERE key = '{ticket}'"
    async with consuming(service, topics) as context, producing(topics) as producer:
        await send(producer, record(progressed(ticket), 1))
        await until(bench, count, 1)
        await bench.database.close()
        postgres.stop()
        try:
            await send(producer, record(progressed(ticket), 2))
            async with asyncio.timeout(30):
                while context.health.not_ready != "database":
                    await asyncio.sleep(0.05)
        finally:
            postgres.start()
        await until(bench, count, 2)
        async with asyncio.timeout(30):
            while context.health.not_ready:
                await asyncio.sleep(0.05)
    await bench.database.close()


async def test_a_new_reader_reads_its_state_topics_first(topics: str, database_of: Callable[[str], str]) -> None:
    party = uuid4()
    async with producing(topics) as producer:
        await send(producer, record(PartyChanged(party_id=party, name="somebody"), 1))
        ticket = uuid4()
        await send(producer, record(progressed(ticket), 1))
    order: list[str] = []

    async def note(uow: UnitOfWork, event: object, envelope: object) -> None:
        order.append(type(event).__name__)

    reactions = [Reaction(PartyChanged, note), Reaction(ComplaintProgressed, note)]
    service = service_of("callbacks", database_of("callbacks"), reactions, copies=[Copy(PartyChanged)])
    async with consuming(service, topics):
        async with asyncio.timeout(30):
            while "ComplaintProgressed" not in order:
                await asyncio.sleep(0.05)
    assert "PartyChanged" not in order[order.index("ComplaintProgressed") :]
    assert "PartyChanged" in order


def test_the_installed_faust_has_every_name_that_we_use() -> None:
    check_faust()
