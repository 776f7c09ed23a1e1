"""Whether a run lost or doubled anything: what was acknowledged, what is stored, what lies on the topic, what arrived.

Each check returns sentences about what is wrong; none means that the figure counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer

from tests.bench.payloads import Stored


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


def once_each(what: str, wanted: Collection[Any], found: Iterable[Any]) -> list[str]:
    """`found` holds each of `wanted` exactly once and nothing else."""
    counted, missing = Counter(found), 0
    for each in wanted:
        missing += each not in counted
    doubled = sum(1 for count in counted.values() if count > 1)
    strangers = len(set(counted) - set(wanted))
    told = [(missing, "missing"), (doubled, "doubled"), (strangers, "that nobody asked for")]
    return [f"{count} {what} {how}" for count, how in told if count]


def intake_stored(url: str, acknowledged: Sequence[str]) -> list[str]:
    """Each answered message has its row, its outbox row and its idempotency row, and nothing more is there."""
    messages = [str(row[0]) for row in rows(url, "SELECT id FROM channel_message")]
    published = [row[0] for row in rows(url, "SELECT aggregateid FROM outbox WHERE aggregatetype = 'channel-messages'")]
    (kept,) = rows(url, "SELECT count(*) FROM idempotency")[0]
    wrong = once_each("messages", set(acknowledged), messages) + once_each("events", set(acknowledged), published)
    if len(acknowledged) != len(set(acknowledged)):
        wrong.append("an id was answered to two requests")
    if kept != len(acknowledged):
        wrong.append(f"{kept} idempotency keys for {len(acknowledged)} requests")
    return wrong


Offsets = Mapping[int, int]
"""Partition → offset."""


async def ends_of(bootstrap: str, topic: str) -> Offsets:
    """Where a topic ends now."""
    async with _reader(bootstrap, topic) as reader:
        return {each.partition: offset for each, offset in (await reader.end_offsets(reader.assignment())).items()}


async def on_topic(bootstrap: str, topic: str, since: Offsets) -> list[tuple[str, str, int]]:
    """(event id, key, sequence) of what came onto a topic after `since`, by partition in the order of offsets."""
    found: list[tuple[str, str, int]] = []
    async with _reader(bootstrap, topic) as reader:
        ends = await reader.end_offsets(reader.assignment())
        for each in ends:
            reader.seek(each, since.get(each.partition, 0))
        unread = {each for each in ends if ends[each] > since.get(each.partition, 0)}
        while unread:
            for messages in (await reader.getmany(timeout_ms=1000, max_records=5000)).values():
                for message in messages:
                    told = dict(message.headers)
                    found.append((told["ce_id"].decode(), message.key.decode(), int(told.get("ce_sequence", b"0"))))
            unread = {each for each in unread if await reader.position(each) < ends[each]}
    return found


@asynccontextmanager
async def _reader(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    # Without a group: every partition is ours, and nothing is committed.
    reader = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def published_in_order(bootstrap: str, topic: str, since: Offsets, events: Sequence[Stored]) -> list[str]:
    """Every event is on the topic after `since`, once, and each key's numbers stand in their order."""
    found = await on_topic(bootstrap, topic, since)
    wrong = once_each("records", {event.id for event in events}, (event_id for event_id, _, _ in found))
    last: dict[str, int] = {}
    inverted = 0
    for _, key, sequence in found:
        inverted += sequence != last.get(key, 0) + 1
        last[key] = sequence
    return [*wrong, f"{inverted} records out of order"] if inverted else wrong


def effects_in_order(url: str, events: Sequence[Stored], *, whole: bool = True) -> list[str]:
    """The table `effect` holds each event once, each key's in order, each with its outbox row.

    Not `whole`: as many as were done until the run was ended; then each key's numbers must have no gap.
    """
    found = rows(url, "SELECT event_id, key, number FROM effect ORDER BY id")
    wrong = []
    if whole:
        wrong += once_each("effects", {event.id for event in events}, (row[0] for row in found))
    elif len({row[0] for row in found}) != len(found):
        wrong.append("an event took effect twice")
    last: dict[str, int] = {}
    inverted = 0
    for _, key, number in found:
        inverted += number != last.get(key, 0) + 1
        last[key] = number
    if inverted:
        wrong.append(f"{inverted} effects out of order")
    outgoing = rows(url, "SELECT count(*), count(DISTINCT (aggregateid, sequence)) FROM outbox")[0]
    if outgoing != (len(found), len(found)):
        wrong.append(f"{outgoing[0]} outbox rows, {outgoing[1]} numbers for {len(found)} effects")
    return wrong
