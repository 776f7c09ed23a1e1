"""The brake: a build that fails on most things stops its consumer; outsiders' garbage and single faults never do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.messaging import brake as braking
from shared.messaging.brake import Brake, Window, list_brakes, release_brakes
from shared.messaging.reactions import Reaction, party
from shared.messaging.record import Record
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, effect, progressed, record, reported, service_of

STORM = 25


@pytest.fixture
def bad() -> set[str]:
    """Keys on which the reaction raises; `*` is all of them."""
    return set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(braking, "LOOK_SECONDS", 0.05)


@pytest.fixture
async def bench(database_of: Callable[[str], str], bad: set[str], quick: None) -> AsyncIterator[Bench]:
    async def react(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
        await effect(uow, event, envelope)
        if bad & {"*", envelope.key}:
            raise ValueError("something about a person")

    made = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, react)]))
    yield await made.prepare()
    await made.database.close()


def records_of(tickets: Sequence[UUID], number: int = 1) -> list[Record]:
    return [record(progressed(ticket), number, offset=n) for n, ticket in enumerate(tickets)]


async def stops(bench: Bench, records: Sequence[Record]) -> bool:
    """Whether the batch is kept back; what was begun is cancelled, as a rebalance would."""
    task = asyncio.create_task(bench.batches.process(records))
    while not task.done() and not bench.brake.on:
        await asyncio.sleep(0.01)
    if task.done():
        await task
        return False
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return True


async def release(bench: Bench) -> None:
    async with bench.database.transaction(Cause.of_person()) as uow:
        await release_brakes(uow, by="ann")


async def test_given_a_bad_build_when_most_things_raise_then_the_consumer_stops_and_holds_no_more(
    bench: Bench, bad: set[str]
) -> None:
    bad.add("*")
    tickets = [uuid4() for _ in range(STORM)]
    assert await stops(bench, records_of(tickets))
    held = await bench.held_rows()
    assert [key for key, *_ in held] == [str(ticket) for ticket in tickets[:20]]
    assert await bench.rows("SELECT consumer, code_version, things, raised, reacted, reason FROM brake") == [
        ("frontdesk-callbacks", "test", 20, 20, 0, "ValueError")
    ]
    assert await bench.rows("SELECT action, subject_id FROM audit") == [("brake-pulled", "test")]


async def test_a_stopped_build_stays_stopped_in_a_new_process(bench: Bench, bad: set[str]) -> None:
    bad.add("*")
    await stops(bench, records_of([uuid4() for _ in range(STORM)]))
    bad.clear()
    again = Bench(bench.service)
    assert await stops(again, records_of([uuid4()]))
    await again.database.close()
    assert await bench.effects() == []


async def test_given_the_brake_when_released_then_the_same_batch_goes_on_without_a_restart(
    bench: Bench, bad: set[str]
) -> None:
    bad.add("*")
    tickets = [uuid4() for _ in range(STORM)]
    task = asyncio.create_task(bench.batches.process(records_of(tickets)))
    while not bench.brake.on:
        await asyncio.sleep(0.01)
    bad.clear()
    before = clock.monotonic()
    await release(bench)
    await asyncio.wait_for(task, 20)
    assert bench.batches.worked_since >= before, "the time under the brake counts as work: it would be restarted"
    assert [key for key, _ in await bench.effects()] == [str(ticket) for ticket in tickets[20:]]
    assert not await bench.brake.look()
    assert await bench.rows("SELECT actor, action FROM audit ORDER BY id") == [
        ("frontdesk-callbacks", "brake-pulled"),
        ("ann", "brake-released"),
    ]
    # What the storm has held goes on by itself as soon as it is due.
    await bench.rows("UPDATE held SET next_try = now() WHERE state = 'failed'")
    await bench.held.run_due()
    assert len(await bench.effects()) == STORM


async def test_a_changed_build_is_not_stopped_and_takes_what_the_storm_held_at_once(
    bench: Bench, bad: set[str]
) -> None:
    bad.add("*")
    tickets = [uuid4() for _ in range(STORM)]
    await stops(bench, records_of(tickets))
    bad.clear()
    mended = Bench(bench.service, code_version="mended")
    await mended.held.age()
    await mended.held.run_due()
    assert not await stops(mended, records_of(tickets))
    await mended.database.close()
    assert {key for key, _ in await bench.effects()} == {str(ticket) for ticket in tickets}
    assert await bench.held_rows() == []
    assert await bench.brake.look()  # the build that was stopped still is


async def test_while_stopped_no_held_event_is_brought_nearer_to_its_death(bench: Bench, bad: set[str]) -> None:
    bad.add("*")
    await stops(bench, records_of([uuid4() for _ in range(STORM)]))
    await bench.rows("UPDATE held SET next_try = now()")
    assert await bench.held.run_due() == 0
    assert await bench.rows("SELECT DISTINCT tries FROM held") == [1]


async def test_a_verdict_from_before_the_brake_is_not_carried_out_after_it(bench: Bench, bad: set[str]) -> None:
    """Another process pulls the brake between our raise and our hold."""
    ticket = uuid4()
    bad.add(str(ticket))
    await bench.brake.look()
    braking_row = "INSERT INTO brake VALUES ('frontdesk-callbacks', 'test', now(), 20, 20, 0, 'ValueError')"
    await bench.rows(braking_row)
    task = asyncio.create_task(bench.batches.process(records_of([ticket])))
    while not bench.brake.on:
        await asyncio.sleep(0.01)
    assert await bench.held_rows() == []
    bad.clear()
    await release(bench)
    await asyncio.wait_for(task, 20)
    assert await bench.effects() == [(str(ticket), 1)]


async def test_many_faults_among_more_successes_are_only_held(bench: Bench, bad: set[str]) -> None:
    good, broken = [uuid4() for _ in range(30)], [uuid4() for _ in range(25)]
    bad |= {str(ticket) for ticket in broken}
    assert not await stops(bench, records_of([*good, *broken]))
    assert len(await bench.held_rows()) == 25


async def test_one_thing_that_raises_for_ever_is_one_thing(bench: Bench, bad: set[str]) -> None:
    ticket = uuid4()
    bad.add(str(ticket))
    for _ in range(30):
        assert not await stops(bench, records_of([ticket]))


async def test_held_events_that_raise_again_do_not_count(bench: Bench, bad: set[str]) -> None:
    """Twenty old faults in a quiet hour, tried again in one minute, are no bad build."""
    bad.add("*")
    for _ in range(2):
        await stops(bench, records_of([uuid4() for _ in range(15)]))
        bench.brake._window.clear()
    await bench.rows("UPDATE held SET next_try = now()")
    assert await asyncio.wait_for(bench.held.run_due(), 60) == 30
    assert not bench.brake.on


async def test_given_events_that_waited_for_their_party_when_all_raise_then_the_consumer_stops(
    database_of: Callable[[str], str], quick: None
) -> None:
    """A report overtakes its party more often than not; its first raise comes when it is released."""

    async def react(uow: UnitOfWork, event: object, envelope: object) -> None:
        raise ValueError

    needs = lambda event: party(event.party_id)  # noqa: E731
    bench = Bench(
        service_of("complaints", database_of("complaints"), [Reaction(ComplaintReported, react, needs=needs)])
    )
    parties = [uuid4() for _ in range(STORM)]
    assert not await stops(bench, [record(reported(one), offset=n) for n, one in enumerate(parties)])
    assert len(await bench.held_rows()) == STORM
    await bench.batches.process([record(PartyChanged(party_id=one, name="x"), 1) for one in parties])
    releasing = asyncio.create_task(bench.held.run_released())
    while not bench.brake.on:
        assert not releasing.done(), "all were held, and nothing stopped"
        await asyncio.sleep(0.01)
    releasing.cancel()
    await asyncio.gather(releasing, return_exceptions=True)
    assert len(await bench.rows("SELECT 1 FROM held WHERE state = 'failed'")) == 20
    await bench.database.close()


async def test_refusals_of_the_database_that_pass_do_not_pull_the_brake(
    database_of: Callable[[str], str], quick: None
) -> None:
    """Somebody's locks are held up, not a bad build: who holds them lets go without a new build or an operator."""

    async def react(uow: UnitOfWork, event: object, envelope: object) -> None:
        await uow.execute(text("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$"))

    bench = Bench(service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, react)]))
    bench.batches._brake = brake = Brake(bench.database, "c", "v", things=2)
    assert not await stops(bench, records_of([uuid4() for _ in range(2)]))
    assert len(await bench.held_rows()) == 2
    assert not brake.on
    await bench.database.close()


