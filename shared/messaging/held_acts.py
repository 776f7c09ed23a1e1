"""What an operator may do about held events. Each act is recorded; what was chosen and cannot be done says why.

Like consumer and clock, they lock a thing's inbox row before its held rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from shared.contracts.topics import TOPICS, TopicClass
from shared.messaging import holding, inbox
from shared.messaging.held_admin import Choice, HeldEvent, list_held
from shared.store.unit_of_work import UnitOfWork

# `failed` is the state that is tried when its time comes, whatever the row waited for before.
_RETRY = text(
    "UPDATE held SET state = CASE WHEN state = 'waiting' THEN state ELSE 'failed' END, next_try = now() "
    "WHERE id = ANY(:ids) RETURNING id"
)
_HEADS = text(
    "SELECT held.source, held.key, min(held.sequence) FROM held JOIN inbox USING (consumer, source, topic, key) "
    "WHERE held.consumer = :consumer AND held.topic = :topic AND held.key = ANY(:keys) "
    "AND held.sequence > inbox.last GROUP BY held.source, held.key"
)


@dataclass(frozen=True, slots=True)
class Act:
    """One held event, or one thing's gap, and what came of it: `refused` says why nothing was done."""

    id: int
    topic: str
    key: str
    sequence: int | None
    refused: str | None = None
    missing: tuple[int, int] | None = None
    """First and last number that was missing, where a gap was accepted."""


async def retry(uow: UnitOfWork, choice: Choice, *, by: str) -> list[Act]:
    """Has the chosen events tried again within about a second.

    A sequenced thing's queue keeps its order: a row whose predecessor is missing goes on waiting for it.
    """
    rows = await list_held(uow, choice)
    standing = set((await uow.execute(_RETRY, {"ids": [row.id for row in rows]})).scalars())
    for row in rows:
        if row.id in standing:
            uow.audit(by, "held-retry", row.topic, row.key, held_id=row.id, reason=row.reason)
    return [_act(row, None if row.id in standing else "gone") for row in rows]


async def discard(uow: UnitOfWork, choice: Choice, *, by: str) -> list[Act]:
    """Takes the chosen events away for good. Of a sequenced thing only the head can go (`not-head`): this reader's
    inbox row is raised over it and the next one goes on. The id of a fact stays known.
    """
    acts: list[Act] = []
    for (consumer, topic), rows in _by_topic(await list_held(uow, choice)).items():
        acts += await _discard_queued(uow, consumer, topic, [row for row in rows if _is_queued(row)], by)
        acts += await _discard_alone(uow, [row for row in rows if not _is_queued(row)], by)
    return sorted(acts, key=lambda act: act.id)


async def accept_gap(uow: UnitOfWork, choice: Choice, *, by: str) -> list[Act]:
    """Ends the gaps that the things of the chosen events wait for: their first held event is the next one. What was
    missing is dropped as old if it comes after all.
    """
    acts: list[Act] = []
    for (consumer, topic), rows in _by_topic(await list_held(uow, choice)).items():
        queued = [row for row in rows if _is_queued(row)]
        acts += [_act(row, "no-gap") for row in rows if not _is_queued(row)]
        if not queued:
            continue
        places = await inbox.lock_places(uow, consumer, topic, (_thing(row) for row in queued))
        keys = sorted({key for _, key in places})
        found = await uow.execute(_HEADS, {"consumer": consumer, "topic": topic, "keys": keys})
        heads = {(source, key): number for source, key, number in found}
        ended: dict[inbox.Thing, inbox.Place] = {}
        for row in {_thing(row): row for row in reversed(queued)}.values():
            place, head = places[_thing(row)], heads.get(_thing(row), 0)
            if head <= place.last + 1:
                acts.append(_act(row, "no-gap"))
                continue
            missing = (place.last + 1, head - 1)
            uow.audit(by, "gap-accepted", topic, row.key, consumer=consumer, source=row.source, missing=list(missing))
            acts.append(Act(row.id, topic, row.key, head, missing=missing))
            place.last = head - 1
            ended[_thing(row)] = place
        await _go_on(uow, consumer, topic, ended)
    return sorted(acts, key=lambda act: act.id)


async def _discard_queued(uow: UnitOfWork, consumer: str, topic: str, rows: Sequence[HeldEvent], by: str) -> list[Act]:
    if not rows:
        return []
    places = await inbox.lock_places(uow, consumer, topic, (_thing(row) for row in rows))
    standing = await holding.lock_held(uow, [row.id for row in rows])
    acts: list[Act] = []
    discarded: list[HeldEvent] = []
    for row in sorted(rows, key=lambda row: (row.source, row.key, row.sequence)):
        place = places[_thing(row)]
        assert row.sequence is not None
        if row.id not in standing:
            acts.append(_act(row, "gone"))
        elif row.sequence > place.last + 1:
            acts.append(_act(row, "not-head"))
        else:
            place.last = max(place.last, row.sequence)
            discarded.append(row)
    raised = {_thing(row): places[_thing(row)] for row in discarded}
    await _take_away(uow, discarded, by)
    await _go_on(uow, consumer, topic, raised)
    return acts + [_act(row) for row in discarded]


async def _discard_alone(uow: UnitOfWork, rows: Sequence[HeldEvent], by: str) -> list[Act]:
    if not rows:
        return []
    standing = await holding.lock_held(uow, [row.id for row in rows])
    await _take_away(uow, [row for row in rows if row.id in standing], by)
    return [_act(row, None if row.id in standing else "gone") for row in rows]


async def _take_away(uow: UnitOfWork, rows: Sequence[HeldEvent], by: str) -> None:
    for row in rows:
        uow.audit(
            by,
            "held-discarded",
            row.topic,
            row.key,
            held_id=row.id,
            consumer=row.consumer,
            source=row.source,
            sequence=row.sequence,
            event=row.event_id,
            type=row.type,
            state=row.state,
            reason=row.reason,
        )
    await holding.release(uow, [row.id for row in rows])


async def _go_on(uow: UnitOfWork, consumer: str, topic: str, places: dict[inbox.Thing, inbox.Place]) -> None:
    """Raises the inbox rows and makes what follows in the queues due."""
    if places:
        await inbox.raise_places(uow, consumer, topic, places)
        await holding.move_on(uow, consumer, topic, places)


def _by_topic(rows: Iterable[HeldEvent]) -> dict[tuple[str, str], list[HeldEvent]]:
    groups: dict[tuple[str, str], list[HeldEvent]] = defaultdict(list)
    for row in rows:
        groups[(row.consumer, row.topic)].append(row)
    return dict(sorted(groups.items()))


def _is_queued(row: HeldEvent) -> bool:
    known = TOPICS.get(row.topic)
    return row.sequence is not None and known is not None and known.kind is TopicClass.SEQUENCED


def _thing(row: HeldEvent) -> inbox.Thing:
    return (row.source, row.key)


def _act(row: HeldEvent, refused: str | None = None) -> Act:
    return Act(row.id, row.topic, row.key, row.sequence, refused)
