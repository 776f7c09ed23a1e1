"""The relay: in order per key, one at a time, nothing lost to a late commit, nothing held up by one bad row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts
from shared.messaging import relay
from shared.messaging.lease import Lease
from shared.messaging.topics import declare_topics
from shared.runtime.health import Health
from shared.runtime.service import RoleContext
from shared.runtime.settings import CommonSettings
from shared.store.cause import Cause
from shared.store.database import Database
from tests.support.core import Bench, progressed, service_of

UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


@pytest.fixture
async def bench(database_of: Callable[[str], str], kafka: str) -> AsyncIterator[Bench]:
    declare_topics(kafka, partitions=3, replication=1)
    made = Bench(service_of("complaints", database_of("complaints")))
    yield made
    await made.database.close()


@asynccontextmanager
async def relaying(bench: Bench, kafka: str, many: int = 1) -> AsyncIterator[None]:
    contexts = [
        RoleContext(
            bench.service,
            Database(bench.service.database_url(), "complaints"),
            CommonSettings(kafka_bootstrap=kafka),
            Health("relay"),
            asyncio.Event(),
        )
        for _ in range(many)
    ]
    tasks = [asyncio.create_task(relay.run(context)) for context in contexts]
    try:
        yield
    finally:
        for context in contexts:
            context.stopping.set()
        await asyncio.gather(*tasks)
        for context in contexts:
            await context.database.close()


async def drained(bench: Bench, left: int = 0) -> None:
    async with asyncio.timeout(60):
        while (await bench.rows(UNPUBLISHED)) != [left]:
            await asyncio.sleep(0.05)


async def on_topic(kafka: str, keys: set[UUID]) -> dict[str, list[int]]:
    """key → numbers in the order of offsets, read by an independent consumer."""
    reader = AIOKafkaConsumer("tickets", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await reader.start()
    found: dict[str, list[int]] = {str(key): [] for key in keys}
    ends = await reader.end_offsets([TopicPartition("tickets", p) for p in reader.partitions_for_topic("tickets")])
    while any([await reader.position(tp) < end for tp, end in ends.items()]):
        for messages in (await reader.getmany(timeout_ms=200)).values():
            for message in messages:
                if message.key.decode() in found:
                    found[message.key.decode()].append(int(dict(message.headers)["ce_sequence"]))
    await reader.stop()
    return found


async def publish(bench: Bench, *tickets: UUID) -> None:
    async with bench.database.transaction(Cause.of_person()) as uow:
        for ticket in tickets:
            uow.publish(progressed(ticket))


async def test_rows_go_out_in_order_and_are_marked(bench: Bench, kafka: str) -> None:
    tickets = [uuid4() for _ in range(30)]
    async with relaying(bench, kafka):
        for _ in range(40):
            await publish(bench, *tickets)
        await drained(bench)
    found = await on_topic(kafka, set(tickets))
    assert all(numbers == list(range(1, 41)) for numbers in found.values())


async def test_a_transaction_that_commits_late_is_not_lost(bench: Bench, kafka: str) -> None:
    slow, quick = uuid4(), uuid4()
    async with relaying(bench, kafka):
        async with bench.database.transaction(Cause.of_person()) as uow:
            uow.publish(progressed(slow))
            await uow.flush()  # takes its position now, commits after the other
            await publish(bench, quick)
            await drained(bench)
        await drained(bench)
    assert await on_topic(kafka, {slow, quick}) == {str(slow): [1], str(quick): [1]}


async def test_one_relay_is_active_and_the_next_takes_over(bench: Bench, kafka: str) -> None:
    tickets = [uuid4() for _ in range(20)]
    async with relaying(bench, kafka, many=3):
        for _ in range(20):
            await publish(bench, *tickets)
        await drained(bench)
        holders = await bench.rows("SELECT count(*) FROM lease WHERE until > now()")
    assert holders == [1]
    found = await on_topic(kafka, set(tickets))
    assert all(numbers == list(range(1, 21)) for numbers in found.values())
    assert await bench.rows("SELECT count(*) FROM lease") == [0]


async def test_a_lease_is_one_holder_s_until_it_runs_out(bench: Bench) -> None:
    first, second = Lease(bench.database, "relay"), Lease(bench.database, "relay")
    assert await first.take()
    assert not await second.take()
    assert first.held
    assert not second.held
    await bench.rows("UPDATE lease SET until = now() - interval '1 second'")
    assert await second.take()
    assert not await first.take()
    assert not first.held


async def test_a_row_that_the_broker_refuses_holds_back_its_key_and_nothing_else(bench: Bench, kafka: str) -> None:
    bad, good = uuid4(), uuid4()
    await publish(bench, bad, good)
    await bench.rows(
        "UPDATE outbox SET payload = convert_to(repeat(md5(random()::text), 40000), 'UTF8') WHERE aggregateid = :key",
        key=str(bad),
    )
    async with relaying(bench, kafka):
        await publish(bench, bad, good)
        await drained(bench, left=2)
        await publish(bench, bad, good)
        await drained(bench, left=3)
    assert await on_topic(kafka, {bad, good}) == {str(bad): [], str(good): [1, 2, 3]}
    stuck = await bench.rows("SELECT sequence, stuck_reason FROM outbox WHERE stuck_reason IS NOT NULL")
    assert stuck == [(1, "MessageSizeTooLargeError")]


async def test_given_a_broker_that_is_away_when_the_relay_is_to_leave_then_it_leaves_and_the_next_one_sends(
    bench: Bench, folder: Path, claimed_ports: ClaimedPorts
) -> None:
    """Its producer would wait for the broker for ever, and the process with it."""
    ticket = uuid4()
    node = Kafka(folder / f"away-{ticket}", claimed_ports.spare(), claimed_ports.spare())
    node.start()
    try:
        declare_topics(node.bootstrap, partitions=3, replication=1)
        async with asyncio.timeout(120):
            async with relaying(bench, node.bootstrap):
                await publish(bench, ticket)
                await drained(bench)
                await asyncio.to_thread(node.stop)
                await publish(bench, ticket)
                await asyncio.sleep(2.0)  # the batch is on its way to nobody
            assert await bench.rows(UNPUBLISHED) == [1]
            await asyncio.to_thread(node.prepare)
            node.launch()
            await asyncio.to_thread(node.wait_ready)
            async with relaying(bench, node.bootstrap):
                await drained(bench)
            # In a process of its own the first producer would have ended with it; here it may repeat what it had.
            found = (await on_topic(node.bootstrap, {ticket}))[str(ticket)]
            assert list(dict.fromkeys(found)) == [1, 2]
    finally:
        node.stop()


async def test_headers_and_tombstones_arrive_as_written(database_of: Callable[[str], str], kafka: str) -> None:
    from shared.contracts.events.party_changed import PartyChanged

    declare_topics(kafka, partitions=3, replication=1)
    intake = Bench(service_of("intake", database_of("intake")))
    party = uuid4()
    async with intake.database.transaction(Cause.of_person()) as uow:
        uow.erase(PartyChanged, party)
    context = RoleContext(
        intake.service, intake.database, CommonSettings(kafka_bootstrap=kafka), Health("relay"), asyncio.Event()
    )
    task = asyncio.create_task(relay.run(context))
    await drained(intake)
    reader = AIOKafkaConsumer("parties", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await reader.start()
    async with asyncio.timeout(30):
        async for message in reader:
            if message.key == str(party).encode():
                break
    await reader.stop()
    context.stopping.set()
    await task
    (headers,) = await intake.rows("SELECT headers FROM outbox")
    await intake.database.close()
    assert message.value is None
    assert {name: value.decode() for name, value in message.headers} == headers
    assert headers["ce_type"] == "party-changed"
    assert headers["ce_sequence"] == "1"
