"""Publishing states again: every current state and tombstone, never an older one, from where it was left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from shared.contracts.events.party_changed import PartyChanged
from shared.messaging import long_work, republishing
from shared.messaging.long_work import Progress, RelayStands, Step, TakenOver, run_in_steps
from shared.messaging.republishing import republish_some
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, record, service_of, tombstone

OUTBOX = (
    "SELECT aggregateid, sequence, convert_from(payload, 'UTF8')::jsonb ->> 'name' FROM outbox "
    "WHERE published_at IS NULL ORDER BY position"
)
PUBLISHED = "UPDATE outbox SET published_at = now() WHERE published_at IS NULL"


@pytest.fixture
async def owner(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    made = Bench(service_of("intake", database_of("intake")))
    yield made
    await made.database.close()


def state(party: UUID, name: str) -> PartyChanged:
    return PartyChanged(party_id=party, name=name)


async def known(owner: Bench, party: UUID, *names: str | None) -> None:
    """Published and read back by the owner; None erases."""
    for number, name in enumerate(names, 1):
        async with owner.database.transaction(Cause.of_person()) as uow:
            if name is None:
                uow.erase(PartyChanged, party)
            else:
                uow.publish(state(party, name))
        back = tombstone(PartyChanged, party, number) if name is None else record(state(party, name), number)
        await owner.batches.process([back])
    await owner.rows(PUBLISHED)


async def parties(uow: UnitOfWork, after: str) -> Step:
    return await republish_some(uow, "parties", after)


async def republish(owner: Bench) -> Progress:
    steps = run_in_steps(owner.database, "republish parties", parties, start="", by="ann", action="republish")
    return [progress async for progress in steps][-1]


async def test_the_newest_state_and_tombstones_get_the_next_number(owner: Bench) -> None:
    kept, erased = sorted((uuid4(), uuid4()), key=str)
    await known(owner, kept, "first", "second")
    await known(owner, erased, "somebody", None)
    assert await republish(owner) == Progress(2, 2, ended=True)
    assert await owner.rows(OUTBOX) == [(str(kept), 3, "second"), (str(erased), 3, None)]
    assert await owner.rows("SELECT actor, action, subject_id FROM audit ORDER BY id") == [
        ("ann", "republish-begun", "republish parties"),
        ("ann", "republish-ended", "republish parties"),
    ]
    assert await owner.rows("SELECT count(*) FROM long_work") == [0]


async def test_what_the_owner_has_not_read_back_is_taken_from_the_outbox(owner: Bench) -> None:
    """After the broker was wiped nobody will ever read it back."""
    party = uuid4()
    await known(owner, party, "first")
    async with owner.database.transaction(Cause.of_person()) as uow:
        uow.publish(state(party, "second"))
    await owner.rows(PUBLISHED)
    await republish(owner)
    assert await owner.rows(OUTBOX) == [(str(party), 3, "second")]


async def test_what_is_on_its_way_is_left_alone(owner: Bench) -> None:
    party = uuid4()
    await known(owner, party, "first")
    async with owner.database.transaction(Cause.of_person()) as uow:
        uow.publish(state(party, "second"))
    assert await republish(owner) == Progress(1, 0, ended=True)
    assert await owner.rows(OUTBOX) == [(str(party), 2, "second")]


async def test_an_erased_key_stays_erased_whatever_number_came_after(owner: Bench) -> None:
    party = uuid4()
    await known(owner, party, "first", None)
    async with owner.database.transaction(Cause.of_person()) as uow:
        uow.publish(state(party, "revived by mistake"))
    await owner.rows(PUBLISHED)
    await republish(owner)
    assert await owner.rows(OUTBOX) == [(str(party), 4, None)]


async def test_a_run_that_was_killed_is_taken_up_where_it_was_left(
    owner: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(republishing, "BATCH", 3)
    everybody = sorted(str(uuid4()) for _ in range(8))
    for party in everybody:
        await known(owner, UUID(party), "name")
    killed = run_in_steps(owner.database, "republish parties", parties, start="", by="ann", action="republish")
    assert await anext(killed) == Progress(3, 3, ended=False)
    assert await anext(killed) == Progress(6, 6, ended=False)
    await killed.aclose()
    assert await republish(owner) == Progress(8, 2, ended=True)
    assert [key for key, *_ in await owner.rows(OUTBOX)] == everybody


async def test_two_runs_of_one_work_do_not_do_it_twice(owner: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(republishing, "BATCH", 1)
    for _ in range(3):
        await known(owner, uuid4(), "name")
    first = run_in_steps(owner.database, "republish parties", parties, start="", by="ann", action="republish")
    second = run_in_steps(owner.database, "republish parties", parties, start="", by="bob", action="republish")
    await anext(first)
    await anext(second)
    with pytest.raises(TakenOver):
        await anext(first)
    await second.aclose()
    assert await owner.rows(f"SELECT count(*) FROM ({OUTBOX}) AS rows") == [2]


async def test_work_waits_for_the_relay_and_gives_up_where_none_works(
    owner: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people do meanwhile must not wait behind a million republished rows."""
    monkeypatch.setattr(long_work, "MOST_WAITING", 0)
    monkeypatch.setattr(long_work, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(republishing, "BATCH", 1)
    for _ in range(2):
        await known(owner, uuid4(), "name")
    with pytest.raises(RelayStands):
        await republish(owner)
    assert await owner.rows(f"SELECT count(*) FROM ({OUTBOX}) AS rows") == [1]
    await owner.rows(PUBLISHED)
    with pytest.raises(RelayStands):
        await republish(owner)
    await owner.rows(PUBLISHED)
    assert (await republish(owner)).ended


async def test_readers_take_the_republished_states_as_the_newest(
    owner: Bench, database_of: Callable[[str], str]
) -> None:
    party, erased = uuid4(), uuid4()
    await known(owner, party, "first", "second")
    await known(owner, erased, "somebody", None)
    reader = Bench(service_of("callbacks", database_of("callbacks")))
    await reader.batches.process([record(state(party, "second"), 2), tombstone(PartyChanged, erased, 2)])
    await reader.rows("UPDATE copy SET body = '{}' WHERE NOT gone")  # a copy that is wrong
    await republish(owner)
    await reader.batches.process([record(state(party, "second"), 3), tombstone(PartyChanged, erased, 3)])
    rows = await reader.rows("SELECT key, sequence, gone, body ->> 'name' FROM copy ORDER BY gone")
    await reader.database.close()
    assert rows == [(str(party), 3, False, "second"), (str(erased), 2, True, None)]
