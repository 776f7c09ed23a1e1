"""What operators do about held events: what goes on after it, in which order, and what is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.kernel.errors import Refused
from shared.messaging import held_acts
from shared.messaging.held_acts import Act
from shared.messaging.held_admin import Choice
from shared.messaging.reactions import Reaction
from shared.messaging.record import Record
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, effect, progressed, record, reported, service_of

Doing = Callable[..., Awaitable[list[Act]]]
AUDIT = "SELECT actor, action, subject_kind, subject_id, detail FROM audit ORDER BY id"


@pytest.fixture
def refused() -> set[tuple[str, int | None]]:
    """(key, number) that the model refuses."""
    return set()


@pytest.fixture
async def bench(database_of: Callable[[str], str], refused: set[tuple[str, int | None]]) -> AsyncIterator[Bench]:
    async def react(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
        await effect(uow, event, envelope)
        if (envelope.key, envelope.sequence) in refused:
            raise Refused("not-so")

    reactions = [Reaction(ComplaintProgressed, react)]
    made = Bench(service_of("callbacks", database_of("callbacks"), reactions))
    yield await made.prepare()
    await made.database.close()


async def act(bench: Bench, doing: Doing, **choice: object) -> list[tuple[int | None, str | None]]:
    """(number, why not) of every act."""
    async with bench.database.transaction(Cause.of_person()) as uow:
        acts = await doing(uow, Choice(**choice), by="ann")  # type: ignore[arg-type]
    return [(each.sequence, each.refused) for each in acts]


async def test_a_discarded_head_lets_the_next_ones_go_in_order(
    bench: Bench, refused: set[tuple[str, int | None]]
) -> None:
    ticket = uuid4()
    refused.add((str(ticket), 1))
    await bench.batches.process([record(progressed(ticket), n) for n in (1, 2, 3)])
    (head, *_) = await bench.rows("SELECT id FROM held ORDER BY sequence")
    assert await act(bench, held_acts.discard, ids=(head,)) == [(1, None)]
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), 2), (str(ticket), 3)]
    assert await bench.held_rows() == []
    assert await bench.rows("SELECT last FROM inbox") == [3]
    ((actor, action, kind, subject, detail),) = await bench.rows(AUDIT)
    assert (actor, action, kind, subject) == ("ann", "held-discarded", "tickets", str(ticket))
    assert (detail["held_id"], detail["sequence"], detail["reason"]) == (head, 1, "not-so")


async def test_what_was_discarded_does_not_come_back_from_the_log(
    bench: Bench, refused: set[tuple[str, int | None]]
) -> None:
    ticket = uuid4()
    refused.add((str(ticket), 1))
    first = record(progressed(ticket), 1)
    await bench.batches.process([first])
    await act(bench, held_acts.discard, state="refused")
    refused.clear()
    await bench.batches.process([first])
    assert (await bench.effects(), await bench.held_rows()) == ([], [])


async def test_only_the_head_of_a_queue_can_be_discarded(bench: Bench, refused: set[tuple[str, int | None]]) -> None:
    ticket = uuid4()
    refused.add((str(ticket), 1))
    await bench.batches.process([record(progressed(ticket), n) for n in (1, 2, 3)])
    ids = tuple(await bench.rows("SELECT id FROM held WHERE sequence > 1"))
    assert await act(bench, held_acts.discard, ids=ids) == [(2, "not-head"), (3, "not-head")]
    assert len(await bench.held_rows()) == 3
    assert await bench.rows("SELECT last FROM inbox") == [0]
    assert await act(bench, held_acts.discard, topic="tickets") == [(1, None), (2, None), (3, None)]
    assert await bench.rows("SELECT last FROM inbox") == [3]


async def test_a_gap_is_no_head(bench: Bench) -> None:
    ticket = uuid4()
    await bench.batches.process([record(progressed(ticket), 1), record(progressed(ticket), 4)])
    assert await act(bench, held_acts.discard, reason="gap") == [(4, "not-head")]


async def test_an_accepted_gap_ends_and_the_queue_runs_in_order(bench: Bench) -> None:
    ticket, other = uuid4(), uuid4()
    await bench.batches.process([record(progressed(ticket), n) for n in (1, 4, 5)])
    await bench.batches.process([record(progressed(other), n) for n in (1, 3)])
    (held_id,) = await bench.rows("SELECT id FROM held WHERE sequence = 5")
    assert await act(bench, held_acts.accept_gap, ids=(held_id,)) == [(4, None)]
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), 1), (str(other), 1), (str(ticket), 4), (str(ticket), 5)]
    assert [row[:2] for row in await bench.held_rows()] == [(str(other), 3)]
    ((actor, action, kind, subject, detail),) = await bench.rows(AUDIT)
    assert (actor, action, kind, subject) == ("ann", "gap-accepted", "tickets", str(ticket))
    assert detail["missing"] == [2, 3]
    await bench.batches.process([record(progressed(ticket), 2)])
    assert (await bench.effects())[-1] == (str(ticket), 5), "what was given up came after all and was dropped"


async def test_without_a_gap_there_is_nothing_to_accept(bench: Bench, refused: set[tuple[str, int | None]]) -> None:
    ticket = uuid4()
    refused.add((str(ticket), 1))
    await bench.batches.process([record(progressed(ticket), 1), record(progressed(ticket), 2)])
    await bench.batches.process([Record("tickets", 0, 9, b"k", b"noise", ())])
    assert {why for _, why in await act(bench, held_acts.accept_gap)} == {"no-gap"}
    assert await bench.rows("SELECT last FROM inbox") == [0]
    assert await bench.rows("SELECT count(*) FROM audit") == [0]


async def test_unreadable_bytes_are_discarded_alone(bench: Bench) -> None:
    await bench.batches.process([Record("tickets", 0, 9, b"k", b"noise", ())])
    assert await act(bench, held_acts.discard, reason="envelope") == [(None, None)]
    assert await bench.held_rows() == []


async def test_the_id_of_a_discarded_fact_stays_known(database_of: Callable[[str], str]) -> None:
    broken = True

    async def react(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
        await effect(uow, event, envelope)
        if broken:
            raise Refused("not-so")

    bench = Bench(service_of("complaints", database_of("complaints"), [Reaction(ComplaintReported, react)]))
    await bench.prepare()
    fact = record(reported(), event_id="fact-1")
    await bench.batches.process([fact])
    assert await act(bench, held_acts.discard, state="refused") == [(None, None)]
    broken = False
    await bench.batches.process([fact])
    left = (await bench.effects(), await bench.held_rows())
    await bench.database.close()
    assert left == ([], [])


async def test_a_row_that_somebody_else_took_meanwhile_is_said_to_be_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = uuid4()
    await bench.batches.process([record(progressed(ticket), 1), record(progressed(ticket), 3)])
    listing = held_acts.list_held

    async def overtaken(uow: UnitOfWork, choice: Choice) -> object:
        rows = await listing(uow, choice)
        await bench.batches.process([record(progressed(ticket), 2)])
        await bench.held.run_due()
        return rows

    monkeypatch.setattr(held_acts, "list_held", overtaken)
    assert await act(bench, held_acts.discard, reason="gap") == [(3, "gone")]
    assert [number for _, number in await bench.effects()] == [1, 2, 3]
    assert await bench.rows("SELECT last FROM inbox") == [3]
