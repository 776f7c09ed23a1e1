"""Republish and replay over real brokers: a new service, a lost copy, a broker whose data are gone, a stuck row."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.messaging.long_work import Work, run_in_steps
from shared.messaging.outbox_acts import discard_stuck
from shared.messaging.reactions import Reaction
from shared.messaging.replaying import Which, ends, replay_some
from shared.messaging.republishing import republish_some
from shared.messaging.topics import declare_topics
from shared.store.cause import Cause
from tests.support.core import Bench, effect, progressed, service_of
from tests.support.roles import consuming, relaying, until

PARTIES = "SELECT key, gone, body ->> 'name' FROM copy WHERE topic = 'parties' ORDER BY key"


@pytest.fixture
def own_node(folder: Path, claimed_ports: ClaimedPorts) -> Iterator[Kafka]:
    """A broker that this test may wipe."""
    node = Kafka(folder / f"wiped-{uuid4().hex[:8]}", claimed_ports.spare(), claimed_ports.spare())
    node.start()
    declare_topics(node.bootstrap, partitions=3, replication=1)
    yield node
    node.stop()


def wipe(node: Kafka) -> None:
    """Topics, records, groups and offsets are gone; the topics are declared anew, empty."""
    node.stop()
    shutil.rmtree(node.home)
    node.start()
    declare_topics(node.bootstrap, partitions=3, replication=1)


async def publish(bench: Bench, *events: PartyChanged | ComplaintProgressed, erased: UUID | None = None) -> None:
    async with bench.database.transaction(Cause.of_person()) as uow:
        for event in events:
            uow.publish(event, about=[event.key_value])
        if erased is not None:
            uow.erase(PartyChanged, erased)


async def republish(bench: Bench, topic: str) -> None:
    await work(bench, f"republish {topic}", lambda uow, after: republish_some(uow, topic, after), start="")


async def replay(bench: Bench, which: Which = Which()) -> None:
    async with bench.database.transaction(Cause.of_person()) as uow:
        first, last = await ends(uow)
    await work(bench, which.name, lambda uow, after: replay_some(uow, which, after, last), start=str(first))


async def work(bench: Bench, name: str, work: Work, *, start: str) -> None:
    async for _ in run_in_steps(bench.database, name, work, start=start, by="ann", action=name.partition(" ")[0]):
        pass


async def test_a_wiped_broker_gets_every_state_and_tombstone_again_also_for_a_service_that_is_new(
    own_node: Kafka, database_of: Callable[[str], str]
) -> None:
    kafka = own_node.bootstrap
    intake = Bench(service_of("intake", database_of("intake")))
    known, erased, late = sorted((uuid4() for _ in range(3)), key=str)
    wanted = [(str(known), False, "second"), (str(erased), True, None), (str(late), False, "late")]
    async with relaying(intake.service, kafka):
        async with consuming(intake.service, kafka):
            await publish(intake, PartyChanged(party_id=known, name="first"), PartyChanged(party_id=erased, name="x"))
            await publish(intake, PartyChanged(party_id=known, name="second"), erased=erased)
            await until("read back", lambda: _rows_are(intake, PARTIES, wanted[:2]))
        # Published, but nobody has read it when the broker loses it.
        await publish(intake, PartyChanged(party_id=late, name="late"))
        await until(
            "published", lambda: _rows_are(intake, "SELECT count(*) FROM outbox WHERE published_at IS NULL", [0])
        )
    wipe(own_node)
    new = Bench(service_of("callbacks", database_of("callbacks")))
    async with relaying(intake.service, kafka), consuming(intake.service, kafka), consuming(new.service, kafka):
        await republish(intake, "parties")
        await until("a new service knows all", lambda: _rows_are(new, PARTIES, wanted))
        await until("the owner too", lambda: _rows_are(intake, PARTIES, wanted))

        await new.rows("DELETE FROM copy WHERE key = :key", key=str(known))
        await new.rows("UPDATE copy SET body = '{}' WHERE key = :key", key=str(late))
        await republish(intake, "parties")
        await until("a lost copy is whole again", lambda: _rows_are(new, PARTIES, wanted))
    held = await new.held_rows() + await intake.held_rows()
    await new.database.close()
    await intake.database.close()
    assert held == []


async def test_a_wiped_broker_gets_what_the_outbox_holds_and_readers_apply_only_what_they_lack(
    own_node: Kafka, database_of: Callable[[str], str]
) -> None:
    kafka = own_node.bootstrap
    sender = Bench(service_of("complaints", database_of("complaints")))
    reader = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    await reader.prepare()
    tickets = [uuid4() for _ in range(10)]
    counted = "SELECT count(*) FROM effect"
    async with relaying(sender.service, kafka):
        async with consuming(reader.service, kafka):
            for _ in range(2):
                await publish(sender, *(progressed(ticket) for ticket in tickets))
            await until("two of each applied", lambda: _rows_are(reader, counted, [20]))
        await publish(sender, *(progressed(ticket) for ticket in tickets))
        unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        await until("published", lambda: _rows_are(sender, unpublished, [0]))
    wipe(own_node)
    async with relaying(sender.service, kafka), consuming(reader.service, kafka):
        await replay(sender)
        await until("the third applied", lambda: _rows_are(reader, counted, [30]))
        await publish(sender, *(progressed(ticket) for ticket in tickets))
        await until("the story goes on", lambda: _rows_are(reader, counted, [40]))
    effects, held = await reader.effects(), await reader.held_rows()
    await reader.database.close()
    await sender.database.close()
    assert held == []
    for ticket in tickets:
        assert [number for key, number in effects if key == str(ticket)] == [1, 2, 3, 4]


async def test_given_new_events_on_a_wiped_broker_when_the_outbox_is_replayed_then_a_new_reader_has_all_in_order(
    own_node: Kafka, database_of: Callable[[str], str]
) -> None:
    kafka = own_node.bootstrap
    sender = Bench(service_of("complaints", database_of("complaints")))
    reader = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    await reader.prepare()
    tickets = [uuid4() for _ in range(10)]
    async with relaying(sender.service, kafka):
        for _ in range(2):
            await publish(sender, *(progressed(ticket) for ticket in tickets))
        unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        await until("published", lambda: _rows_are(sender, unpublished, [0]))
    wipe(own_node)
    async with relaying(sender.service, kafka), consuming(reader.service, kafka):
        await publish(sender, *(progressed(ticket) for ticket in tickets))
        waiting = "SELECT reason, count(*) FROM held GROUP BY reason"
        await until("the third waits for the first", lambda: _rows_are(reader, waiting, [("gap", 10)]))
        await replay(sender)
        await until("all applied", lambda: _rows_are(reader, "SELECT count(*) FROM effect", [30]))
    effects, held = await reader.effects(), await reader.held_rows()
    await reader.database.close()
    await sender.database.close()
    assert held == []
    for ticket in tickets:
        assert [number for key, number in effects if key == str(ticket)] == [1, 2, 3]


async def test_given_a_topic_that_lost_its_first_records_by_age_when_a_reader_is_new_then_it_begins_with_what_is_left(
    kafka: str, database_of: Callable[[str], str]
) -> None:
    declare_topics(kafka, partitions=3, replication=1)
    sender = Bench(service_of("complaints", database_of("complaints")))
    reader = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    await reader.prepare()
    old, young = uuid4(), uuid4()
    async with relaying(sender.service, kafka):
        await publish(sender, *(progressed(old) for _ in range(4)))
        unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        await until("published", lambda: _rows_are(sender, unpublished, [0]))
        _forget_up_to(kafka, old, 2)
        await publish(sender, progressed(young), progressed(young))
        async with consuming(reader.service, kafka):
            applied = f"SELECT number FROM effect WHERE key = '{old}' ORDER BY id"
            await until("what is left is applied", lambda: _rows_are(reader, applied, [3, 4]))
            applied = f"SELECT number FROM effect WHERE key = '{young}' ORDER BY id"
            await until("the young one whole", lambda: _rows_are(reader, applied, [1, 2]))
    held = await reader.rows(f"SELECT count(*) FROM held WHERE key IN ('{old}', '{young}')")
    await reader.database.close()
    await sender.database.close()
    assert held == [0]


async def test_a_reader_whose_database_came_from_a_backup_gets_what_it_lacks_by_a_replay(
    kafka: str, database_of: Callable[[str], str]
) -> None:
    declare_topics(kafka, partitions=3, replication=1)
    sender = Bench(service_of("complaints", database_of("complaints")))
    reader = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    await reader.prepare()
    ticket = uuid4()
    numbers = f"SELECT number FROM effect WHERE key = '{ticket}' ORDER BY id"
    async with relaying(sender.service, kafka), consuming(reader.service, kafka):
        await publish(sender, *(progressed(ticket) for _ in range(4)))
        await until("all applied", lambda: _rows_are(reader, numbers, [1, 2, 3, 4]))
        # The backup was taken after the second; the group's offsets are behind the fourth.
        await reader.rows("DELETE FROM effect WHERE key = :key AND number > 2", key=str(ticket))
        await reader.rows("UPDATE inbox SET last = 2 WHERE key = :key", key=str(ticket))
        await replay(sender, Which(topic="tickets", key=str(ticket)))
        await until("all applied again", lambda: _rows_are(reader, numbers, [1, 2, 3, 4]))
        assert await reader.rows(f"SELECT count(*) FROM held WHERE key = '{ticket}'") == [0]
    await reader.database.close()
    await sender.database.close()


async def test_given_a_row_that_the_broker_refuses_when_given_up_then_its_thing_goes_on_for_relay_and_readers(
    kafka: str, database_of: Callable[[str], str]
) -> None:
    declare_topics(kafka, partitions=3, replication=1)
    sender = Bench(service_of("complaints", database_of("complaints")))
    reader = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    await reader.prepare()
    ticket = uuid4()
    await publish(sender, *(progressed(ticket) for _ in range(3)))
    too_large = "convert_to(repeat(md5(random()::text), 40000), 'UTF8')"
    await sender.rows(f"UPDATE outbox SET payload = {too_large} WHERE sequence = 2")
    numbers = f"SELECT number FROM effect WHERE key = '{ticket}' ORDER BY id"
    async with relaying(sender.service, kafka), consuming(reader.service, kafka):
        stuck = "SELECT sequence FROM outbox WHERE stuck_reason IS NOT NULL"
        await until("stuck", lambda: _rows_are(sender, stuck, [2]))
        await until("the first applied", lambda: _rows_are(reader, numbers, [1]))
        async with sender.database.transaction(Cause.of_person()) as uow:
            (position,) = await sender.rows("SELECT position FROM outbox WHERE sequence = 2")
            await discard_stuck(uow, [position], by="ann")
        await until("the third applied", lambda: _rows_are(reader, numbers, [1, 3]))
        assert await reader.rows(f"SELECT last FROM inbox WHERE key = '{ticket}'") == [3]
        assert await reader.rows(f"SELECT count(*) FROM held WHERE key = '{ticket}'") == [0]
    await reader.database.close()
    await sender.database.close()


def _forget_up_to(kafka: str, ticket: UUID, number: int) -> None:
    """Takes the records away that are as old as a ticket's event of that number, or older, as retention does."""
    reader = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", consumer_timeout_ms=3_000)
    reader.assign([TopicPartition("tickets", part) for part in sorted(reader.partitions_for_topic("tickets"))])
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        for message in reader:
            if message.key == str(ticket).encode() and dict(message.headers)["ce_sequence"] == str(number).encode():
                admin.delete_records({TopicPartition("tickets", message.partition): message.offset + 1})
                return
        raise LookupError(ticket)
    finally:
        admin.close()
        reader.close()


async def _rows_are(bench: Bench, statement: str, wanted: list[object]) -> bool:
    return await bench.rows(statement) == wanted
