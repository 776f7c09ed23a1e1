"""Applies records of state topics to this service's copies: the newest number wins, a tombstone wins for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.contracts.event import Event
from shared.contracts.topics import TOPICS
from shared.messaging.reactions import Copy
from shared.messaging.record import Reading
from shared.store import tables
from shared.store.bulk import insert_rows
from shared.store.unit_of_work import UnitOfWork

_LOCK = text("SELECT key, sequence, gone FROM copy WHERE topic = :topic AND key = ANY(:keys) ORDER BY key FOR UPDATE")
_NEWER = (
    "ON CONFLICT (topic, key) DO UPDATE SET source = excluded.source, sequence = excluded.sequence, "
    "gone = excluded.gone, body = excluded.body, changed_at = excluded.changed_at "
    "WHERE NOT copy.gone AND copy.sequence < excluded.sequence"
)
_LAST_NUMBER = text("SELECT last FROM sequence WHERE topic = :topic AND key = :key FOR UPDATE")
_BODY = text("SELECT sequence, gone, body FROM copy WHERE topic = :topic AND key = :key")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch of states changed: readings that are news (in order), and keys whose record came late."""

    news: list[Reading]
    late: list[str]


async def apply_states(uow: UnitOfWork, copy: Copy, readings: Sequence[Reading]) -> Applied:
    """Writes the news among `readings` into the copies."""
    topic = copy.event.topic.name
    keys = sorted({reading.thing[1] for reading in readings})
    result = await uow.execute(_LOCK, {"topic": topic, "keys": keys})
    known: dict[str, tuple[int, bool]] = {key: (sequence, gone) for key, sequence, gone in result}
    news: list[Reading] = []
    late: list[str] = []
    for reading in readings:
        key = reading.thing[1]
        last, gone = known.get(key, (0, False))
        if gone or reading.number <= last:
            # Behind a tombstone a state is late whatever its number: the copy stays at the first tombstone's.
            if reading.number < last or (gone and reading.event is not None):
                late.append(key)
            continue
        known[key] = (reading.number, reading.event is None)
        news.append(reading)
    newest = {reading.thing[1]: reading for reading in news}
    rows = [_row(copy, newest[key], uow) for key in sorted(newest)]
    await insert_rows(uow.connection, tables.copy, rows, suffix=_NEWER)
    return Applied(news, late)


async def rewrite_late(uow: UnitOfWork, event: type[Event], keys: Sequence[str]) -> None:
    """The owner of a compacted topic writes a state again whose record was overtaken by an older one.

    A relay that slept through its lease may send rows once more after newer ones; compaction would keep the older
    record for ever. Where the outbox holds something newer still, that will come and nothing is to be done; but for an
    erasure, whose copy keeps the number of its first tombstone.
    """
    topic = event.topic.name
    if uow.service not in TOPICS[topic].producers:
        return
    for key in sorted(set(keys)):
        last = (await uow.execute(_LAST_NUMBER, {"topic": topic, "key": key})).scalar_one_or_none()
        row = (await uow.execute(_BODY, {"topic": topic, "key": key})).one()
        if row.gone:
            uow.erase(event, key)
        elif last == row.sequence:
            uow.publish(event.model_validate(row.body), about=[key])


def _row(copy: Copy, reading: Reading, uow: UnitOfWork) -> dict[str, Any]:
    source, key = reading.thing
    return {
        "topic": copy.event.topic.name,
        "key": key,
        "source": source,
        "sequence": reading.number,
        "gone": reading.event is None,
        "body": None if reading.event is None else _body(copy, reading.event),
        "changed_at": uow.now,
    }


def _body(copy: Copy, event: Event) -> Mapping[str, Any]:
    return event.model_dump(mode="json", include=None if copy.keep is None else set(copy.keep))
