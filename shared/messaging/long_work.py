"""Work of an operator that goes on for minutes: in steps of one transaction each, taken up again where it was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import text

from shared.kernel import clock
from shared.messaging.lease import RELAYS, take_away
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

MOST_WAITING = 2_000
"""Unpublished rows beyond which no more are added: what happens meanwhile waits behind so many at most."""

PATIENCE_SECONDS = 60.0
"""How long the relay may publish nothing before the work is given up; it can be taken up again."""

_PLACE = text(
    "INSERT INTO long_work AS w (name, after, done, started_by, started_at, moved_at) "
    "VALUES (:name, :start, 0, :by, :now, :now) ON CONFLICT (name) DO UPDATE SET moved_at = :now "
    "RETURNING after, done, started_at"
)
_LOCK = text("SELECT after, done FROM long_work WHERE name = :name FOR UPDATE")
_MOVE = text("UPDATE long_work SET after = :after, done = done + :done, moved_at = :now WHERE name = :name")
_END = text("DELETE FROM long_work WHERE name = :name")
_WAITING = text("SELECT count(*) FROM outbox WHERE published_at IS NULL AND stuck_reason IS NULL")


class RelayStands(Exception):
    """The outbox does not get shorter: no relay runs, or it cannot reach the broker."""


class TakenOver(Exception):
    """Another process has done or is doing the same work."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction's part: where it ended, how many things it looked at and published, whether it was the last."""

    after: str
    looked_at: int
    published: int
    last: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work has come, over all its runs."""

    looked_at: int
    published: int
    ended: bool


Work = Callable[[UnitOfWork, str], Awaitable[Step]]


async def run_in_steps(
    database: Database, name: str, work: Work, *, start: str, by: str, action: str
) -> AsyncIterator[Progress]:
    """Runs `work` step by step from where a run of the same `name` was left, else from `start`; records begin and end.

    A step and its place are one transaction, so that a run that is killed repeats nothing and leaves nothing out.
    Raises RelayStands, TakenOver.
    """
    async with database.transaction(Cause.of_person()) as uow:
        row = (await uow.execute(_PLACE, {"name": name, "start": start, "by": by, "now": uow.now})).one()
        after, looked_at, published = row.after, row.done, 0
        # What a relay has in flight may be on a log that was lost since: it is sent again, not marked behind our back.
        await take_away(uow.connection, RELAYS)
        uow.audit(by, f"{action}-begun", "events", name, done=looked_at)
    ended = False
    while not ended:
        await _wait_for_relay(database)
        async with database.transaction(Cause.of_person()) as uow:
            place = (await uow.execute(_LOCK, {"name": name})).one_or_none()
            if place is None or place.after != after:
                raise TakenOver(name)
            step = await work(uow, after)
            after, ended = step.after, step.last
            looked_at, published = looked_at + step.looked_at, published + step.published
            if ended:
                await uow.execute(_END, {"name": name})
                uow.audit(by, f"{action}-ended", "events", name, looked_at=looked_at, published=published)
            else:
                await uow.execute(_MOVE, {"name": name, "after": after, "done": step.looked_at, "now": uow.now})
        yield Progress(looked_at, published, ended)


async def _wait_for_relay(database: Database) -> None:
    fewest, moved_at = None, clock.monotonic()
    while True:
        async with database.connection() as connection:
            waiting = int((await connection.execute(_WAITING)).scalar_one())
        if waiting <= MOST_WAITING:
            return
        if fewest is None or waiting < fewest:
            fewest, moved_at = waiting, clock.monotonic()
        if clock.monotonic() - moved_at > PATIENCE_SECONDS:
            raise RelayStands
        await asyncio.sleep(0.1)
