"""Faults of the libraries under us that would lose an event or stop us, each named by its issue, over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contracts.envelope import Envelope
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.messaging import relay
from shared.messaging.reactions import Reaction
from shared.runtime.service import RoleContext
from shared.store.unit_of_work import UnitOfWork
from tests.broker.core.test_consumer import consuming, producing, send, topics, until
from tests.broker.core.test_relay import bench, drained, on_topic, publish, relaying
from tests.support.core import Bench, effect, progressed, record, service_of, tombstone

__all__ = ["bench", "topics"]

GROUP = "frontdesk-callbacks"


async def committed(kafka: str, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The next offset that the group would read at each place; 0 where it has committed none."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=GROUP, enable_auto_commit=False)
    await reader.start()
    try:
        return {place: await reader.committed(place) or 0 for place in places}
    finally:
        await reader.stop()


async def test_faust_streaming_315_an_event_whose_reaction_raises_is_not_acknowledged_away(
    topics: str, database_of: Callable[[str], str]
) -> None:
    """Stock agents acknowledge in a `finally`, also what raised (robinhood/faust 604)."""
    ill = True

    async def raise_at_two(uow: UnitOfWork, event: ComplaintProgressed, envelope: Envelope) -> None:
        if ill and envelope.sequence == 2 and envelope.key == str(ticket):
            raise ValueError
        await effect(uow, event, envelope)

    service = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, raise_at_two)])
    made = await Bench(service).prepare()
    ticket = uuid4()
    async with consuming(service, topics), producing(topics) as producer:
        await send(producer, *(record(progressed(ticket), number) for number in (1, 2, 3)))
        await until(made, f"SELECT count(*) FROM held WHERE key = '{ticket}'", 2)

    ill = False
    async with consuming(service, topics):
        await made.rows(f"UPDATE held SET next_try = now() WHERE key = '{ticket}'")
        await made.held.run_due()
        await until(made, f"SELECT count(*) FROM effect WHERE key = '{ticket}'", 3)
    assert [number for key, number in await made.effects() if key == str(ticket)] == [1, 2, 3]
    await made.database.close()


async def test_faust_streaming_606_no_offset_passes_a_record_that_is_still_worked_on(
    topics: str, database_of: Callable[[str], str]
) -> None:
    """Stock consumers commit past a single record that is missing at the head (also faust-streaming 312)."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait_at_one(uow: UnitOfWork, event: ComplaintProgressed, envelope: Envelope) -> None:
        if envelope.key == str(ticket) and envelope.sequence == 1:
            begun.set()
            await go_on.wait()
        await effect(uow, event, envelope)

    service = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, wait_at_one)])
    made = await Bench(service).prepare()
    ticket, last = uuid4(), 300
    async with consuming(service, topics), producing(topics) as producer:
        first = record(progressed(ticket), 1)
        at = await producer.send_and_wait(first.topic, first.value, first.key, headers=list(first.headers))
        async with asyncio.timeout(60):
            await begun.wait()
        await asyncio.gather(*(send(producer, record(progressed(ticket), number)) for number in range(2, last + 1)))
        await asyncio.sleep(2.5)  # two commit timers
        place = TopicPartition(at.topic, at.partition)
        assert (await committed(topics, [place]))[place] <= at.offset

    go_on.set()
    async with consuming(service, topics):
        await until(made, f"SELECT count(*) FROM effect WHERE key = '{ticket}'", last)
    await made.database.close()


async def test_robinhood_faust_401_gaps_in_the_offsets_and_tombstones_do_not_stop_the_commits(
    topics: str, database_of: Callable[[str], str]
) -> None:
    """A transaction's end takes an offset that nobody gets to see, as compaction does. Stock consumers wait for it."""
    service = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])
    made = await Bench(service).prepare()
    ticket, party = uuid4(), uuid4()
    ends: dict[TopicPartition, int] = {}
    async with producing(topics, transactional_id=f"gaps-{ticket}") as producer:
        records = [record(progressed(ticket), number) for number in (1, 2, 3)]
        for one in (*records, record(PartyChanged(party_id=party), 1), tombstone(PartyChanged, party, 2)):
            async with producer.transaction():
                at = await producer.send_and_wait(one.topic, one.value, one.key, headers=list(one.headers))
            ends[TopicPartition(at.topic, at.partition)] = at.offset + 1

    async with consuming(service, topics):
        await until(made, f"SELECT count(*) FROM effect WHERE key = '{ticket}'", 3)
        await until(made, f"SELECT gone FROM copy WHERE key = '{party}'", True)
        async with asyncio.timeout(30):
            while (await committed(topics, ends)) != ends:
                await asyncio.sleep(0.2)
    await made.database.close()


async def test_aiokafka_1017_a_producer_that_the_broker_finds_out_of_order_is_replaced(
    bench: Bench, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a producer never sends again; only a new one helps."""
    made: list[AIOKafkaProducer] = []
    real = relay._producer

    def remembered(context: RoleContext) -> AIOKafkaProducer:
        made.append(real(context))
        return made[-1]

    monkeypatch.setattr(relay, "_producer", remembered)
    ticket = uuid4()
    async with relaying(bench, kafka):
        await publish(bench, ticket)
        await drained(bench)
        for partition in range(3):
            made[0]._txn_manager.increment_sequence_number(TopicPartition("tickets", partition), 7)
        await publish(bench, ticket, ticket)
        await drained(bench)

    assert len(made) > 1
    numbers = (await on_topic(kafka, {ticket}))[str(ticket)]
    assert sorted(set(numbers)) == [1, 2, 3]
    assert numbers == sorted(numbers)
