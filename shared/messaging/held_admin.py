"""What an operator may ask of one service's outbox and held events. What may be done about them: `held_acts.py`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.store.unit_of_work import UnitOfWork

_EXPORT_PAGE = 20
"""Rows in memory at once: each may be as large as a record."""

# "Oldest": by the age of the row, not by its position, which a transaction takes before it commits. What is replayed
# waits since then.
_STANDING = text(
    "SELECT (SELECT extract(epoch FROM now() - min(coalesce(replayed_at, created_at))) "
    "FROM outbox WHERE published_at IS NULL) AS oldest, "
    "(SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished, "
    "(SELECT count(*) FROM outbox WHERE published_at IS NULL AND stuck_reason IS NOT NULL) AS stuck, "
    "(SELECT count(*) FROM held) AS held, (SELECT count(*) FROM held WHERE state = 'dead') AS dead, "
    "ARRAY(SELECT code_version FROM brake ORDER BY since) AS braked"
)
_UNPUBLISHED = text(
    "SELECT position, aggregatetype AS topic, aggregateid AS key, type, sequence, created_at, stuck_reason "
    "FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT :limit"
)
_COLUMNS = "id, consumer, source, topic, key, sequence, event_id, type, state, reason, tries, next_try, held_at"
_CHOSEN = (
    "(CAST(:ids AS bigint[]) IS NULL OR id = ANY(:ids)) AND (CAST(:state AS text) IS NULL OR state = :state) "
    "AND (CAST(:topic AS text) IS NULL OR topic = :topic) "
    "AND (CAST(:reason AS text) IS NULL OR reason = :reason OR starts_with(reason, :reason || ' '))"
)
_LIST = text(f"SELECT {_COLUMNS} FROM held WHERE {_CHOSEN} ORDER BY id LIMIT :limit")
_EXPORT = text(
    f'SELECT {_COLUMNS}, "partition", "offset", record_key, headers, needs, value, code_version FROM held '
    f"WHERE {_CHOSEN} AND id > :after ORDER BY id LIMIT :limit"
)
_SHOW = text(f'SELECT {_COLUMNS}, "partition", "offset", headers, needs, value FROM held WHERE id = :id')


@dataclass(frozen=True, slots=True)
class Standing:
    """How a service's outgoing and held events stand. `oldest` is the age of the oldest unpublished row in seconds."""

    oldest: float | None
    unpublished: int
    stuck: int
    held: int
    dead: int
    braked: tuple[str, ...] = ()
    """Builds whose consumer is stopped by its brake."""


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
class Choice:
    """Which held events are meant: of those with these ids (None: all) the ones that fit, the oldest `limit` of them.

    `reason` is a reason as it is listed, or its first word.
    """

    ids: tuple[int, ...] | None = None
    state: str | None = None
    topic: str | None = None
    reason: str | None = None
    limit: int = 100

    @property
    def names_something(self) -> bool:
        """Whether it is less than everything there is."""
        return any(each is not None for each in (self.ids, self.state, self.topic, self.reason))

    def parameters(self) -> dict[str, Any]:
        """For the statements."""
        ids = None if self.ids is None else sorted(self.ids)
        return {"ids": ids, "state": self.state, "topic": self.topic, "reason": self.reason, "limit": self.limit}


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
    return Standing(oldest, row.unpublished, row.stuck, row.held, row.dead, tuple(row.braked))


async def list_unpublished(uow: UnitOfWork, limit: int = 100) -> list[Unpublished]:
    """The first unpublished rows in order of publishing."""
    return [Unpublished(**row._mapping) for row in await uow.execute(_UNPUBLISHED, {"limit": limit})]


async def list_held(uow: UnitOfWork, choice: Choice = Choice()) -> list[HeldEvent]:
    """The chosen held events, the longest held first."""
    return [HeldEvent(**row._mapping) for row in await uow.execute(_LIST, choice.parameters())]


async def show_held(uow: UnitOfWork, held_id: int) -> dict[str, Any] | None:
    """One held event with place, headers and value; texts in the value are masked, since people may be in them."""
    row = (await uow.execute(_SHOW, {"id": held_id})).one_or_none()
    if row is None:
        return None
    whole = dict(row._mapping)
    value = whole.pop("value")
    return whole | {"value": None if value is None else masked(bytes(value))}


async def export_held(uow: UnitOfWork, choice: Choice, write: Callable[[dict[str, Any]], None], *, by: str) -> int:
    """Gives the chosen events to `write` as they came, bytes in base64, and records each; returns how many.

    They hold what people wrote: whoever gets this may read it all.
    """
    after = count = 0
    while count < choice.limit:
        page = min(_EXPORT_PAGE, choice.limit - count)
        rows = (await uow.execute(_EXPORT, choice.parameters() | {"after": after, "limit": page})).all()
        for row in rows:
            write({name: _exported(value) for name, value in row._mapping.items()})
            uow.audit(by, "held-exported", row.topic, row.key, held_id=row.id, event=row.event_id)
        count += len(rows)
        if len(rows) < page:
            break
        after = rows[-1].id
    return count


def _exported(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


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
