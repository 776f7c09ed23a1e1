"""Timers of one transaction: set, moved and cancelled in two statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store import tables
from shared.store.bulk import insert_rows
from shared.store.cause import Cause

Schedule = dict[tuple[str, str], tuple[datetime, dict[str, Any], Cause] | None]

_CANCEL = text(
    "DELETE FROM timer USING unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS gone (kind, subject) "
    "WHERE timer.kind = gone.kind AND timer.subject = gone.subject AND timer.fired_at IS NULL"
)
_MOVE = (
    "ON CONFLICT (kind, subject) WHERE fired_at IS NULL DO UPDATE SET due = excluded.due, data = excluded.data, "
    "next_try = excluded.next_try, tries = 0, reason = NULL, correlation_id = excluded.correlation_id, "
    "causation_id = excluded.causation_id, hops = excluded.hops, traceparent = excluded.traceparent"
)


async def write_timers(connection: AsyncConnection, schedule: Mapping[tuple[str, str], Any]) -> None:
    """Applies the last word on each (kind, subject), sorted, so that two transactions never wait in a circle."""
    cancelled = sorted(thing for thing, setting in schedule.items() if setting is None)
    if cancelled:
        await connection.execute(
            _CANCEL, {"kinds": [kind for kind, _ in cancelled], "subjects": [subject for _, subject in cancelled]}
        )
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    rows = [
        {
            "kind": kind,
            "subject": subject,
            "due": due,
            "data": data,
            "correlation_id": cause.correlation_id,
            "causation_id": cause.causation_id,
            "hops": cause.hops,
            "traceparent": carrier.get("traceparent"),
            "tries": 0,
            "next_try": due,
        }
        for (kind, subject), (due, data, cause) in sorted(
            ((thing, setting) for thing, setting in schedule.items() if setting is not None), key=lambda x: x[0]
        )
    ]
    await insert_rows(connection, tables.timer, rows, suffix=_MOVE)
