"""Many rows in one statement: `INSERT … SELECT unnest(…)`, some twice as fast as multi-row VALUES."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

Row = Mapping[str, Any]


async def insert_rows(connection: AsyncConnection, table: Table, rows: Sequence[Row], *, suffix: str = "") -> None:
    """Inserts `rows`, which all have the columns of the first, into `table`; `suffix` is e.g. an ON CONFLICT clause."""
    if not rows:
        return
    columns = tuple(rows[0])
    values = {name: _array(table, name, [row[name] for row in rows]) for name in columns}
    await connection.execute(_statement(table, columns, suffix), values)


def _array(table: Table, column: str, values: list[Any]) -> list[Any]:
    if not isinstance(table.c[column].type, JSONB):
        return values
    return [None if value is None else Jsonb(value) for value in values]


@cache
def _statement(table: Table, columns: tuple[str, ...], suffix: str) -> TextClause:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(dialect)}[])" for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return text(f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays}) {suffix}')
