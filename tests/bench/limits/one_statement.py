"""One statement with asyncpg that stores the message and its event: what a durable commit takes by itself."""

from __future__ import annotations

import asyncio
from time import monotonic
from uuid import uuid4

import asyncpg

from tests.bench.ledger import rows
from tests.bench.load import at_instants, percentile
from tests.bench.pairing import Outcome
from tests.bench.payloads import complaint
from tests.bench.scale import Scale

_STORE = """
WITH message AS (
  INSERT INTO channel_message (id, channel, medium, purpose, sender, text, address_verified, received_at,
                               state, version)
  VALUES ($1::uuid, 'bench', 'http', 'complaint', '{}', $2, false, now(), 'received', 1)
)
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, created_at)
VALUES ($1::text, 'channel-messages', $1::text, 'channel-message-received', $3, '{}', now())
"""


class OneStatement:
    """A pool as large as our api role's."""

    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self._url = url
        self._pool = pool

    @classmethod
    async def connect(cls, url: str) -> OneStatement:
        """Opens the pool."""
        return cls(url, await asyncpg.create_pool(url, min_size=10, max_size=10))

    async def close(self) -> None:
        """Gives the connections back."""
        await self._pool.close()

    async def run(self, rate: float, scale: Scale) -> Outcome:
        """An open loop of statements."""
        await self._pool.execute("TRUNCATE channel_message, outbox")
        taken: list[float] = []
        tasks: set[asyncio.Task[None]] = set()

        async def store(number: int, intended: float) -> None:
            body = complaint(number)
            await self._pool.execute(_STORE, str(uuid4()), body.decode(), body)
            taken.append(monotonic() - intended)

        async def fire(number: int, intended: float) -> None:
            tasks.add(asyncio.create_task(store(number, intended)))

        await at_instants(rate, scale.seconds, fire)
        await asyncio.gather(*tasks)
        (stored,) = rows(self._url, "SELECT count(*) FROM outbox")[0]
        return Outcome(
            {"p50": percentile(taken, 0.5) * 1000, "p99": percentile(taken, 0.99) * 1000},
            wrong=() if stored == len(taken) else (f"{stored} rows for {len(taken)} statements",),
        )
