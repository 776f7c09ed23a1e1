"""A lease in the service's database: one holder at a time, by the database's clock."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kernel import clock
from shared.store.database import Database
from shared.telemetry import metrics

RELAYS = "relay"
"""The lease of whoever sends what the outbox holds, and marks it."""

LEASE_SECONDS = 3.0
RENEW_SECONDS = 1.0

_TAKE = text(
    "INSERT INTO lease AS l (name, holder, until) VALUES (:name, :holder, now() + make_interval(secs => :seconds)) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until "
    "WHERE l.holder = excluded.holder OR l.until < now() RETURNING holder"
)
_TAKE_AWAY = text(
    "UPDATE lease SET holder = 'nobody', until = now() + make_interval(secs => :seconds) WHERE name = :name"
)
_GIVE_BACK = text("DELETE FROM lease WHERE name = :name AND holder = :holder")


class Lease:
    """Held from `take` until `LEASE_SECONDS` after it was last asked for; `held` is judged by our own clock.

    The judgement is on the safe side: our span starts before the database's, since it starts before the question.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self.holder = str(uuid4())
        """This process in the lease's row."""
        self._asked_at = float("-inf")

    @property
    def held(self) -> bool:
        """Whether nobody else can hold it now."""
        return clock.monotonic() - self._asked_at < LEASE_SECONDS

    @property
    def due(self) -> bool:
        """Whether it is time to renew."""
        return clock.monotonic() - self._asked_at >= RENEW_SECONDS

    async def take(self) -> bool:
        """Takes or renews it; False where another holds it."""
        asked_at = clock.monotonic()
        async with self._database.connection() as connection:
            result = await connection.execute(
                _TAKE, {"name": self._name, "holder": self.holder, "seconds": LEASE_SECONDS}
            )
            mine = result.one_or_none() is not None
        metrics.LEASE_HELD.set(int(mine))
        self._asked_at = asked_at if mine else float("-inf")
        return mine

    def lose(self) -> None:
        """It was seen that somebody took it away: to be taken anew before anything else is done under it."""
        self._asked_at = float("-inf")

    async def give_back(self) -> None:
        """Lets the next one begin at once instead of after the lease has run out."""
        self._asked_at = float("-inf")
        async with self._database.connection() as connection:
            await connection.execute(_GIVE_BACK, {"name": self._name, "holder": self.holder})


async def take_away(connection: AsyncConnection, name: str) -> None:
    """Whoever holds it holds it no more, and nobody does for `LEASE_SECONDS`; in the caller's transaction."""
    await connection.execute(_TAKE_AWAY, {"name": name, "seconds": LEASE_SECONDS})
