"""Held events: one table in place of retry and dead-letter topics. It commits with the batch and keeps the order."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from shared.messaging.inbox import Place, Thing
from shared.messaging.record import HeldState, Hold, Reading, Record, Released, ids_in
from shared.store.bulk import insert_rows
from shared.store.tables import held
from shared.store.unit_of_work import UnitOfWork

RETRY_AFTER = tuple(
    timedelta(seconds=seconds) for seconds in (1, 5, 30, 2 * 60, 10 * 60, 30 * 60, 60 * 60, 2 * 60 * 60)
)
"""Pauses after a reaction has raised; when they are used up the event is dead."""

_AGAIN = (
    "DO UPDATE SET state = excluded.state, reason = excluded.reason, needs = excluded.needs, tries = excluded.tries, "
    "next_try = excluded.next_try, code_version = excluded.code_version, event_id = excluded.event_id, "
    'type = excluded.type, "partition" = excluded."partition", "offset" = excluded."offset", '
    "record_key = excluded.record_key, value = excluded.value, headers = excluded.headers, about = excluded.about"
)
_CONFLICTS = {
    "sequenced": f"ON CONFLICT (consumer, source, topic, key, sequence) WHERE sequence IS NOT NULL {_AGAIN}",
    "fact": "ON CONFLICT (consumer, source, event_id, reason) WHERE sequence IS NULL AND event_id IS NOT NULL "
    "DO NOTHING",
    "unreadable": 'ON CONFLICT (consumer, topic, "partition", "offset") WHERE event_id IS NULL AND sequence IS NULL '
    "DO NOTHING",
}
_QUEUES = text(
    "SELECT DISTINCT source, key FROM held WHERE consumer = :consumer AND topic = :topic AND sequence IS NOT NULL "
    "AND key = ANY(:keys)"
)
_LOCK_HELD = text("SELECT id FROM held WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_FORGET_UNREADABLE = text("DELETE FROM held WHERE id = ANY(:ids) AND sequence IS NULL")
_RELEASE = text("DELETE FROM held WHERE id = ANY(:ids)")
_APPLIED = text(
    "DELETE FROM held USING unnest(CAST(:sources AS text[]), CAST(:keys AS text[]), CAST(:lasts AS bigint[])) "
    "AS seen (source, key, last) WHERE held.consumer = :consumer AND held.topic = :topic "
    "AND held.source = seen.source AND held.key = seen.key AND held.sequence <= seen.last"
)
_NEXT_DUE = text(
    "UPDATE held SET next_try = :now FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[]), "
    "CAST(:lasts AS bigint[])) AS seen (source, key, last) WHERE held.consumer = :consumer AND held.topic = :topic "
    "AND held.source = seen.source AND held.key = seen.key AND held.sequence = seen.last + 1 "
    "AND held.state = 'waiting' RETURNING held.source, held.key"
)
_STATE_ARRIVED = text(
    "UPDATE held SET next_try = :now WHERE consumer = :consumer AND state = 'waiting' "
    "AND EXISTS (SELECT FROM unnest(CAST(:keys AS text[])) AS arrived (key) "
    "WHERE held.needs @> jsonb_build_array(jsonb_build_array(CAST(:topic AS text), arrived.key))) "
    "RETURNING topic, key"
)


async def hold(uow: UnitOfWork, consumer: str, verdicts: Sequence[tuple[Reading, Hold]], code_version: str) -> None:
    """Writes the records and their verdicts; a row that is held already takes the new verdict."""
    rows: dict[str, list[dict[str, Any]]] = {"sequenced": [], "fact": [], "unreadable": []}
    for reading, verdict in verdicts:
        if reading.record.held_id is not None and (reading.envelope is None or reading.envelope.sequence is None):
            await _update(uow, reading.record, verdict, code_version)
            continue
        kind = (
            "unreadable" if reading.envelope is None else "fact" if reading.envelope.sequence is None else "sequenced"
        )
        rows[kind].append(_row(consumer, reading, verdict, uow.now, code_version))
    for kind, queued in rows.items():
        await insert_rows(uow.connection, held, queued, suffix=_CONFLICTS[kind])


def next_try(verdict: Hold, tries: int, now: datetime) -> tuple[HeldState, datetime | None]:
    """When a record with this verdict is tried again; a failed one that used up its tries is dead."""
    if verdict.state is not HeldState.FAILED:
        return verdict.state, None
    if tries >= len(RETRY_AFTER):
        return HeldState.DEAD, None
    return HeldState.FAILED, now + RETRY_AFTER[tries]


async def lock_held(uow: UnitOfWork, ids: Sequence[int]) -> set[int]:
    """Locks those of the held rows that still stand: a record that two workers retry is applied by one."""
    result = await uow.execute(_LOCK_HELD, {"ids": sorted(ids)})
    return set(result.scalars())


async def release(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Takes held rows away that have been applied."""
    await uow.execute(_RELEASE, {"ids": ids})


