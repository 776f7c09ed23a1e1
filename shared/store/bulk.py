"""Many rows in one statement: `INSERT … SELECT unnest(…)`, some twice as fast as multi-row VALUES."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import psycopg
from psycopg.adapt import Dumper
from psycopg.types.json import Jsonb
from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

Row = Mapping[str, Any]


class JsonArray(list[Jsonb | None]):
    """Values for a `jsonb[]`. In a plain list psycopg quotes each by a regular expression: JSON is full of quotes."""


class _JsonArrayDumper(Dumper):
    oid = psycopg.adapters.types["jsonb"].array_oid

    def dump(self, obj: JsonArray) -> bytes:
        return b"{%b}" % b",".join(b"NULL" if each is None else _quoted(orjson.dumps(each.obj)) for each in obj)


psycopg.adapters.register_dumper(JsonArray, _JsonArrayDumper)


def _quoted(element: bytes) -> bytes:
    return b'"%b"' % element.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


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
    return JsonArray(None if value is None else Jsonb(value) for value in values)


@cache
def _statement(table: Table, columns: tuple[str, ...], suffix: str) -> TextClause:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(dialect)}[])" for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return text(f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays}) {suffix}')
