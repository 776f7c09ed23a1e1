"""Outgoing events: numbered without gaps in the order of commits, in the transaction that they tell of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Reaction
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, progressed, record, reported, service_of

NUMBERS = "SELECT aggregateid, sequence FROM outbox ORDER BY position"


@pytest.fixture
async def bench(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("complaints", database_of("complaints")))
    yield made
    await made.database.close()


async def test_events_of_a_thing_are_numbered_from_one(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    async with bench.database.transaction(Cause.of_person()) as uow:
        for ticket in (a, b, a):
            uow.publish(progressed(ticket))
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(a))
    assert await bench.rows(NUMBERS) == [(str(a), 1), (str(b), 1), (str(a), 2), (str(a), 3)]


async def test_a_transaction_that_is_rolled_back_takes_no_number(bench: Bench) -> None:
    ticket = uuid4()
    with pytest.raises(ValueError, match="changed my mind"):
        async with bench.database.transaction(Cause.of_person()) as uow:
            uow.publish(progressed(ticket))
            await uow.flush()
            raise ValueError("changed my mind")
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(ticket))
    assert await bench.rows(NUMBERS) == [(str(ticket), 1)]


async def test_concurrent_transactions_number_in_the_order_of_positions(bench: Bench) -> None:
    tickets = [uuid4() for _ in range(5)]

    async def write() -> None:
        async with bench.database.transaction(Cause.of_person()) as uow:
            for ticket in reversed(tickets):
                uow.publish(progressed(ticket))

    await asyncio.gather(*(write() for _ in range(20)))
    rows = await bench.rows(NUMBERS)
    for ticket in tickets:
        assert [number for key, number in rows if key == str(ticket)] == list(range(1, 21))


async def test_a_service_writes_only_to_its_own_topics(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="may not write to parties"):
        async with bench.database.transaction(Cause.of_person()) as uow:
            uow.publish(PartyChanged(party_id=uuid4()))
    with pytest.raises(RuntimeError, match="keeps no state"):
        async with bench.database.transaction(Cause.of_person()) as uow:
            uow.erase(ComplaintProgressed, uuid4())


async def test_a_reaction_publishes_only_what_it_said(database_of: Callable[[str], str]) -> None:
    async def react(uow: UnitOfWork, event: object, envelope: object) -> None:
        uow.publish(progressed(uuid4()))

    from shared.contracts.events.complaint_reported import ComplaintReported

    bench = Bench(service_of("complaints", database_of("complaints"), [Reaction(ComplaintReported, react)]))
    await bench.batches.process([record(reported())])
    assert [row[2:] for row in await bench.held_rows()] == [("failed", "RuntimeError")]
    assert await bench.rows("SELECT count(*) FROM outbox") == [0]
    await bench.database.close()


async def test_a_reaction_run_again_makes_the_same_ids_one_hop_on(database_of: Callable[[str], str]) -> None:
    from shared.contracts.events.complaint_reported import ComplaintReported

    async def react(uow: UnitOfWork, event: object, envelope: object) -> None:
        for _ in range(2):
            uow.publish(ComplaintProgressed(ticket_id=uow.new_id("ticket"), state="x", by=uuid4()))

    reaction = Reaction(ComplaintReported, react, publishes=frozenset({ComplaintProgressed}))
    fact = record(reported(), event_id="fact-1", hops=4)
    seen = []
    for _ in range(2):
        bench = Bench(service_of("complaints", database_of("complaints"), [reaction]))
        await bench.batches.process([fact])
        seen.append(await bench.rows("SELECT id, aggregateid FROM outbox ORDER BY position"))
        headers = await bench.rows("SELECT headers FROM outbox")
        await bench.database.close()
    assert seen[0] == seen[1]
    assert len({row[0] for row in seen[0]} | {row[1] for row in seen[0]}) == 4
    cause = dict(fact.headers)
    for header in headers:
        assert header["ce_hops"] == "5"
        assert header["ce_causationid"] == "fact-1"
        assert header["ce_correlationid"] == cause["ce_correlationid"].decode()


async def test_about_finds_the_rows_of_a_party(bench: Bench) -> None:
    guest = uuid4()
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(uuid4()), about=[guest, "ab" * 16])
        uow.publish(progressed(uuid4()))
    found = await bench.rows("SELECT count(*) FROM outbox WHERE about @> to_jsonb(CAST(:id AS text))", id=str(guest))
    assert found == [1]


def test_every_service_reads_its_own_state_topics() -> None:
    """Else nobody would notice that a late relay has overwritten a newer record."""
    for event in (PartyChanged, StaffChanged):
        assert event.topic.producers <= event.topic.consumers
