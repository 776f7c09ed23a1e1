"""What one transaction published over two topics comes in any order: young events wait a moment for states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.messaging import batch
from shared.messaging.reactions import Reaction, party
from shared.messaging.record import Record
from tests.support.core import Bench, effect, opened, record, service_of


@pytest.fixture
async def bench(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    reactions = [Reaction(ComplaintOpened, effect, needs=lambda e: party(e.party_id))]
    made = Bench(service_of("callbacks", database_of("callbacks"), reactions))
    yield await made.prepare()
    await made.database.close()


def _written(ago: float, one: Record) -> Record:
    return replace(one, written_at=clock.now().timestamp() - ago)


async def test_given_a_young_event_when_its_party_comes_a_moment_later_then_it_was_never_held(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held and tried again, it would cost three times the work."""
    monkeypatch.setattr(batch, "_PATIENCE_SECONDS", 30.0)
    ticket, guest, stranger = uuid4(), uuid4(), uuid4()

    waiting = asyncio.create_task(bench.batches.process([_written(0, record(opened(ticket, guest), 1))]))
    await asyncio.sleep(0.1)
    await bench.batches.process([record(PartyChanged(party_id=stranger), 1)])
    await bench.batches.process([record(PartyChanged(party_id=guest), 1)])

    assert await waiting == []
    assert await bench.effects() == [(str(ticket), 1)]
    assert await bench.held_rows() == []


async def test_given_a_young_event_when_its_party_stays_away_then_it_is_held(bench: Bench) -> None:
    """Waiting for ever would hold up its whole partition."""
    ticket = uuid4()

    await bench.batches.process([_written(0, record(opened(ticket, uuid4()), 1))])

    assert [row[1:] for row in await bench.held_rows()] == [(1, "waiting", "needs parties")]


async def test_given_an_old_event_when_its_party_is_missing_then_nobody_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a backlog the party may be hours behind."""
    monkeypatch.setattr(batch, "_PATIENCE_SECONDS", 600.0)
    ticket = uuid4()

    await bench.batches.process([_written(5, record(opened(ticket, uuid4()), 1))])

    assert [row[1:] for row in await bench.held_rows()] == [(1, "waiting", "needs parties")]
