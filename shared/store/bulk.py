"""Many rows in one statement: `INSERT … SELECT unnest(…)`, twice as fast as multi-row VALUES; `UPDATE … FROM`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Result, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from shared.store.columns import Column, write_for

Row = Mapping[str, Any]
Shape = tuple[Table, tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for one table, which all have the columns of the first; `suffix` is e.g. an ON CONFLICT clause."""

    table: Table
    rows: Sequence[Row]
    suffix: str = ""

    @property
    def shape(self) -> Shape:
        """What its SQL depends on."""
        return self.table, tuple(self.rows[0]), self.suffix


async def insert_together(
    connection: AsyncConnection, inserts: Sequence[Insert], then: str, **given: Any
) -> Result[Any]:
    """Runs `inserts`, of which none is without rows, as one statement that ends with the SELECT `then`; its rows.

    There the n-th of them is `part_n`: what its suffix returns. `given` are parameters of `then`.
    """
    return await connection.execute(*together(inserts, then, given))


def together(inserts: Sequence[Insert], then: str, given: Mapping[str, Any]) -> tuple[TextClause, dict[str, Any]]:
    """The statement of `insert_together` with its parameters."""
    values = {
        f"{name}_{number}": _array(insert.table, name, [row[name] for row in insert.rows])
        for number, insert in enumerate(inserts)
        for name in insert.rows[0]
    }
    return _together(tuple(insert.shape for insert in inserts), then), {**values, **given}


async def insert_rows(connection: AsyncConnection, table: Table, rows: Sequence[Row], *, suffix: str = "") -> None:
    """Inserts `rows`, which all have the columns of the first, into `table`; `suffix` is e.g. an ON CONFLICT clause."""
    if not rows:
        return
    columns = tuple(rows[0])
    values = {name: _array(table, name, [row[name] for row in rows]) for name in columns}
    await connection.execute(_statement(table, columns, suffix), values)


async def update_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Row], *, also: str = "", suffix: str = ""
) -> Result[Any]:
    """Writes `rows`, which all have the columns of the first, over the rows of `table` with the same `id`.

    `also` is a further assignment; `suffix` e.g. a further condition and what to return. The new values are `given`.
    """
    columns = tuple(rows[0])
    values = {name: _array(table, name, [row[name] for row in rows]) for name in columns}
    return await connection.execute(_update(table, columns, also, suffix), values)


def _array(table: Table, column: str, values: list[Any]) -> list[Any]:
    write = write_for(table.c[column].type)
    return values if write is None else Column(values, write)


@cache
def _together(shapes: tuple[Shape, ...], then: str) -> TextClause:
    parts = (f"part_{number} AS ({_insert(*shape, f'_{number}')})" for number, shape in enumerate(shapes))
    return text(f"WITH {', '.join(parts)} {then}")


@cache
def _statement(table: Table, columns: tuple[str, ...], suffix: str) -> TextClause:
    return text(_insert(table, columns, suffix))


def _insert(table: Table, columns: tuple[str, ...], suffix: str, mark: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table.name}" ({names}) SELECT * FROM {_unnest(table, columns, mark)} {suffix}'


@cache
def _update(table: Table, columns: tuple[str, ...], also: str, suffix: str) -> TextClause:
    names = ", ".join(f'"{name}"' for name in columns)
    changes = [f'"{name}" = given."{name}"' for name in columns if name != "id"]
    return text(
        f'UPDATE "{table.name}" SET {", ".join([*changes, also] if also else changes)} '
        f'FROM {_unnest(table, columns)} AS given ({names}) WHERE "{table.name}".id = given.id {suffix}'
    )


def _unnest(table: Table, columns: tuple[str, ...], mark: str = "") -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"CAST(:{name}{mark} AS {table.c[name].type.compile(dialect)}[])" for name in columns)
    return f"unnest({arrays})"
