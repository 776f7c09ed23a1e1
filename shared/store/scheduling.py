"""Timers of one transaction: set, moved and cancelled in two statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store import tables
from shared.store.bulk import insert_rows
from shared.store.cause import Cause


@dataclass(frozen=True, slots=True)
class Setting:
    """When a timer is due, what it carries, and why it was set."""

    due: datetime
    data: dict[str, Any]
    cause: Cause
    traceparent: str | None


Schedule = dict[tuple[str, str], Setting | None]
"""(kind, subject) → the last word on it; None cancels."""

_CANCEL = text(
    "DELETE FROM timer USING unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS gone (kind, subject) "
    "WHERE timer.kind = gone.kind AND timer.subject = gone.subject AND timer.fired_at IS NULL"
)
_MOVE = (
    "ON CONFLICT (kind, subject) WHERE fired_at IS NULL DO UPDATE SET due = excluded.due, data = excluded.data, "
    "next_try = excluded.next_try, tries = 0, reason = NULL, correlation_id = excluded.correlation_id, "
    "causation_id = excluded.causation_id, hops = excluded.hops, traceparent = excluded.traceparent"
)


async def write_timers(connection: AsyncConnection, schedule: Mapping[tuple[str, str], Setting | None]) -> None:
    """Applies the last word on each (kind, subject), sorted, so that two transactions never wait in a circle."""
    cancelled = sorted(thing for thing, setting in schedule.items() if setting is None)
    if cancelled:
        await connection.execute(
            _CANCEL, {"kinds": [kind for kind, _ in cancelled], "subjects": [subject for _, subject in cancelled]}
        )
    rows = [
        {
            "kind": kind,
            "subject": subject,
            "due": setting.due,
            "data": setting.data,
            "correlation_id": setting.cause.correlation_id,
            "causation_id": setting.cause.causation_id,
            "hops": setting.cause.hops,
            "traceparent": setting.traceparent,
            "tries": 0,
            "next_try": setting.due,
        }
        for (kind, subject), setting in sorted(schedule.items(), key=lambda item: item[0])
        if setting is not None
    ]
    await insert_rows(connection, tables.timer, rows, suffix=_MOVE)
