"""Lists in pages: a page goes on after the row that the last one ended with, whatever came meanwhile."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, Table, select, tuple_

Rows = TypeVar("Rows", bound=tuple[Any, ...])


def newest_first(query: Select[Rows], table: Table, at: str, *, before: UUID | None, limit: int) -> Select[Rows]:
    """At most `limit` rows of `query` by the instants in `table`'s column `at`, the newest first, from behind the row
    with the id `before`. Rows of one instant go by their ids; where there is no such row, the page is empty.
    """
    place = (table.c[at], table.c.id)
    query = query.order_by(*(column.desc() for column in place)).limit(limit)
    if before is None:
        return query
    return query.where(tuple_(*place) < select(*place).where(table.c.id == before).scalar_subquery())
