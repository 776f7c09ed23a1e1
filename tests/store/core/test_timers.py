"""Timers: one pending per (kind, subject), fired once, in the transaction that they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.kernel import clock
from shared.kernel.errors import Superseded
from shared.messaging.reactions import Timer, TimerHandler
from shared.messaging.timers import CLAIM, Timers
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, progressed, service_of

PENDING = "SELECT subject FROM timer WHERE fired_at IS NULL ORDER BY subject"


@pytest.fixture
def broken() -> dict[str, Exception]:
    """subject → what its handler raises."""
    return {}


@pytest.fixture
async def bench(database_of: Callable[[str], str], broken: dict[str, Exception]) -> AsyncIterator[Bench]:
    async def ring(uow: UnitOfWork, timer: Timer) -> None:
        await uow.execute(
            text("INSERT INTO effect (key, event, number) VALUES (:key, 'ring', :number)"),
            {"key": timer.subject, "number": timer.data.get("number", 0)},
        )
        uow.publish(progressed(uuid4()))
        if timer.subject in broken:
            raise broken[timer.subject]

    handlers = [TimerHandler("bell", ring, publishes=frozenset({ComplaintProgressed}))]
    made = Bench(service_of("complaints", database_of("complaints"), timers=handlers))
    yield await made.prepare()
    await made.database.close()


async def schedule(bench: Bench, subject: str, due_in: float = -1.0, **data: int) -> None:
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.schedule("bell", subject, clock.now() + timedelta(seconds=due_in), **data)


async def test_one_pending_timer_moves_and_is_cancelled(bench: Bench) -> None:
    await schedule(bench, "a", 60, number=1)
    await schedule(bench, "a", -1, number=2)
    await schedule(bench, "b", -1)
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.cancel("bell", "b")
    timers = Timers(bench.service, bench.database)
    assert await timers.fire_due() == 1
    assert await bench.effects() == [("a", 2)]


async def test_a_timer_that_has_fired_can_be_set_again(bench: Bench) -> None:
    timers = Timers(bench.service, bench.database)
    for number in (1, 2):
        await schedule(bench, "a", number=number)
        await timers.fire_due()
    assert await bench.effects() == [("a", 1), ("a", 2)]


async def test_the_last_word_of_a_unit_of_work_counts(bench: Bench) -> None:
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.schedule("bell", "a", clock.now())
        uow.cancel("bell", "a")
        uow.cancel("bell", "b")
        uow.schedule("bell", "b", clock.now())
    assert await bench.rows(PENDING) == ["b"]


async def test_nothing_fires_before_it_is_due(bench: Bench) -> None:
    await schedule(bench, "a", 60)
    assert await Timers(bench.service, bench.database).fire_due() == 0


async def test_many_clocks_fire_each_timer_once(bench: Bench) -> None:
    for n in range(50):
        await schedule(bench, f"{n:02}", number=n)
    clocks = [Timers(bench.service, bench.database) for _ in range(4)]

    async def run(timers: Timers) -> None:
        while await timers.fire_due():
            await asyncio.sleep(0)

    await asyncio.gather(*(run(timers) for timers in clocks))
    assert sorted(await bench.effects()) == [(f"{n:02}", n) for n in range(50)]


async def test_a_failing_timer_leaves_nothing_is_tried_later_and_hinders_no_other(
    bench: Bench, broken: dict[str, Exception]
) -> None:
    broken["b"] = ValueError("a text that may hold a name")
    for subject in ("a", "b", "c"):
        await schedule(bench, subject)
    timers = Timers(bench.service, bench.database)
    await timers.fire_due()
    assert sorted(key for key, _ in await bench.effects()) == ["a", "c"]
    assert await bench.rows("SELECT count(*) FROM outbox") == [2]
    assert await bench.rows("SELECT subject, tries, reason FROM timer WHERE fired_at IS NULL") == [
        ("b", 1, "ValueError")
    ]
    assert await timers.fire_due() == 0
    broken.clear()
    await bench.rows("UPDATE timer SET next_try = now() WHERE fired_at IS NULL")
    await timers.fire_due()
    assert sorted(key for key, _ in await bench.effects()) == ["a", "b", "c"]


async def test_a_timer_about_something_that_has_ended_is_closed(bench: Bench, broken: dict[str, Exception]) -> None:
    broken["a"] = Superseded("older-revision")
    await schedule(bench, "a")
    await Timers(bench.service, bench.database).fire_due()
    assert await bench.effects() == []
    assert await bench.rows("SELECT reason FROM timer WHERE fired_at IS NOT NULL") == ["superseded:older-revision"]


async def test_a_timer_passes_its_cause_on(bench: Bench) -> None:
    cause = Cause("correlation", "the-event", 7)
    async with bench.database.transaction(cause) as uow:
        uow.schedule("bell", "a", clock.now())
    await Timers(bench.service, bench.database).fire_due()
    (headers,) = await bench.rows("SELECT headers FROM outbox")
    assert (headers["ce_correlationid"], headers["ce_causationid"], headers["ce_hops"]) == (
        "correlation",
        "the-event",
        "7",
    )


async def test_no_more_are_claimed_at_once_than_the_bound(bench: Bench) -> None:
    for n in range(CLAIM + 5):
        await schedule(bench, str(n))
    timers = Timers(bench.service, bench.database)
    assert [await timers.fire_due(), await timers.fire_due()] == [CLAIM, 5]
