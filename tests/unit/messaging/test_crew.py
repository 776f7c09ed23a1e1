"""How soon a batch follows the last: at once where little comes or it is full, later where more would share it."""

from __future__ import annotations

import asyncio

import pytest

from shared.kernel import clock
from shared.messaging.crew import Crew


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock's reading, to be set."""
    reading = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: reading[0])
    return reading


def work(crew: Crew, time: list[float], rate: float, seconds: float = 5.0) -> None:
    """Batches of one event at `rate` a second."""
    for _ in range(round(rate * seconds)):
        time[0] += 1 / rate
        crew.put(1)
        crew.begin(1)


@pytest.mark.parametrize("rate", [1, 5, 20, 30])
def test_where_little_comes_the_next_batch_may_begin_when_the_next_event_comes(time: list[float], rate: float) -> None:
    crew = Crew("cases")
    work(crew, time, rate)
    assert crew.pace.seconds < 1 / rate


@pytest.mark.parametrize(("rate", "share"), [(60, 3), (100, 8), (200, 35)])
def test_the_more_comes_the_more_events_share_a_batch(time: list[float], rate: float, share: int) -> None:
    crew = Crew("cases")
    work(crew, time, rate)
    assert crew.pace.seconds * rate >= share


def test_however_much_comes_the_pace_has_an_end_and_states_have_a_nearer_one(time: list[float]) -> None:
    facts, states = Crew("cases"), Crew("parties")
    work(facts, time, 5000)
    work(states, time, 5000)
    assert states.pace.seconds < facts.pace.seconds < 1


def test_after_a_busy_time_the_first_event_of_a_quiet_one_is_not_kept_waiting(time: list[float]) -> None:
    crew = Crew("cases")
    work(crew, time, 500)
    time[0] += 1
    crew.put(1)
    assert not _rests(crew)


def test_a_full_batch_is_not_kept_waiting_and_ends_the_rest_of_who_waits_for_more(time: list[float]) -> None:
    crew = Crew("cases")
    work(crew, time, 500)
    crew.put(1)
    assert _rests(crew)

    async def more_comes() -> None:
        resting = asyncio.create_task(crew.rest())
        await asyncio.sleep(0)
        crew.put(crew.size)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert resting.done()

    asyncio.run(more_comes())


def test_who_gives_up_lets_everybody_go(time: list[float]) -> None:
    crew = Crew("cases")
    work(crew, time, 500)
    crew.put(1)

    async def given_up() -> None:
        resting = asyncio.create_task(crew.rest())
        await asyncio.sleep(0)
        crew.give_up()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert resting.done()
        await crew.rest()

    asyncio.run(given_up())


def _rests(crew: Crew) -> bool:
    async def look() -> bool:
        resting = asyncio.create_task(crew.rest())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if resting.done():
            return False
        resting.cancel()
        return True

    return asyncio.run(look())
