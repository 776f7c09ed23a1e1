"""Writes the current states of a compacted topic to the outbox again: for a new service, a wiped broker, a lost copy.

Every state gets the next number, so that it is the newest for every reader, as in `copying.rewrite_late`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.contracts.event import Event
from shared.contracts.registry import state_event
from shared.messaging.long_work import Step
from shared.store.unit_of_work import UnitOfWork

BATCH = 500
"""Keys of one transaction: their numbers are locked until its commit, so whoever changes one of them waits so long."""

# Every key that ever got a number. The lock keeps a newer state from being numbered meanwhile.
_KEYS = text(
    "SELECT s.key, s.last, c.sequence AS number, coalesce(c.gone, false) AS gone, c.body FROM sequence s "
    "LEFT JOIN copy c ON c.topic = s.topic AND c.key = s.key WHERE s.topic = :topic AND s.key > :after "
    "ORDER BY s.key LIMIT :limit FOR UPDATE OF s"
)
# What the owner has not read back yet. No index finds it: it is asked only for keys that are behind.
_IN_OUTBOX = text(
    "SELECT DISTINCT ON (aggregateid) aggregateid AS key, sequence AS number, payload, published_at IS NULL AS coming "
    "FROM outbox WHERE aggregatetype = :topic AND aggregateid = ANY(:keys) AND stuck_reason IS NULL "
    "ORDER BY aggregateid, position DESC"
)
_COUNT = text("SELECT count(*) FROM sequence WHERE topic = :topic")
_COPIED = text("SELECT sequence AS number, gone, body FROM copy WHERE topic = :topic AND key = :key")


@dataclass(frozen=True, slots=True)
class State:
    """What a key's newest published record says; `event` None is a tombstone. `coming`: it is still to be published."""

    number: int
    event: Event | None
    coming: bool = False


async def how_many(uow: UnitOfWork, topic: str) -> int:
    """Keys that `topic` has, erased ones too."""
    return int((await uow.execute(_COUNT, {"topic": topic})).scalar_one())


async def republish_some(uow: UnitOfWork, topic: str, after: str) -> Step:
    """Publishes the states of the next `BATCH` keys behind `after` again.

    Left out are states that are still on their way, and keys of which neither copy nor outbox holds anything.
    """
    event = state_event(topic)
    rows = (await uow.execute(_KEYS, {"topic": topic, "after": after, "limit": BATCH})).all()
    behind = [row.key for row in rows if (row.number or 0) < row.last]
    newer = await _in_outbox(uow, event, behind) if behind else {}
    published = 0
    for row in rows:
        state = _newest(event, row.number, row.gone, row.body, newer.get(row.key))
        if state is not None and not state.coming:
            publish_state(uow, event, row.key, state)
            published += 1
    return Step(rows[-1].key if rows else after, len(rows), published, len(rows) < BATCH)


async def newest_state(uow: UnitOfWork, topic: str, key: str) -> State | None:
    """What was published last for `key`, or is about to be; stuck rows do not count."""
    event = state_event(topic)
    row = (await uow.execute(_COPIED, {"topic": topic, "key": key})).one_or_none()
    newer = (await _in_outbox(uow, event, [key])).get(key)
    return newer if row is None else _newest(event, row.number, row.gone, row.body, newer)


def publish_state(uow: UnitOfWork, event: type[Event], key: str, state: State) -> None:
    """Publishes `state` under the next number."""
    if state.event is None:
        uow.erase(event, key)
    else:
        uow.publish(state.event, about=[key])


async def _in_outbox(uow: UnitOfWork, event: type[Event], keys: Sequence[str]) -> dict[str, State]:
    rows = await uow.execute(_IN_OUTBOX, {"topic": event.topic.name, "keys": list(keys)})
    return {
        row.key: State(row.number, None if row.payload is None else event.decode(bytes(row.payload)), row.coming)
        for row in rows
    }


def _newest(
    event: type[Event], number: int | None, gone: bool, body: Mapping[str, Any] | None, newer: State | None
) -> State | None:
    if gone:
        # A tombstone wins for ever, whatever number came after it.
        return State(number or 0, None)
    if newer is not None and newer.number > (number or 0):
        return newer
    return None if number is None else State(number, event.model_validate(body))
