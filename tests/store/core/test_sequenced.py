"""Sequenced topics: each number takes effect once, in order, and nothing is missed unseen (design rule: inbox)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.messaging.applying import Applier
from shared.messaging.batch import Batches
from shared.messaging.reactions import Reaction
from tests.support.core import Bench, effect, progressed, record, service_of


@pytest.fixture
async def bench(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)]))
    yield await made.prepare()
    await made.database.close()


def asking(bench: Bench, answer: bool) -> Batches:
    """Batches that are told whether topics have lost their first records by age."""

    async def shortened(_topic: str, _partition: int) -> bool:
        return answer

    return Batches(bench.database, Applier(bench.service, "test"), bench.health, None, shortened)


async def test_numbers_in_order_take_effect_in_order(bench: Bench) -> None:
    ticket = uuid4()
    await bench.batches.process([record(progressed(ticket), n) for n in (1, 2, 3)])
    assert await bench.effects() == [(str(ticket), 1), (str(ticket), 2), (str(ticket), 3)]


async def test_a_number_delivered_again_does_nothing(bench: Bench) -> None:
    ticket = uuid4()
    records = [record(progressed(ticket), n) for n in (1, 2)]
    await bench.batches.process(records)
    await bench.batches.process([records[1], records[0], *records])
    assert await bench.effects() == [(str(ticket), 1), (str(ticket), 2)]
    assert await bench.held_rows() == []


@pytest.mark.parametrize("asks", [True, False], ids=["who asks its topic", "who cannot ask"])
async def test_given_a_whole_topic_when_a_new_thing_is_met_above_number_one_then_it_waits_for_the_beginning(
    bench: Bench, asks: bool
) -> None:
    """A wiped broker: new events come onto the topic before the old ones are replayed."""
    ticket = uuid4()
    batches = asking(bench, False) if asks else bench.batches
    await batches.process([record(progressed(ticket), 3)])
    await batches.process([record(progressed(ticket), 4)])
    assert await bench.effects() == []
    assert [row[1:] for row in await bench.held_rows()] == [(3, "waiting", "gap"), (4, "waiting", "queued")]

    await batches.process([record(progressed(ticket), 1)])
    assert await batches.process([record(progressed(ticket), 2)]) == [("tickets", str(ticket))]
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), number) for number in (1, 2, 3, 4)]
    assert await bench.rows("SELECT last, first_seen FROM inbox") == [(4, 1)]


async def test_given_a_topic_shortened_by_age_when_a_new_thing_is_met_above_number_one_then_it_begins_there(
    bench: Bench,
) -> None:
    ticket, young = uuid4(), uuid4()
    await asking(bench, True).process([record(progressed(ticket), 7), record(progressed(young), 1)])
    assert await bench.effects() == [(str(ticket), 7), (str(young), 1)]
    begun = "SELECT key, last, first_seen FROM inbox ORDER BY first_seen"
    assert await bench.rows(begun) == [(str(young), 1, 1), (str(ticket), 7, 7)]
    assert await bench.held_rows() == []


async def test_given_a_broker_that_does_not_tell_where_a_topic_begins_then_the_batch_is_kept_until_it_does(
    bench: Bench,
) -> None:
    ticket, asked = uuid4(), 0

    async def shortened(topic: str, partition: int) -> bool:
        nonlocal asked
        assert (topic, partition) == ("tickets", 0)
        assert await bench.rows("SELECT count(*) FROM inbox") == [0], "nothing stands while the broker is asked"
        asked += 1
        if asked < 3:
            raise ConnectionError
        return True

    batches = Batches(bench.database, Applier(bench.service, "test"), bench.health, None, shortened)
    await batches.process([record(progressed(ticket), 2)])
    assert asked == 3
    assert await bench.effects() == [(str(ticket), 2)]


async def test_only_a_new_thing_above_number_one_is_asked_for(bench: Bench) -> None:
    ticket = uuid4()

    async def shortened(topic: str, partition: int) -> bool:
        raise AssertionError((topic, partition))

    batches = Batches(bench.database, Applier(bench.service, "test"), bench.health, None, shortened)
    await batches.process([record(progressed(ticket), 2), record(progressed(ticket), 1)])
    await batches.process([record(progressed(ticket), 5)])
    assert await bench.effects() == [(str(ticket), 1), (str(ticket), 2)]


async def test_a_gap_is_held_until_the_number_comes_and_then_the_queue_runs_in_order(bench: Bench) -> None:
    ticket, other = uuid4(), uuid4()
    await bench.batches.process([record(progressed(ticket), 1)])
    await bench.batches.process(
        [record(progressed(ticket), 3), record(progressed(ticket), 4), record(progressed(other), 1)]
    )
    assert await bench.effects() == [(str(ticket), 1), (str(other), 1)]
    assert [row[1:] for row in await bench.held_rows()] == [(3, "waiting", "gap"), (4, "waiting", "queued")]

    released = await bench.batches.process([record(progressed(ticket), 2)])
    assert released == [("tickets", str(ticket))]
    await bench.held.run_due()
    assert await bench.effects() == [
        (str(ticket), 1),
        (str(other), 1),
        (str(ticket), 2),
        (str(ticket), 3),
        (str(ticket), 4),
    ]
    assert await bench.held_rows() == []


async def test_a_number_overtaken_within_a_batch_leaves_nothing_waiting(bench: Bench) -> None:
    """Found by the simulation: what had overtaken was held, and nothing made it due any more."""
    ticket, other = uuid4(), uuid4()
    await bench.batches.process([record(progressed(ticket), 1)])
    await bench.batches.process([record(progressed(t), n) for t, n in ((ticket, 3), (other, 1), (ticket, 2))])
    await bench.held.look_for_needs()
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), 1), (str(ticket), 2), (str(other), 1), (str(ticket), 3)]
    assert await bench.held_rows() == []


async def test_an_event_without_a_reaction_raises_the_inbox_all_the_same(bench: Bench) -> None:
    silent = Bench(service_of("callbacks", bench.service.database_url()))
    ticket = uuid4()
    await silent.batches.process([record(progressed(ticket), 1)])
    await silent.database.close()
    await bench.batches.process([record(progressed(ticket), 2)])
    assert await bench.effects() == [(str(ticket), 2)]
    assert await bench.held_rows() == []
