"""What an operator may ask of one service's outbox and held events, and do about them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.store.unit_of_work import UnitOfWork

# "Oldest": by the age of the row, not by its position, which a transaction takes before it commits.
_STANDING = text(
    "SELECT (SELECT extract(epoch FROM now() - min(created_at)) FROM outbox WHERE published_at IS NULL) AS oldest, "
    "(SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished, "
    "(SELECT count(*) FROM outbox WHERE published_at IS NULL AND stuck_reason IS NOT NULL) AS stuck, "
    "(SELECT count(*) FROM held) AS held, (SELECT count(*) FROM held WHERE state = 'dead') AS dead"
)
_UNPUBLISHED = text(
    "SELECT position, aggregatetype AS topic, aggregateid AS key, type, sequence, created_at, stuck_reason "
    "FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT :limit"
)
_COLUMNS = "id, consumer, source, topic, key, sequence, event_id, type, state, reason, tries, next_try, held_at"
_LIST = text(
    f"SELECT {_COLUMNS} FROM held WHERE CAST(:state AS text) IS NULL OR state = :state ORDER BY id LIMIT :limit"
)
_SHOW = text(f'SELECT {_COLUMNS}, "partition", "offset", headers, needs, value FROM held WHERE id = :id')
# `failed` is the state that is tried when its time comes, whatever the row waited for before.
_RETRY = text(
    "UPDATE held SET state = CASE WHEN state = 'waiting' THEN state ELSE 'failed' END, next_try = now() "
    "WHERE id = ANY(:ids) RETURNING id, topic, key, state, reason"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a service's outgoing and held events stand. `oldest` is the age of the oldest unpublished row in seconds."""

    oldest: float | None
    unpublished: int
    stuck: int
    held: int
    dead: int


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """One held event, without what is in it."""

    id: int
    consumer: str
    source: str
    topic: str
    key: str
    sequence: int | None
    event_id: str | None
    type: str | None
    state: str
    reason: str
    tries: int
    next_try: datetime | None
    held_at: datetime


@dataclass(frozen=True, slots=True)
class Unpublished:
    """One outbox row that the relay has not published; `stuck_reason` where the broker refuses it for ever."""

    position: int
    topic: str
    key: str
    type: str
    sequence: int | None
    created_at: datetime
    stuck_reason: str | None


async def standing(uow: UnitOfWork) -> Standing:
    """Counts and the age of the oldest unpublished row."""
    row = (await uow.execute(_STANDING)).one()
    oldest = None if row.oldest is None else float(row.oldest)
    return Standing(oldest, row.unpublished, row.stuck, row.held, row.dead)


async def list_unpublished(uow: UnitOfWork, limit: int = 100) -> list[Unpublished]:
    """The first unpublished rows in order of publishing."""
    return [Unpublished(**row._mapping) for row in await uow.execute(_UNPUBLISHED, {"limit": limit})]


async def list_held(uow: UnitOfWork, state: str | None = None, limit: int = 100) -> list[HeldEvent]:
    """The longest held events, all or those in one state (waiting, failed, refused, dead)."""
    return [HeldEvent(**row._mapping) for row in await uow.execute(_LIST, {"state": state, "limit": limit})]


async def show_held(uow: UnitOfWork, held_id: int) -> dict[str, Any] | None:
    """One held event with place, headers and value; texts in the value are masked, since people may be in them."""
    row = (await uow.execute(_SHOW, {"id": held_id})).one_or_none()
    if row is None:
        return None
    whole = dict(row._mapping)
    value = whole.pop("value")
    return whole | {"value": None if value is None else masked(bytes(value))}


async def retry_held(uow: UnitOfWork, ids: Sequence[int], *, by: str) -> list[int]:
    """Has these held events tried again within about a second, and records who asked; returns those that exist.

    A sequenced thing's queue keeps its order: a row whose predecessor is missing goes on waiting for it.
    """
    rows = (await uow.execute(_RETRY, {"ids": sorted(ids)})).all()
    for row in rows:
        uow.audit(by, "held-retry", row.topic, row.key, held_id=row.id, reason=row.reason)
    return sorted(row.id for row in rows)


def masked(value: bytes) -> Any:
    """The shape of a JSON value: names, numbers and lengths stay, texts do not. Bytes that are no JSON: their size."""
    try:
        return _masked(json.loads(value))
    except (ValueError, RecursionError):
        return {"bytes": len(value), "begins": base64.b64encode(value[:4]).decode()}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return f"•••({len(value)})" if isinstance(value, str) else value