async def forget_unreadable(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Takes held rows away that had no number while nobody could read them: from here on they go by their number."""
    await uow.execute(_FORGET_UNREADABLE, {"ids": ids})


async def queues(uow: UnitOfWork, consumer: str, topic: str, keys: Iterable[str]) -> set[Thing]:
    """The things among `keys` that have held records."""
    result = await uow.execute(_QUEUES, {"consumer": consumer, "topic": topic, "keys": sorted(set(keys))})
    return {(source, key) for source, key in result}


async def move_on(uow: UnitOfWork, consumer: str, topic: str, places: Mapping[Thing, Place]) -> list[Released]:
    """Forgets held records that have been applied meanwhile and makes the next of each queue due; returns those."""
    parameters: dict[str, Any] = {
        "consumer": consumer,
        "topic": topic,
        "sources": [source for source, _ in places],
        "keys": [key for _, key in places],
        "lasts": [place.last for place in places.values()],
    }
    await uow.execute(_APPLIED, parameters)
    result = await uow.execute(_NEXT_DUE, parameters | {"now": uow.now})
    return [(topic, key) for _, key in result]


async def state_arrived(uow: UnitOfWork, consumer: str, topic: str, keys: Sequence[str]) -> list[Released]:
    """Makes records that waited for these states due; returns them."""
    result = await uow.execute(_STATE_ARRIVED, {"consumer": consumer, "topic": topic, "keys": keys, "now": uow.now})
    return [(topic, key) for topic, key in result]


def record_of(row: Row[Any]) -> Record:
    """The record that a held row keeps."""
    headers = tuple((name, base64.b64decode(value)) for name, value in row.headers)
    return Record(
        row.topic,
        row.partition,
        row.offset,
        row.record_key,
        row.value,
        headers,
        held_id=row.id,
        tries=row.tries,
        failed_before=row.state == HeldState.FAILED,
    )


async def _update(uow: UnitOfWork, record: Record, verdict: Hold, code_version: str) -> None:
    state, due = next_try(verdict, record.tries, uow.now)
    await uow.execute(
        held.update()
        .where(held.c.id == record.held_id)
        .values(
            state=state,
            reason=verdict.reason,
            needs=[list(need) for need in verdict.needs],
            tries=record.tries + 1,
            next_try=due,
            code_version=code_version,
        )
    )


def _row(consumer: str, reading: Reading, verdict: Hold, now: datetime, code_version: str) -> dict[str, Any]:
    record, envelope = reading.record, reading.envelope
    state, due = next_try(verdict, record.tries, now)
    return {
        "consumer": consumer,
        "source": envelope.source if envelope else "",
        "topic": record.topic,
        "key": envelope.key if envelope else "",
        "sequence": envelope.sequence if envelope else None,
        "event_id": envelope.id if envelope else None,
        "type": envelope.type if envelope else None,
        "partition": record.partition,
        "offset": record.offset,
        "record_key": record.key,
        "value": record.value,
        "headers": [[name, base64.b64encode(value or b"").decode()] for name, value in record.headers],
        "about": ids_in(reading.event),
        "needs": [list(need) for need in verdict.needs],
        "state": str(state),
        "reason": verdict.reason,
        "tries": record.tries + 1,
        "next_try": due,
        "code_version": code_version,
        "held_at": now,
    }
