"""aiokafka's getmany and one bulk transaction per batch of a partition, by psycopg alone: no framework, no spans.

Writes what our consumer writes: inbox row per thing, effect, number, outbox row.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import psycopg
from aiokafka import AIOKafkaConsumer

from tests.bench.programs.effects import AT

BATCH = 200
_PLACES = (
    "INSERT INTO inbox AS i SELECT 'plain', '/services/complaints', 'tickets', key, last, 1 "
    "FROM unnest(%s::text[], %s::bigint[]) AS t (key, last) ORDER BY key "
    "ON CONFLICT (consumer, source, topic, key) DO UPDATE SET last = excluded.last WHERE i.last < excluded.last"
)
_EFFECTS = (
    "INSERT INTO effect (event_id, key, number, state) "
    "SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[])"
)
_NUMBERS = (
    "INSERT INTO sequence AS s SELECT 'callbacks', * FROM unnest(%s::text[], %s::bigint[]) ORDER BY 1, 2 "
    "ON CONFLICT (topic, key) DO UPDATE SET last = s.last + excluded.last RETURNING key, last"
)
_OUTBOX = (
    "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, sequence, created_at) "
    "SELECT id, 'callbacks', key, 'callback-attempted', payload, headers, number, now() "
    "FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::jsonb[], %s::bigint[]) "
    "AS t (id, key, payload, headers, number)"
)


async def main() -> None:
    """For ever."""
    reader = AIOKafkaConsumer(
        "tickets",
        bootstrap_servers=os.environ["BENCH_BOOTSTRAP"],
        group_id="plain",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=500,
    )
    await reader.start()
    database = await psycopg.AsyncConnection.connect(os.environ["BENCH_DATABASE"])
    try:
        while True:
            for partition, messages in (await reader.getmany(timeout_ms=500)).items():
                for batch in _slices(messages):
                    await _apply(database, batch)
                await reader.commit({partition: messages[-1].offset + 1})
    finally:
        await reader.stop()


def _slices(messages: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (messages[start : start + BATCH] for start in range(0, len(messages), BATCH))


async def _apply(database: psycopg.AsyncConnection[Any], messages: Sequence[Any]) -> None:
    rows = []
    for message in messages:
        headers = {name: value.decode() for name, value in message.headers}
        rows.append((headers, message.key.decode(), int(headers["ce_sequence"]), orjson.loads(message.value)))
    lasts = {key: number for _, key, number, _ in rows}
    counts = Counter(key for _, key, _, _ in rows)
    keys = sorted(counts)
    async with database.transaction(), database.cursor() as cursor:
        await cursor.execute(_PLACES, (list(lasts), list(lasts.values())))
        await cursor.execute(
            _EFFECTS,
            (
                [headers["ce_id"] for headers, *_ in rows],
                [key for _, key, _, _ in rows],
                [number for _, _, number, _ in rows],
                [body.get("state", "opened") for *_, body in rows],
            ),
        )
        await cursor.execute(_NUMBERS, (keys, [counts[key] for key in keys]))
        following = {key: last - counts[key] async for key, last in cursor}
        out: tuple[list[Any], ...] = ([], [], [], [], [])
        for headers, key, _, _ in rows:
            following[key] += 1
            for column, value in zip(out, _outgoing(headers, key, following[key]), strict=True):
                column.append(value)
        await cursor.execute(_OUTBOX, out)


def _outgoing(headers: dict[str, str], key: str, number: int) -> tuple[str, str, bytes, str, int]:
    event_id = str(uuid4())
    payload = orjson.dumps(
        {
            "callback_id": key,
            "subject_kind": "ticket",
            "subject_id": key,
            "attempt": 1,
            "result": "asked",
            "at": AT,
        }
    )
    made = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "/services/callbacks",
        "ce_type": "callback-attempted",
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_dataschema": "/schemas/callback-attempted/1",
        "ce_partitionkey": key,
        "ce_correlationid": headers["ce_correlationid"],
        "ce_causationid": headers["ce_id"],
        "ce_hops": str(int(headers["ce_hops"]) + 1),
        "ce_sequence": str(number),
        "content-type": "application/json",
    }
    return event_id, key, payload, orjson.dumps(made).decode(), number


if __name__ == "__main__":
    asyncio.run(main())
