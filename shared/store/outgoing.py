"""Outgoing events of one transaction, numbered, as rows of the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import Envelope
from shared.contracts.topics import TOPICS, TopicClass
from shared.store.bulk import Row

# Sorted keys: two transactions that touch the same things take the row locks in the same order. The locks are held to
# the commit, so the order of numbers is the order of positions.
_NEXT_NUMBERS = text(
    "INSERT INTO sequence AS s (topic, key, last) "
    "SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:counts AS bigint[])) "
    "ORDER BY 1, 2 ON CONFLICT (topic, key) DO UPDATE SET last = s.last + excluded.last RETURNING topic, key, last"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way to the outbox; `value` None is a tombstone."""

    envelope: Envelope
    value: bytes | None
    about: tuple[str, ...]


async def numbered_rows(connection: AsyncConnection, outgoing: Sequence[Outgoing], now: datetime) -> list[Row]:
    """Numbers the events of sequenced and state topics; the outbox rows of all, in the order of publishing."""
    return [_row(out, envelope, now) for out, envelope in await _number(connection, outgoing)]


def fact_rows(outgoing: Sequence[Outgoing], now: datetime) -> list[Row]:
    """The outbox rows of facts, which need no number. Raises RuntimeError where one of these is none."""
    for out in outgoing:
        if TOPICS[out.envelope.topic].kind is not TopicClass.FACT:
            raise RuntimeError(f"{out.envelope.topic} numbers its events; only facts can be written in one statement")
    return [_row(out, out.envelope, now) for out in outgoing]


def _row(out: Outgoing, envelope: Envelope, now: datetime) -> Row:
    return {
        "id": envelope.id,
        "aggregatetype": envelope.topic,
        "aggregateid": envelope.key,
        "type": envelope.type,
        "payload": out.value,
        "headers": envelope.headers(),
        "sequence": envelope.sequence,
        "about": list(out.about),
        "created_at": now,
    }


async def _number(connection: AsyncConnection, outgoing: Sequence[Outgoing]) -> list[tuple[Outgoing, Envelope]]:
    counts = Counter(
        (out.envelope.topic, out.envelope.key)
        for out in outgoing
        if TOPICS[out.envelope.topic].kind is not TopicClass.FACT
    )
    following: dict[tuple[str, str], int] = {}
    if counts:
        keys = sorted(counts)
        result = await connection.execute(
            _NEXT_NUMBERS,
            {"topics": [t for t, _ in keys], "keys": [k for _, k in keys], "counts": [counts[k] for k in keys]},
        )
        following = {(topic, key): last - counts[(topic, key)] + 1 for topic, key, last in result}
    numbered: list[tuple[Outgoing, Envelope]] = []
    for out in outgoing:
        thing = (out.envelope.topic, out.envelope.key)
        number = following.get(thing)
        if number is not None:
            following[thing] = number + 1
        numbered.append((out, replace(out.envelope, sequence=number)))
    return numbered
