"""Health = progress: by a clock that the test turns."""

from __future__ import annotations

import pytest

from shared.kernel import clock
from shared.runtime.health import Health


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of the monotonic clock; add to `now[0]`."""
    instant = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: instant[0])
    return instant


def test_a_role_is_starting_until_it_says_that_it_is_ready() -> None:
    health = Health("relay")
    assert health.not_ready == "starting"

    health.ready()
    assert health.not_ready is None

    health.unready("database")
    assert health.not_ready == "database"


def test_what_is_in_work_too_long_is_not_alive(now: list[float]) -> None:
    health = Health("consumer", stuck_after=60)
    health.busy()
    now[0] += 59
    health.busy()
    assert health.alive

    now[0] += 1

    assert not health.alive


def test_progress_begins_the_time_anew(now: list[float]) -> None:
    health = Health("consumer", stuck_after=60)
    health.busy()
    now[0] += 59
    health.done()
    health.busy()
    now[0] += 59

    assert health.alive


def test_no_work_is_not_stuck(now: list[float]) -> None:
    health = Health("consumer", stuck_after=60)
    now[0] += 3600

    assert health.alive


def test_a_role_that_drains_stays_unready_whatever_it_says() -> None:
    health = Health("clock")
    health.leave()

    health.ready()
    health.unready("database")

    assert health.not_ready == "draining"
