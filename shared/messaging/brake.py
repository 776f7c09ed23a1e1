"""The brake: a build whose reactions raise on most things stops its consumer, before everything is held."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from shared.kernel import clock
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How old an answer of the database may be: so long at most until another process's brake or a release is seen."""

OTHER_BUILDS_KEPT = timedelta(days=1)
"""Longer than two builds run side by side while one takes the other's place."""

Thing = tuple[str, str]
"""(topic, key)"""

_IS_ON = text("SELECT EXISTS (SELECT FROM brake WHERE consumer = :consumer AND code_version = :code_version)")
_PULL = text(
    "INSERT INTO brake (consumer, code_version, since, things, raised, reacted, reason) "
    "VALUES (:consumer, :code_version, :since, :things, :raised, :reacted, :reason) ON CONFLICT DO NOTHING "
    "RETURNING since"
)
_LIST = text("SELECT consumer, code_version, since, things, raised, reacted, reason FROM brake ORDER BY since")
_RELEASE = text("DELETE FROM brake RETURNING consumer, code_version, since, things, raised, reacted, reason")
_FORGET_OTHERS = text(
    "DELETE FROM brake WHERE consumer = :consumer AND code_version <> :code_version AND since < :before"
)


@dataclass(frozen=True, slots=True)
class Braked:
    """A build that is stopped: since when, and what was counted in the window before."""

    consumer: str
    code_version: str
    since: datetime
    things: int
    raised: int
    reacted: int
    reason: str


@dataclass(slots=True)
class Window:
    """What happened lately. `seconds` and `things` are the brake's bounds."""

    seconds: float
    things: int
    _raised: dict[Thing, float] = field(default_factory=dict)
    _raises: Counter[int] = field(default_factory=Counter)
    _reacted: Counter[int] = field(default_factory=Counter)

    def reacted(self, now: float, many: int) -> None:
        """So many events had their reactions and are committed."""
        self._reacted[math.floor(now)] += many

    def raised(self, now: float, thing: Thing) -> None:
        """An event of `thing` was held because a reaction raised."""
        self._raised[thing] = now
        self._raises[math.floor(now)] += 1

    def counted(self, now: float) -> tuple[int, int, int]:
        """(different things that raised, raises, events that were reacted to) within the window; forgets the rest."""
        oldest = now - self.seconds
        self._raised = {thing: at for thing, at in self._raised.items() if at >= oldest}
        for counts in (self._raises, self._reacted):
            for second in [second for second in counts if second < math.floor(oldest)]:
                del counts[second]
        return len(self._raised), self._raises.total(), self._reacted.total()

    def is_storm(self, now: float) -> bool:
        """Whether enough things raised, and more raises than successes."""
        things, raised, reacted = self.counted(now)
        return things >= self.things and raised > reacted

    def clear(self) -> None:
        """Begins anew."""
        self._raised.clear()
        self._raises.clear()
        self._reacted.clear()


class Brake:
    """The brake of one consumer's build. Each process counts for itself; the row stops all of them."""

    def __init__(
        self,
        database: Database,
        consumer: str,
        code_version: str,
        *,
        things: int = 20,
        window: timedelta = timedelta(seconds=60),
    ) -> None:
        self._database = database
        self._names = {"consumer": consumer, "code_version": code_version}
        self._window = Window(window.total_seconds(), things)
        self.on = False
        """What the last look found."""
        self.looked_at = float("-inf")
        """When (monotonic) the last look began."""

    async def look(self) -> bool:
        """Asks the database now. Raises what it raises when it is away."""
        self.looked_at = clock.monotonic()
        async with self._database.connection() as connection:
            on = bool((await connection.execute(_IS_ON, self._names)).scalar_one())
        if self.on and not on:
            self._window.clear()
            log.warning("brake released", **self._names)
        self.on = on
        metrics.BRAKE.set(int(on))
        return on

    async def look_if_due(self) -> bool:
        """`look`, where the last answer is older than `LOOK_SECONDS`."""
        if clock.monotonic() - self.looked_at < LOOK_SECONDS:
            return self.on
        return await self.look()

    async def wait_until_off(self, *, for_sure: bool = False) -> bool:
        """Returns when nothing stops this build, and whether it had to wait. Raises when the database is away."""
        if not await (self.look() if for_sure else self.look_if_due()):
            return False
        while await self.look_if_due():
            await asyncio.sleep(LOOK_SECONDS)
        return True

    def reacted(self, many: int) -> None:
        """So many events had their reactions and are committed."""
        self._window.reacted(clock.monotonic(), many)

    async def raised(self, thing: Thing, reason: str) -> None:
        """An event of `thing` is held because a reaction raised; where that makes a storm, the brake goes on."""
        now = clock.monotonic()
        self._window.raised(now, thing)
        if self._window.is_storm(now):
            await self._pull(reason)

    async def _pull(self, reason: str) -> None:
        things, raised, reacted = self._window.counted(clock.monotonic())
        counted = {"things": things, "raised": raised, "reacted": reacted, "reason": reason}
        async with self._database.transaction(Cause(correlation_id="brake")) as uow:
            pulled = (await uow.execute(_PULL, {**self._names, **counted, "since": uow.now})).first() is not None
            if pulled:
                uow.audit(self._names["consumer"], "brake-pulled", "brake", self._names["code_version"], **counted)
        self.on = True
        metrics.BRAKE.set(1)
        if pulled:
            log.error("brake pulled: this consumer stops until it is released or another build runs", **counted)

    async def forget_other_builds(self) -> None:
        """Takes rows away of builds that have not run for long."""
        async with self._database.connection() as connection:
            await connection.execute(_FORGET_OTHERS, {**self._names, "before": clock.now() - OTHER_BUILDS_KEPT})


async def list_brakes(uow: UnitOfWork) -> list[Braked]:
    """The builds that are stopped, the longest first."""
    return [Braked(**row._mapping) for row in await uow.execute(_LIST)]


async def release_brakes(uow: UnitOfWork, *, by: str) -> list[Braked]:
    """Lets the service's consumer go on, within about a second and without a restart; recorded."""
    released = [Braked(**row._mapping) for row in await uow.execute(_RELEASE)]
    for each in released:
        uow.audit(by, "brake-released", "brake", each.code_version, since=each.since.isoformat(), reason=each.reason)
    return released
