"""The brake over a real broker: nothing is acknowledged or held any more, nobody is restarted, a release is enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.messaging.brake import release_brakes
from shared.messaging.reactions import Reaction
from shared.messaging.topics import declare_topics
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, effect, progressed, service_of
from tests.support.roles import consuming, relaying, timing, until

THINGS = 60


def unread(kafka: str, group: str) -> int:
    """Records of `tickets` behind the group's commits, as the broker tells an independent client."""
    admin, reader = KafkaAdminClient(bootstrap_servers=kafka), KafkaConsumer(bootstrap_servers=kafka)
    try:
        places = [TopicPartition("tickets", number) for number in reader.partitions_for_topic("tickets")]
        committed = admin.list_group_offsets([group])[group]
        ends = reader.end_offsets(places)
        return sum(end - (committed[place].offset if place in committed else 0) for place, end in ends.items())
    finally:
        reader.close()
        admin.close()


async def test_given_a_bad_build_when_it_brakes_then_it_waits_for_a_release_and_nothing_is_lost(
    kafka: str, database_of: Callable[[str], str]
) -> None:
    declare_topics(kafka, partitions=3, replication=1)
    bad = True

    async def react(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
        await effect(uow, event, envelope)
        if bad and envelope.key in keys:
            raise ValueError

    sender = Bench(service_of("complaints", database_of("complaints")))
    service = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, react)])
    reader = await Bench(service).prepare()
    tickets = [uuid4() for _ in range(THINGS)]
    keys = {str(ticket) for ticket in tickets}
    listed = ", ".join(f"'{key}'" for key in keys)
    effects, held = (f"SELECT count(*) FROM {table} WHERE key IN ({listed})" for table in ("effect", "held"))

    async def count(statement: str) -> int:
        return int((await reader.rows(statement))[0])

    async with consuming(service, kafka) as context, timing(service, kafka), relaying(sender.service, kafka):
        # What other tests wrote goes first and counts as success.
        await until("ready", lambda: _said(context.health.not_ready is None))
        await until("all read", lambda: _said(unread(kafka, service.group) == 0))
        await asyncio.sleep(1)
        await reader.rows("DELETE FROM held")
        context.health.stuck_after = 3.0
        for start in range(0, THINGS, 20):
            async with sender.database.transaction(Cause.of_person()) as uow:
                for ticket in tickets[start : start + 20]:
                    uow.publish(progressed(ticket))
        await until("braked", lambda: _said(context.health.not_ready == "brake"))
        await asyncio.sleep(3)  # what was applied before the brake is still acknowledged
        stopped = (await count(held), unread(kafka, service.group))
        await asyncio.sleep(5)
        assert (await count(held), unread(kafka, service.group)) == stopped
        assert 20 <= stopped[0] < THINGS
        assert stopped[1] > 0, "acknowledged"
        assert context.health.alive, "a braked consumer is no stuck one"
        assert context.health.not_ready == "brake"
        group = KafkaAdminClient(bootstrap_servers=kafka)
        members = group.describe_groups([service.group])[service.group]["members"]
        group.close()
        assert len(members) == 1, "it left the group"
        assert await reader.rows("SELECT max(tries) FROM held") == [1]

        bad = False
        async with reader.database.transaction(Cause.of_person()) as uow:
            await release_brakes(uow, by="ann")
        await until("all applied", lambda: _is(count(effects), THINGS))
        await until("nothing held", lambda: _is(count(held), 0))
        await until("ready", lambda: _said(context.health.not_ready is None and context.health.alive))
    rows = await reader.rows(f"SELECT key, count(*) FROM effect WHERE key IN ({listed}) GROUP BY key")
    await reader.database.close()
    await sender.database.close()
    assert dict(rows) == dict.fromkeys(keys, 1)


async def _said(answer: bool) -> bool:
    return answer


async def _is(counting: object, wanted: int) -> bool:
    return await counting == wanted  # type: ignore[misc]
