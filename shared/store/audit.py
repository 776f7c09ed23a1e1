"""Reading the audit trail of one thing. Writing to it is the unit of work's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from shared.store import tables
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to a thing, when; `detail` says from what to what."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


async def history(uow: UnitOfWork, subject_kind: str, subject_id: object, *, limit: int = 1_000) -> list[Entry]:
    """The last `limit` entries of a thing, the oldest first."""
    table = tables.audit
    query = (
        select(table.c.at, table.c.actor, table.c.action, table.c.detail)
        .where(table.c.subject_kind == subject_kind, table.c.subject_id == str(subject_id))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    return [Entry(**row) for row in (await uow.execute(query)).mappings()][::-1]
