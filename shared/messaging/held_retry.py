"""Tries held records again: those whose time has come, and at once those that a consumer has just released."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.contracts.topics import TOPICS, TopicClass
from shared.kernel import clock
from shared.messaging.batch import Batches, will_pass
from shared.messaging.brake import Brake
from shared.messaging.holding import record_of
from shared.messaging.record import HeldState
from shared.store.database import Database

log = structlog.get_logger(__name__)

UNKNOWN_TYPE_DIES_AFTER = timedelta(hours=24)
UNREADABLE_KEPT = timedelta(days=30)
_PER_ROUND = 100

# Only the head of a thing's queue can be applied; facts and states stand alone.
_DUE = text(
    "SELECT * FROM held h WHERE consumer = :consumer AND state IN ('waiting', 'failed') AND next_try <= now() AND "
    "(sequence IS NULL OR topic = ANY(:states) OR EXISTS (SELECT FROM inbox i WHERE i.consumer = h.consumer "
    "AND i.source = h.source AND i.topic = h.topic AND i.key = h.key AND i.last >= h.sequence - 1)) "
    "AND NOT id = ANY(:tried) ORDER BY next_try, id LIMIT :limit"
)
# A join, so that no wake-up can be lost between a hold and the arrival of what it needs.
_NEEDS_ARE_HERE = text(
    "UPDATE held SET next_try = now() WHERE consumer = :consumer AND state = 'waiting' AND next_try IS NULL "
    "AND needs <> '[]' AND NOT EXISTS (SELECT FROM jsonb_array_elements(needs) AS need "
    "LEFT JOIN copy ON copy.topic = need ->> 0 AND copy.key = need ->> 1 WHERE copy.key IS NULL)"
)
_NEW_BUILD = text(
    "UPDATE held SET next_try = now(), code_version = :code_version WHERE consumer = :consumer "
    "AND (state = 'failed' OR state = 'waiting' AND reason = 'unknown-type') AND code_version <> :code_version"
)
_TOO_LONG_UNKNOWN = text(
    "UPDATE held SET state = :dead, next_try = NULL WHERE consumer = :consumer AND state = 'waiting' "
    "AND reason = 'unknown-type' AND held_at < :before"
)
_FORGET_UNREADABLE = text("DELETE FROM held WHERE consumer = :consumer AND event_id IS NULL AND held_at < :before")
_STATE_TOPICS = sorted(name for name, topic in TOPICS.items() if topic.kind is TopicClass.STATE)


class HeldRetry:
    """Retries the held records of one consumer."""

    def __init__(
        self, database: Database, batches: Batches, consumer: str, code_version: str, brake: Brake | None = None
    ) -> None:
        self._brake = brake
        self._database = database
        self._batches = batches
        self._consumer = consumer
        self._code_version = code_version
        self._one_at_a_time = asyncio.Lock()
        self._asked = self._looked = 0

    async def run_due(self) -> int:
        """Tries every held record that is due, and those that become due by it; returns how many were tried.

        A record is tried once a call, so that one that comes back at once cannot keep the caller here. While the brake
        is on nothing is tried: each try of a bad build would bring a record nearer to `dead`.
        """
        tried: list[int] = []
        while self._brake is None or not await self._brake.look_if_due():
            async with self._database.connection() as connection:
                rows = (
                    await connection.execute(
                        _DUE,
                        {"consumer": self._consumer, "states": _STATE_TOPICS, "tried": tried, "limit": _PER_ROUND},
                    )
                ).all()
            if not rows:
                return len(tried)
            for row in rows:
                tried.append(row.id)
                await self._batches.process([record_of(row)])
        return len(tried)

    async def run_released(self) -> None:
        """Tries at once what a batch has just released; where the database is away or busy, the clock does it later.

        Batches of several partitions release at once, and what is due is due to all: one of them tries it, the others
        wait, and look themselves only for what was released after that one had begun.
        """
        self._asked += 1
        mine = self._asked
        try:
            async with self._one_at_a_time:
                if self._looked >= mine:
                    return
                self._looked = self._asked
                await self.look_for_needs()
                await self.run_due()
        except (DBAPIError, PoolExhausted, OSError) as error:
            # The batch is committed. To fail now would end the consumer for what the clock looks after anyway.
            if not will_pass(error):
                raise
            log.warning("released events left to the clock", error=type(error).__name__)

    async def look_for_needs(self) -> None:
        """Makes due whatever waited for a party or member of staff that is here now."""
        async with self._database.connection() as connection:
            await connection.execute(_NEEDS_ARE_HERE, {"consumer": self._consumer})

    async def age(self) -> None:
        """A new build tries unknown types and raises again; what stays unknown dies, unreadable bytes are forgotten."""
        now = clock.now()
        if self._brake is not None:
            await self._brake.forget_other_builds()
        async with self._database.connection() as connection:
            await connection.execute(_NEW_BUILD, {"consumer": self._consumer, "code_version": self._code_version})
            await connection.execute(
                _TOO_LONG_UNKNOWN,
                {"consumer": self._consumer, "dead": HeldState.DEAD, "before": now - UNKNOWN_TYPE_DIES_AFTER},
            )
            await connection.execute(_FORGET_UNREADABLE, {"consumer": self._consumer, "before": now - UNREADABLE_KEPT})