async def test_what_outsiders_write_never_pulls_the_brake(database_of: Callable[[str], str], quick: None) -> None:
    async def react(uow: UnitOfWork, event: object, envelope: object) -> None:
        raise ValueError

    async def registered(_uow: UnitOfWork, sources: frozenset[str]) -> frozenset[str]:
        return sources

    service = service_of(
        "intake", database_of("intake"), [Reaction(ChannelMessageReceived, react)], known_sources=registered
    )
    bench = Bench(service)

    def messages(source: str) -> list[Record]:
        return [
            record(
                ChannelMessageReceived(
                    message_id=uuid4(), channel="x", medium="kafka", sender=Sender(), text="x", received_at=clock.now()
                ),
                source=source,
                offset=n,
            )
            for n in range(STORM)
        ]

    garbage = [Record("channel-messages", 0, 1000 + n, b"k", b"\xff", ()) for n in range(STORM)]
    assert not await stops(bench, garbage)
    assert not await stops(bench, messages("/channels/shop"))
    assert await stops(bench, messages("/services/intake"))
    await bench.database.close()


async def test_rows_of_builds_that_are_long_gone_are_forgotten(bench: Bench) -> None:
    for build, age in (("test", 9), ("old", 2), ("beside-us", 0)):
        await bench.rows(
            "INSERT INTO brake VALUES "
            "('frontdesk-callbacks', :build, now() - make_interval(days => :age), 1, 1, 0, 'x')",
            build=build,
            age=age,
        )
    await bench.held.age()
    async with bench.database.transaction(Cause.of_person()) as uow:
        assert [each.code_version for each in await list_brakes(uow)] == ["test", "beside-us"]


def test_what_happened_before_the_window_does_not_count() -> None:
    window = Window(60.0, 20)
    for thing in range(19):
        window.raised(0.0, ("tickets", str(thing)))
    window.raised(61.0, ("tickets", "the twentieth"))
    assert not window.is_storm(61.0)
    assert window.counted(61.0)[:2] == (1, 1)


def test_as_many_raises_as_successes_are_no_storm() -> None:
    window = Window(timedelta(seconds=60).total_seconds(), 20)
    window.reacted(0.0, 20)
    for thing in range(20):
        window.raised(1.0, ("tickets", str(thing)))
    assert not window.is_storm(1.0)
    window.raised(1.0, ("tickets", "one more"))
    assert window.is_storm(1.0)


async def test_a_brake_that_cannot_be_written_is_pulled_at_the_next_raise(bench: Bench) -> None:
    brake = Brake(bench.database, "c", "v", things=1)
    await bench.rows("ALTER TABLE brake RENAME TO away")
    with pytest.raises(Exception, match="brake"):
        await brake.raised(("tickets", "a"), "ValueError")
    await bench.rows("ALTER TABLE away RENAME TO brake")
    await brake.raised(("tickets", "a"), "ValueError")
    assert brake.on
