"""State topics: the newest number wins, a tombstone wins for ever, the owner mends what came late."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from shared.contracts.events.party_changed import PartyChanged
from shared.messaging.reactions import Copy
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, record, service_of, tombstone

COPY = "SELECT sequence, gone, body ->> 'name' FROM copy WHERE key = :key"


@pytest.fixture
async def bench(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("callbacks", database_of("callbacks")))
    yield await made.prepare()
    await made.database.close()


def state(party_id: UUID, name: str) -> PartyChanged:
    return PartyChanged(party_id=party_id, name=name)


async def test_the_newest_number_wins_whatever_the_order(bench: Bench) -> None:
    party = uuid4()
    await bench.batches.process([record(state(party, "second"), 2)])
    await bench.batches.process([record(state(party, "first"), 1), record(state(party, "fourth"), 4)])
    await bench.batches.process([record(state(party, "third"), 3)])
    assert await bench.rows(COPY, key=str(party)) == [(4, False, "fourth")]


async def test_a_tombstone_wins_for_ever(bench: Bench) -> None:
    party = uuid4()
    await bench.batches.process([record(state(party, "somebody"), 1), tombstone(PartyChanged, party, 2)])
    await bench.batches.process([record(state(party, "revived"), 3)])
    assert await bench.rows(COPY, key=str(party)) == [(2, True, None)]


async def test_a_tombstone_runs_what_the_copy_names(database_of: Callable[[str], str]) -> None:
    seen: list[str] = []

    async def forget(_uow: UnitOfWork, key: str) -> None:
        seen.append(key)

    copies = [Copy(PartyChanged, on_gone=forget)]
    bench = Bench(service_of("callbacks", database_of("callbacks"), copies=copies))
    party = uuid4()
    await bench.batches.process([tombstone(PartyChanged, party, 2)])
    await bench.batches.process([tombstone(PartyChanged, party, 2)])
    await bench.database.close()
    assert seen == [str(party)]


async def test_a_copy_keeps_only_the_fields_it_names(database_of: Callable[[str], str]) -> None:
    copies = [Copy(PartyChanged, keep=frozenset({"party_id", "language"}))]
    bench = Bench(service_of("callbacks", database_of("callbacks"), copies=copies))
    party = uuid4()
    await bench.batches.process([record(state(party, "somebody"), 1)])
    kept = await bench.rows("SELECT body FROM copy")
    await bench.database.close()
    assert kept == [{"party_id": str(party), "language": "zh-CN"}]


class TestOwner:
    """A late relay may put an older record behind a newer one; compaction would keep it for ever."""

    @pytest.fixture
    async def owner(self, database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
        made = Bench(service_of("intake", database_of("intake")))
        yield made
        await made.database.close()

    async def publish(self, owner: Bench, party: UUID, *names: str) -> None:
        for name in names:
            async with owner.database.transaction(Cause.of_person()) as uow:
                uow.publish(state(party, name))

    async def test_writes_the_newest_state_again(self, owner: Bench) -> None:
        party = uuid4()
        await self.publish(owner, party, "first", "second")
        await owner.batches.process([record(state(party, "first"), 1), record(state(party, "second"), 2)])
        await owner.batches.process([record(state(party, "first"), 1)])
        rows = await owner.rows(
            "SELECT sequence, convert_from(payload, 'UTF8')::jsonb ->> 'name' FROM outbox ORDER BY 1"
        )
        assert rows == [(1, "first"), (2, "second"), (3, "second")]

    async def test_writes_the_tombstone_again(self, owner: Bench) -> None:
        party = uuid4()
        await self.publish(owner, party, "first")
        async with owner.database.transaction(Cause.of_person()) as uow:
            uow.erase(PartyChanged, party)
        await owner.batches.process([record(state(party, "first"), 1), tombstone(PartyChanged, party, 2)])
        await owner.batches.process([record(state(party, "first"), 1)])
        assert await owner.rows("SELECT sequence, payload IS NULL FROM outbox ORDER BY 1") == [
            (1, False),
            (2, True),
            (3, True),
        ]

    async def test_writes_the_tombstone_again_behind_a_state_that_was_written_after_it(self, owner: Bench) -> None:
        """Seed 8438 of the simulation: the state came last, and compaction would have kept it."""
        party = uuid4()
        await self.publish(owner, party, "first")
        async with owner.database.transaction(Cause.of_person()) as uow:
            uow.erase(PartyChanged, party)
        await self.publish(owner, party, "after")
        await owner.batches.process([record(state(party, "first"), 1), tombstone(PartyChanged, party, 2)])
        await owner.batches.process([record(state(party, "after"), 3)])
        newest = "SELECT sequence, payload IS NULL FROM outbox ORDER BY 1 DESC LIMIT 1"
        assert await owner.rows(newest) == [(4, True)]
        await owner.batches.process([tombstone(PartyChanged, party, 4)])
        assert await owner.rows(newest) == [(4, True)]

    async def test_waits_where_something_newer_is_still_in_the_outbox(self, owner: Bench) -> None:
        party = uuid4()
        await self.publish(owner, party, "first", "second", "third")
        await owner.batches.process([record(state(party, "first"), 1), record(state(party, "second"), 2)])
        await owner.batches.process([record(state(party, "first"), 1)])
        assert await owner.rows("SELECT count(*) FROM outbox") == [3]

    async def test_leaves_a_mere_repetition_alone(self, owner: Bench) -> None:
        party = uuid4()
        await self.publish(owner, party, "first")
        await owner.batches.process([record(state(party, "first"), 1), record(state(party, "first"), 1)])
        assert await owner.rows("SELECT count(*) FROM outbox") == [1]

    async def test_only_the_owner_writes(self, bench: Bench) -> None:
        party = uuid4()
        await bench.batches.process([record(state(party, "first"), 1), record(state(party, "second"), 2)])
        await bench.batches.process([record(state(party, "first"), 1)])
        assert await bench.rows("SELECT count(*) FROM outbox") == [0]
