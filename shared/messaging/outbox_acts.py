"""What an operator may do about outbox rows that the broker refuses for ever. Each act is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text

from shared.contracts.events.event_withdrawn import EventWithdrawn
from shared.contracts.registry import state_event
from shared.contracts.topics import TOPICS, TopicClass
from shared.kernel.ids import new_id
from shared.messaging.republishing import newest_state, publish_state
from shared.store.unit_of_work import UnitOfWork

_STUCK = text(
    "SELECT position, id, aggregatetype AS topic, aggregateid AS key, type, headers, sequence, stuck_reason, "
    "payload IS NULL AS tombstone FROM outbox WHERE position = ANY(:positions) AND published_at IS NULL "
    "AND stuck_reason IS NOT NULL ORDER BY position FOR UPDATE"
)
_AGAIN = text("UPDATE outbox SET stuck_reason = NULL WHERE position = ANY(:positions)")
_WITHDRAW = text(
    "UPDATE outbox SET id = :id, type = :type, payload = :payload, headers = :headers, about = '[]', "
    "stuck_reason = NULL WHERE position = :position"
)
_TAKE_AWAY = text("DELETE FROM outbox WHERE position = :position")


@dataclass(frozen=True, slots=True)
class OutboxAct:
    """One stuck row and what came of it: `withdrawn` (its number is taken by `event-withdrawn`), `removed` (nobody
    counts it), `again` (sent again), or why it was refused.
    """

    position: int
    topic: str
    key: str
    type: str
    sequence: int | None
    became: str | None
    refused: str | None = None


async def retry_stuck(uow: UnitOfWork, positions: Sequence[int], *, by: str) -> list[OutboxAct]:
    """Has the relay try these stuck rows again: the broker's settings may have been mended."""
    rows = (await uow.execute(_STUCK, {"positions": sorted(positions)})).all()
    await uow.execute(_AGAIN, {"positions": [row.position for row in rows]})
    for row in rows:
        uow.audit(by, "outbox-retry", row.topic, row.key, position=row.position, reason=row.stuck_reason)
    return [_act(row, "again") for row in rows]


async def discard_stuck(uow: UnitOfWork, positions: Sequence[int], *, by: str) -> list[OutboxAct]:
    """Gives these stuck rows up, so that what waits behind them goes on.

    On a sequenced topic `event-withdrawn` takes the row's place and number. A state is replaced by what was published
    last, under a new number, so that the owner's copy and its numbers agree again. A fact is just gone. A tombstone is
    never given up: an erasure has to reach everybody.
    """
    rows = (await uow.execute(_STUCK, {"positions": sorted(positions)})).all()
    return [await _discard(uow, row, by) for row in rows]


async def _discard(uow: UnitOfWork, row: Row[Any], by: str) -> OutboxAct:
    kind = TOPICS[row.topic].kind
    if row.tombstone or row.type == EventWithdrawn.type:
        return _act(row, None, "tombstone" if row.tombstone else "withdrawn-already")
    if kind is TopicClass.SEQUENCED:
        await _withdraw(uow, row)
    else:
        if kind is TopicClass.STATE:
            await _publish_last(uow, row)
        await uow.execute(_TAKE_AWAY, {"position": row.position})
    became = "withdrawn" if kind is TopicClass.SEQUENCED else "removed"
    uow.audit(
        by,
        f"outbox-{became}",
        row.topic,
        row.key,
        position=row.position,
        event=row.id,
        type=row.type,
        sequence=row.sequence,
        reason=row.stuck_reason,
    )
    return _act(row, became)


async def _withdraw(uow: UnitOfWork, row: Row[Any]) -> None:
    event = EventWithdrawn(thing_id=row.key, withdrawn_type=row.type, reason=row.stuck_reason)
    event_id = str(new_id())
    headers: Mapping[str, str] = {
        **row.headers,
        "ce_id": event_id,
        "ce_type": event.type,
        "ce_dataschema": event.dataschema(),
    }
    await uow.execute(
        _WITHDRAW,
        {
            "position": row.position,
            "id": event_id,
            "type": event.type,
            "payload": event.encode(),
            "headers": Jsonb(headers),
        },
    )


async def _publish_last(uow: UnitOfWork, row: Row[Any]) -> None:
    last = await newest_state(uow, row.topic, row.key)
    if last is not None and not last.coming:
        publish_state(uow, state_event(row.topic), row.key, last)


def _act(row: Row[Any], became: str | None, refused: str | None = None) -> OutboxAct:
    return OutboxAct(row.position, row.topic, row.key, row.type, row.sequence, became, refused)
