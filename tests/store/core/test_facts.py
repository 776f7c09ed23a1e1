"""Facts: known by (source, id) and their body."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from shared.contracts.events.complaint_reported import ComplaintReported
from shared.messaging.reactions import Reaction
from tests.support.core import Bench, effect, record, reported, service_of


@pytest.fixture
async def bench(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("complaints", database_of("complaints"), [Reaction(ComplaintReported, effect)]))
    yield await made.prepare()
    await made.database.close()


async def test_a_fact_delivered_again_does_nothing(bench: Bench) -> None:
    fact = record(reported(), event_id="fact-1")
    await bench.batches.process([fact, fact])
    await bench.batches.process([fact])
    assert len(await bench.effects()) == 1
    assert await bench.held_rows() == []


@pytest.mark.parametrize("together", [True, False])
async def test_an_id_with_another_body_is_held_and_the_first_stands(bench: Bench, together: bool) -> None:
    report = uuid4()
    party = uuid4()
    first = record(reported(party, "the tap drips", report), event_id="fact-1", offset=1)
    other = record(reported(party, "the roof leaks", report), event_id="fact-1", offset=2)
    good = record(reported(), event_id="fact-2", offset=3)
    for batch in [[first, other, good]] if together else [[first], [other, good]]:
        await bench.batches.process(batch)
    assert len(await bench.effects()) == 2
    assert await bench.held_rows() == [(str(report), None, "dead", "id-reused")]
    assert await bench.rows("SELECT value FROM held") == [other.value]


async def test_the_same_id_from_another_source_is_another_fact(database_of: Callable[[str], str]) -> None:
    from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
    from shared.kernel import clock

    bench = Bench(service_of("intake", database_of("intake"), [Reaction(ChannelMessageReceived, effect)]))
    await bench.prepare()
    for source in ("/services/notify", "/services/callbacks"):
        message = ChannelMessageReceived(
            message_id=uuid4(), channel="sms", medium="sms", sender=Sender(), text="hello", received_at=clock.now()
        )
        await bench.batches.process([record(message, event_id="fact-1", source=source)])
    count = len(await bench.effects())
    await bench.database.close()
    assert count == 2


async def test_a_number_on_a_fact_means_nothing(bench: Bench) -> None:
    numbered = record(reported(), 7, event_id="fact-1")
    await bench.batches.process([numbered, record(reported(), 7, event_id="fact-2")])
    assert [number for _, number in await bench.effects()] == [None, None]
    assert await bench.held_rows() == []
