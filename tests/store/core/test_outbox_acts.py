"""Rows that the broker refuses for ever: given up, they leave no gap, no wrong state and no unheard erasure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.event_withdrawn import EventWithdrawn
from shared.contracts.events.party_changed import PartyChanged
from shared.messaging.outbox_acts import OutboxAct, discard_stuck, retry_stuck
from shared.messaging.reactions import Reaction
from shared.messaging.record import Record
from shared.store.cause import Cause
from tests.support.core import Bench, effect, progressed, record, reported, service_of

STUCK = "UPDATE outbox SET stuck_reason = 'MessageSizeTooLargeError' WHERE position = :position"
NAMES = "SELECT sequence, convert_from(payload, 'UTF8')::jsonb ->> 'name' FROM outbox ORDER BY position"


@pytest.fixture
async def complaints(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("complaints", database_of("complaints")))
    yield made
    await made.database.close()


@pytest.fixture
async def intake(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("intake", database_of("intake")))
    yield made
    await made.database.close()


async def discard(bench: Bench, *positions: int) -> list[OutboxAct]:
    async with bench.database.transaction(Cause.of_person()) as uow:
        return await discard_stuck(uow, positions, by="ann")


async def as_records(bench: Bench) -> list[Record]:
    """The outbox as a reader would get it."""
    rows = await bench.rows("SELECT aggregatetype, aggregateid, payload, headers FROM outbox ORDER BY position")
    return [
        Record(topic, 0, n, key.encode(), payload, tuple((name, value.encode()) for name, value in headers.items()))
        for n, (topic, key, payload, headers) in enumerate(rows)
    ]


async def test_event_withdrawn_takes_the_place_and_number_and_readers_apply_it_as_nothing(
    complaints: Bench, database_of: Callable[[str], str]
) -> None:
    ticket = uuid4()
    async with complaints.database.transaction(Cause.of_person()) as uow:
        for _ in range(3):
            uow.publish(progressed(ticket), about=[uuid4()])
    before = await complaints.rows("SELECT id, headers FROM outbox WHERE position = 2")
    await complaints.rows(STUCK, position=2)

    (done,) = await discard(complaints, 2)

    assert (done.became, done.refused, done.sequence) == ("withdrawn", None, 2)
    ((position, event_id, type_, stuck, about, headers),) = await complaints.rows(
        "SELECT position, id, type, stuck_reason, about, headers FROM outbox WHERE sequence = 2"
    )
    assert (position, type_, stuck, about) == (2, "event-withdrawn", None, [])
    assert event_id == headers["ce_id"] != before[0][0]
    assert headers["ce_correlationid"] == before[0][1]["ce_correlationid"]
    assert await complaints.rows("SELECT actor, action, subject_id FROM audit") == [
        ("ann", "outbox-withdrawn", str(ticket))
    ]
    reader = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    await reader.prepare()
    await reader.batches.process(await as_records(complaints))
    effects, held, last = (
        await reader.effects(),
        await reader.held_rows(),
        await reader.rows("SELECT last FROM inbox"),
    )
    await reader.database.close()
    assert (effects, held, last) == ([(str(ticket), 1), (str(ticket), 3)], [], [3])


async def test_event_withdrawn_travels_on_sequenced_topics_only(database_of: Callable[[str], str]) -> None:
    reader = Bench(service_of("complaints", database_of("complaints")))
    fact = record(reported())
    withdrawn = EventWithdrawn(thing_id=fact.key.decode(), withdrawn_type="x", reason="x")  # type: ignore[union-attr]
    headers = dict(fact.headers) | {"ce_type": b"event-withdrawn", "ce_dataschema": b"/schemas/event-withdrawn/1"}
    await reader.batches.process([Record("reports", 0, 1, fact.key, withdrawn.encode(), tuple(headers.items()))])
    held = await reader.held_rows()
    await reader.database.close()
    assert [row[2:] for row in held] == [("dead", "wrong-topic ce_type")]


async def test_a_fact_that_is_given_up_is_gone(complaints: Bench, intake: Bench) -> None:
    async with intake.database.transaction(Cause.of_person()) as uow:
        uow.publish(reported())
    await intake.rows(STUCK, position=1)
    assert [act.became for act in await discard(intake, 1)] == ["removed"]
    assert await intake.rows("SELECT count(*) FROM outbox") == [0]


async def publish(bench: Bench, party: UUID, *names: str) -> None:
    for name in names:
        async with bench.database.transaction(Cause.of_person()) as uow:
            uow.publish(PartyChanged(party_id=party, name=name))


async def test_a_state_that_is_given_up_is_replaced_by_what_was_published_last(intake: Bench) -> None:
    """Else the owner would wait for the missing number for ever instead of mending late records."""
    party = uuid4()
    await publish(intake, party, "first", "second", "too long")
    await intake.rows("UPDATE outbox SET published_at = now() WHERE position < 3")
    # The owner has read the first of them back, not yet the second.
    await intake.batches.process([record(PartyChanged(party_id=party, name="first"), 1)])
    await intake.rows(STUCK, position=3)
    assert [act.became for act in await discard(intake, 3)] == ["removed"]
    assert await intake.rows(NAMES) == [(1, "first"), (2, "second"), (4, "second")]


async def test_where_a_newer_state_is_on_its_way_nothing_is_published_again(intake: Bench) -> None:
    party = uuid4()
    await publish(intake, party, "first", "too long", "third")
    await intake.rows(STUCK, position=2)
    await discard(intake, 2)
    assert await intake.rows(NAMES) == [(1, "first"), (3, "third")]


async def test_a_tombstone_is_never_given_up(intake: Bench) -> None:
    async with intake.database.transaction(Cause.of_person()) as uow:
        uow.erase(PartyChanged, uuid4())
    await intake.rows(STUCK, position=1)
    assert [act.refused for act in await discard(intake, 1)] == ["tombstone"]
    assert await intake.rows("SELECT count(*) FROM outbox") == [1]
    assert await intake.rows("SELECT count(*) FROM audit") == [0]


async def test_only_stuck_rows_can_be_given_up_or_tried_again(complaints: Bench) -> None:
    ticket = uuid4()
    async with complaints.database.transaction(Cause.of_person()) as uow:
        for _ in range(2):
            uow.publish(progressed(ticket))
    assert await discard(complaints, 1, 2) == []
    await complaints.rows(STUCK, position=1)
    async with complaints.database.transaction(Cause.of_person()) as uow:
        assert [act.became for act in await retry_stuck(uow, [1, 2], by="ann")] == ["again"]
    assert await complaints.rows("SELECT DISTINCT stuck_reason FROM outbox") == [None]
    assert await complaints.rows("SELECT actor, action FROM audit") == [("ann", "outbox-retry")]
