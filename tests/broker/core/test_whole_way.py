"""Outbox → relay → Kafka → Faust → inbox, over a real broker and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.messaging import consumer, relay
from shared.messaging.reactions import Reaction
from shared.messaging.topics import declare_topics
from shared.runtime.health import Health
from shared.runtime.service import RoleContext, Service
from shared.runtime.settings import CommonSettings
from shared.store.cause import Cause
from shared.store.database import Database
from tests.support.core import Bench, effect, progressed, service_of


@pytest.fixture
def topics(kafka: str) -> str:
    declare_topics(kafka, partitions=3, replication=1)
    return kafka


def context(service: Service, role: str, kafka: str) -> RoleContext:
    settings = CommonSettings(kafka_bootstrap=kafka)
    return RoleContext(service, Database(service.database_url(), service.name), settings, Health(role), asyncio.Event())


async def test_events_of_many_things_arrive_once_and_in_order(topics: str, database_of: Callable[[str], str]) -> None:
    sender = service_of("complaints", database_of("complaints"))
    reader = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])
    bench = await Bench(reader).prepare()
    tickets = [uuid4() for _ in range(20)]
    keys = {str(ticket) for ticket in tickets}  # the topic also holds what other tests wrote
    roles = [context(sender, "relay", topics), context(reader, "consumer", topics)]
    tasks = [asyncio.create_task(relay.run(roles[0])), asyncio.create_task(consumer.run(roles[1]))]
    for _ in range(10):
        async with roles[0].database.transaction(Cause.of_person()) as uow:
            for ticket in tickets:
                uow.publish(progressed(ticket))
    async with asyncio.timeout(60):
        while len([key for key, _ in await bench.effects() if key in keys]) < 200:
            await asyncio.sleep(0.1)
            assert not any(t.done() for t in tasks), [t.exception() for t in tasks if t.done()]
    for role in roles:
        role.stopping.set()
    await asyncio.gather(*tasks)
    effects = await bench.effects()
    for ticket in tickets:
        assert [number for key, number in effects if key == str(ticket)] == list(range(1, 11))
    assert not keys & {row[0] for row in await bench.held_rows()}
