"""When something is owed: policy, start and pauses in, due and warning instants out. Nothing is stored here.

Only start and pauses are facts; due and warning follow from them, so that they can be computed again when a year's
holidays become known, and no edit can give anybody time anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.kernel.calendar import Calendar, Duration, Unit

_WORKING = frozenset({Unit.WORKING_HOURS, Unit.WORKING_DAYS})


@dataclass(frozen=True, slots=True)
class Policy:
    """One row: what is owed within which duration. `warn_share` (0–1) of it may pass before somebody is warned."""

    name: str
    duration: Duration
    warn_share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.warn_share < 1:
            raise ValueError("a warning comes after a share between 0 and 1")


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count, e.g. while the customer is waited for. `end` None: it still lasts."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("a pause ends after its start")


@dataclass(frozen=True, slots=True)
class Due:
    """When a deadline warns and falls due, in UTC; None where it stands still and that moment has not come before.

    `provisional`: it passes through a year whose holidays are not announced; compute it again when they are.
    """

    at: datetime | None
    warn_at: datetime | None
    provisional: bool = False


def due(policy: Policy, calendar: Calendar, start: datetime, pauses: Sequence[Pause] = ()) -> Due:
    """When `policy`, begun at `start`, warns and falls due. `pauses` in order, without overlap, none before `start`.

    A pause that begins after a moment does not move it any more.
    """
    end = calendar.add(start, policy.duration)
    clock = _Clock(calendar, policy.duration.unit in _WORKING)
    warn = clock.after(start, clock.between(start, end.at) * policy.warn_share)
    return Due(clock.paused(end.at, pauses), clock.paused(warn, pauses), end.provisional)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Time as a policy counts it: working time, or all time."""

    calendar: Calendar
    working: bool

    def between(self, start: datetime, end: datetime) -> timedelta:
        return self.calendar.working_time(start, end) if self.working else end - start

    def after(self, start: datetime, length: timedelta) -> datetime:
        return self.calendar.add_working_time(start, length).at if self.working else start + length

    def paused(self, moment: datetime, pauses: Sequence[Pause]) -> datetime | None:
        """`moment` moved by the pauses: what was left when each began is left again when it ends."""
        for pause in pauses:
            if pause.start >= moment:
                break
            if pause.end is None:
                return None
            moment = self.after(pause.end, self.between(pause.start, moment))
        return moment
