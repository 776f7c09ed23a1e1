"""Queries on the outbox: what is to be sent, what was, what never will be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.lease import RELAYS

BATCH_ROWS = 500
BATCH_BYTES = 4 * 1024 * 1024

# By "not yet published", never by a cursor: a transaction that took its position early may commit late. A key with a
# stuck row is held back whole, so that its order stands.
_UNPUBLISHED = text(
    "SELECT position, aggregatetype, aggregateid, payload, headers, created_at FROM outbox o "
    "WHERE published_at IS NULL AND NOT position = ANY(:in_flight) AND NOT EXISTS (SELECT FROM outbox s "
    "WHERE s.published_at IS NULL AND s.stuck_reason IS NOT NULL AND s.aggregatetype = o.aggregatetype "
    "AND s.aggregateid = o.aggregateid) ORDER BY position LIMIT :limit"
)
_NONE_STUCK = text(
    "SELECT position, aggregatetype, aggregateid, payload, headers, created_at FROM outbox "
    "WHERE published_at IS NULL AND NOT position = ANY(:in_flight) ORDER BY position LIMIT :limit"
)
_ANY_STUCK = text("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL AND stuck_reason IS NOT NULL)")
# Only by who holds the relays' lease: an operator who replays takes it away first, as what is acknowledged by then may
# have been on a log that is lost.
_MARK = text(
    "UPDATE outbox SET published_at = :now WHERE position = ANY(:positions) "
    "AND EXISTS (SELECT FROM lease WHERE name = :lease AND holder = :holder)"
)
_STUCK = text("UPDATE outbox SET stuck_reason = :reason WHERE position = :position")

OutboxRow = Row[Any]


async def any_stuck(connection: AsyncConnection) -> bool:
    """Whether some row will never be taken by the broker."""
    return bool((await connection.execute(_ANY_STUCK)).scalar_one())


async def unpublished(connection: AsyncConnection, in_flight: Sequence[int], stuck: bool) -> list[OutboxRow]:
    """The next rows to send, in order of position: at most `BATCH_ROWS` rows and `BATCH_BYTES` bytes, at least one."""
    result = await connection.execute(
        _UNPUBLISHED if stuck else _NONE_STUCK, {"in_flight": list(in_flight), "limit": BATCH_ROWS}
    )
    rows: list[OutboxRow] = []
    size = 0
    for row in result:
        size += len(row.payload or b"")
        if rows and size > BATCH_BYTES:
            break
        rows.append(row)
    return rows


async def mark_published(connection: AsyncConnection, positions: Sequence[int], now: datetime, holder: str) -> bool:
    """Says that these rows are on the topic; False where `holder` has the lease no more, and nothing was said."""
    result = await connection.execute(
        _MARK, {"positions": list(positions), "now": now, "lease": RELAYS, "holder": holder}
    )
    return result.rowcount > 0


async def mark_stuck(connection: AsyncConnection, position: int, reason: str) -> None:
    """Says that the broker refuses this row for ever; its key waits for an operator, the rest goes on."""
    await connection.execute(_STUCK, {"position": position, "reason": reason})
