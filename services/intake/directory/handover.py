"""Open work moves from who has left, is locked or absent to somebody who is here.

The directory knows when; what there is to move the other modules know, each by a `Mover`. Every mover is run in one
transaction of the clock, some things at a time, until nothing is left, and once more a little later: what was being
given to the person at that very moment is found then. So nothing stays with somebody who has left.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Reaction, Timer, TimerHandler
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

MOVE = "move-open-work"

AT_ONCE = 20
"""Things of one mover in one transaction: each is locked until its commit."""

AGAIN = timedelta(minutes=10)
"""When to look once more, and how long to wait while nobody can take something over."""

Why = Literal["left", "locked", "absent"]


@dataclass(frozen=True, slots=True)
class Away:
    """Who cannot work, and why; `until` is the end of an absence, None: for good, or nobody knows."""

    person: StaffChanged
    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a mover did: things moved, things that nobody can take, and whether there is more to do."""

    moved: int = 0
    stuck: int = 0
    more: bool = False


Mover = Callable[[UnitOfWork, Away, int], Awaitable[Moved]]
"""Moves up to so many open things of somebody; decides by itself which ones an absence touches, and to whom."""


def away_at(person: StaffChanged, at: datetime) -> Away | None:
    """Why `person` cannot work at the instant `at`; None for who is here."""
    if not person.active:
        return Away(person, "left")
    if person.locked:
        return Away(person, "locked")
    absence = directory.absence_at(person, at)
    return None if absence is None else Away(person, "absent", absence.ends)


class Handover:
    """The reaction that sets the timer, and the timer that runs the movers."""

    def __init__(self, movers: Sequence[Mover], publishes: frozenset[type[Event]]) -> None:
        self.movers = tuple(movers)
        self.reaction = Reaction(StaffChanged, self.on_staff_changed)
        self.timer = TimerHandler(MOVE, self.run, publishes=publishes)

    async def on_staff_changed(self, uow: UnitOfWork, event: StaffChanged, _envelope: Envelope) -> None:
        """As soon as our copy of the directory says so: nobody is chosen here who is away by the same copy."""
        if away_at(event, uow.now) is None:
            self._await_absence(uow, event)
        else:
            uow.schedule(MOVE, event.staff_id, uow.now, look=1)

    async def run(self, uow: UnitOfWork, timer: Timer) -> None:
        """The timer: whether the person is still away is looked at again."""
        person = await directory.member(uow, timer.subject)
        away = None if person is None else away_at(person, uow.now)
        if person is None or away is None:
            if person is not None:
                self._await_absence(uow, person)
            return
        done = [await mover(uow, away, AT_ONCE) for mover in self.movers]
        moved, stuck = sum(each.moved for each in done), sum(each.stuck for each in done)
        if moved:
            uow.audit(f"/services/{uow.service}", "hand-over", "staff", person.staff_id, moved=moved)
        look = int(timer.data.get("look", 1))
        if any(each.more for each in done):
            uow.schedule(MOVE, person.staff_id, uow.now, look=look)
        elif stuck:
            log.warning("nobody can take over", staff_id=str(person.staff_id), things=stuck)
            uow.schedule(MOVE, person.staff_id, uow.now + AGAIN, look=look)
        elif look == 1:
            uow.schedule(MOVE, person.staff_id, uow.now + AGAIN, look=2)
        else:
            self._await_absence(uow, person)

    def _await_absence(self, uow: UnitOfWork, person: StaffChanged) -> None:
        """Comes back when the next absence begins."""
        starts = [absence.starts for absence in directory.absences(person) if absence.starts > uow.now]
        if starts:
            uow.schedule(MOVE, person.staff_id, min(starts), look=1)
        else:
            uow.cancel(MOVE, person.staff_id)
