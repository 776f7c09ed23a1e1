"""Replaying the outbox: the same records again, in order, without what was erased or is no longer the newest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.messaging import replaying
from shared.messaging.held_admin import standing
from shared.messaging.lease import Lease
from shared.messaging.long_work import Step, run_in_steps
from shared.messaging.outbox import mark_published, unpublished
from shared.messaging.replaying import Which
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, progressed, reported, service_of

MARKED = "SELECT position FROM outbox WHERE published_at IS NULL ORDER BY position"
PUBLISHED = "UPDATE outbox SET published_at = now() WHERE published_at IS NULL"


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


async def replay(bench: Bench, which: Which = Which()) -> int:
    async with bench.database.transaction(Cause.of_person()) as uow:
        told = sum(row.events for row in await replaying.kept(uow, which))
        first, last = await replaying.ends(uow)

    async def some(uow: UnitOfWork, after: str) -> Step:
        return await replaying.replay_some(uow, which, after, last)

    published = 0
    async for done in run_in_steps(bench.database, which.name, some, start=str(first), by="ann", action="replay"):
        published = done.published
    assert published == told, "the dry run told something else"
    return published


async def test_every_kept_row_goes_out_again_as_it_was(complaints: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "WINDOW", 2)
    tickets = [uuid4(), uuid4()]
    async with complaints.database.transaction(Cause.of_person()) as uow:
        for ticket in tickets * 3:
            uow.publish(progressed(ticket))
    await complaints.rows(PUBLISHED)
    await complaints.rows("DELETE FROM outbox WHERE position = 1")  # purged
    before = await complaints.rows("SELECT position, id, payload, headers, sequence FROM outbox ORDER BY position")
    assert await replay(complaints) == 5
    assert await complaints.rows(MARKED) == [2, 3, 4, 5, 6]
    assert before == await complaints.rows("SELECT position, id, payload, headers, sequence FROM outbox ORDER BY 1")
    assert await complaints.rows("SELECT actor, action FROM audit ORDER BY id") == [
        ("ann", "replay-begun"),
        ("ann", "replay-ended"),
    ]


async def test_topic_key_and_time_choose(complaints: Bench) -> None:
    one, other = uuid4(), uuid4()
    async with complaints.database.transaction(Cause.of_person()) as uow:
        for ticket in (one, other, one):
            uow.publish(progressed(ticket))
    await complaints.rows(PUBLISHED)
    now = datetime.now(UTC)
    for position, hours in ((1, 5), (2, 4), (3, 3)):
        await complaints.rows(
            "UPDATE outbox SET created_at = :at WHERE position = :position",
            at=now - timedelta(hours=hours),
            position=position,
        )
    for which, wanted in (
        (Which(key=str(one)), [1, 3]),
        (Which(topic="tickets"), [1, 2, 3]),
        (Which(topic="parties"), []),
        (Which(since=now - timedelta(hours=4.5)), [2, 3]),
        (Which(until=now - timedelta(hours=3.5)), [1, 2]),
    ):
        assert await replay(complaints, which) == len(wanted)
        assert await complaints.rows(MARKED) == wanted
        await complaints.rows(PUBLISHED)


async def publish(intake: Bench, party: UUID, *names: str) -> None:
    for name in names:
        async with intake.database.transaction(Cause.of_person()) as uow:
            uow.publish(PartyChanged(party_id=party, name=name))


async def test_of_a_state_only_the_newest_record_goes_out(intake: Bench) -> None:
    """An older one would be the last of its key on a compacted topic."""
    one, other = uuid4(), uuid4()
    await publish(intake, one, "first", "second")
    await publish(intake, other, "alone")
    await intake.rows(PUBLISHED)
    await replay(intake)
    assert await intake.rows(MARKED) == [2, 3]
    await intake.rows(PUBLISHED)
    await replay(intake, Which(until=datetime(2000, 1, 1, tzinfo=UTC)))
    assert await intake.rows(MARKED) == []


async def test_what_tells_of_somebody_erased_stays_away_and_the_tombstone_goes(intake: Bench) -> None:
    erased, other = uuid4(), uuid4()
    await publish(intake, erased, "somebody")
    async with intake.database.transaction(Cause.of_person()) as uow:
        uow.publish(reported(erased), about=[erased])
        uow.publish(reported(other), about=[other])
        uow.erase(PartyChanged, erased)
    await intake.rows(PUBLISHED)
    await intake.rows(
        "INSERT INTO copy (topic, key, source, sequence, gone, changed_at) "
        "VALUES ('parties', :key, '/services/intake', 2, true, now())",
        key=str(erased),
    )
    await replay(intake)
    assert await intake.rows(MARKED) == [3, 4]


async def test_numbers_of_an_erased_party_leave_no_gap(complaints: Bench) -> None:
    """Sequenced topics hold no personal data; a number that were left out would shut a queue for ever."""
    erased, ticket = uuid4(), uuid4()
    async with complaints.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(ticket), about=[erased])
    await complaints.rows(PUBLISHED)
    await complaints.rows(
        "INSERT INTO copy (topic, key, source, sequence, gone, changed_at) "
        "VALUES ('parties', :key, '/services/intake', 2, true, now())",
        key=str(erased),
    )
    assert await replay(complaints) == 1


async def test_rows_that_wait_or_are_stuck_are_left_as_they_are(complaints: Bench) -> None:
    ticket = uuid4()
    async with complaints.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(ticket))
        uow.publish(progressed(ticket))
    await complaints.rows("UPDATE outbox SET stuck_reason = 'x' WHERE position = 1")
    assert await replay(complaints) == 0
    assert await complaints.rows("SELECT replayed_at FROM outbox") == [None, None]


async def test_a_replayed_row_waits_since_its_replay(complaints: Bench) -> None:
    """Else every replay would look like a relay that stands."""
    async with complaints.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(uuid4()))
    await complaints.rows("UPDATE outbox SET published_at = now(), created_at = now() - interval '3 days'")
    await replay(complaints)
    async with complaints.database.transaction(Cause.of_person()) as uow:
        oldest = (await standing(uow)).oldest
    assert oldest is not None
    assert oldest < 3600


async def test_what_a_relay_has_in_flight_when_a_replay_begins_is_sent_again(complaints: Bench) -> None:
    """Seed 9220 of the simulation: acknowledged by a log that is lost, marked after the replay, and so on no topic."""
    ticket = uuid4()
    async with complaints.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(ticket))
    relays = Lease(complaints.database, "relay")
    assert await relays.take()
    async with complaints.database.connection() as connection:
        (row,) = await unpublished(connection, (), stuck=False)
    await replay(complaints)
    async with complaints.database.connection() as connection:
        assert not await mark_published(connection, [row.position], clock.now(), relays.holder)
    assert await complaints.rows(MARKED) == [row.position]
    assert not await relays.take()
    await complaints.rows("UPDATE lease SET until = now() - interval '1 second'")
    assert await relays.take()
    async with complaints.database.connection() as connection:
        assert await mark_published(connection, [row.position], clock.now(), relays.holder)
