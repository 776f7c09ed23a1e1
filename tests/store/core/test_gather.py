"""A reaction may look for a whole batch at once, and write for all at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.contracts.envelope import Envelope
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.messaging.reactions import Reaction
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, progressed, record, reported, service_of

Seen = list[list[UUID]]


@pytest.fixture
def seen() -> Seen:
    """The tickets of each batch that was gathered."""
    return []


@pytest.fixture
async def bench(database_of: Callable[[str], str], seen: Seen) -> AsyncIterator[Bench]:
    async def gather(uow: UnitOfWork, events: Sequence[tuple[ComplaintProgressed, Envelope]]) -> None:
        seen.append([event.ticket_id for event, _ in events])
        rows: list[tuple[str, int | None]] = []
        uow.gathered["rows"] = rows

        async def write() -> None:
            for key, number in rows:
                await uow.execute(
                    text("INSERT INTO effect (key, number) VALUES (:key, :number)"), {"key": key, "number": number}
                )

        uow.at_flush(write)

    async def react(uow: UnitOfWork, event: ComplaintProgressed, envelope: Envelope) -> None:
        if event.state == "broken":
            raise ValueError
        uow.gathered["rows"].append((envelope.key, envelope.sequence))

    made = Bench(
        service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, react, gather=gather)])
    )
    yield await made.prepare()
    await made.database.close()


async def test_given_a_batch_when_applied_then_all_is_gathered_once_and_written_at_the_end(
    bench: Bench, seen: Seen
) -> None:
    """One statement for many events is where a busy consumer's speed comes from."""
    tickets = [uuid4() for _ in range(3)]

    await bench.batches.process([record(progressed(ticket), 1) for ticket in tickets])

    assert seen == [tickets]
    assert sorted(await bench.effects()) == sorted((str(ticket), 1) for ticket in tickets)


async def test_given_a_bad_event_in_a_batch_when_halved_then_each_part_gathers_for_itself(
    bench: Bench, seen: Seen
) -> None:
    """What was gathered goes with the transaction that was rolled back."""
    good, bad = uuid4(), uuid4()

    await bench.batches.process([record(progressed(good), 1), record(progressed(bad, "broken"), 1)])

    assert seen == [[good, bad], [good], [bad]]
    assert await bench.effects() == [(str(good), 1)]
    assert [row[2:] for row in await bench.held_rows()] == [("failed", "ValueError")]


async def test_given_facts_when_gathered_then_those_are_seen_that_will_be_applied(
    database_of: Callable[[str], str],
) -> None:
    """What is repeated, told otherwise under the same id, or too old, is not even locked."""
    seen: list[list[str]] = []
    reacted: list[str] = []

    async def gather(_uow: UnitOfWork, events: Sequence[tuple[ComplaintReported, Envelope]]) -> None:
        seen.append([event.text for event, _ in events])

    async def react(_uow: UnitOfWork, event: ComplaintReported, _envelope: Envelope) -> None:
        reacted.append(event.text)

    reaction = Reaction(ComplaintReported, react, gather=gather, stale_after=timedelta(days=1))
    bench = Bench(service_of("complaints", database_of("complaints"), [reaction]))
    known, new = record(reported(text_="known"), event_id="1"), record(reported(text_="new"), event_id="2")
    other, old = record(reported(text_="other"), event_id="2"), record(reported(text_="old"), age=timedelta(days=2))
    await bench.batches.process([known])

    await bench.batches.process([known, new, new, other, old])

    assert seen == [["known"], ["new"]]
    assert reacted == ["known", "new"]
    assert await bench.rows("SELECT reason FROM held") == ["id-reused"]
    await bench.database.close()
