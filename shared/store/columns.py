"""Columns of a bulk insert on their way to PostgreSQL: their types are known, so psycopg need not look at each value.

An element in quotes may hold anything but quotes and backslashes, and any type reads its values from quotes
(https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg.adapt import Dumper
from sqlalchemy import BigInteger, Boolean, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

Write = Callable[[Any], str]


class Column(list[Any]):
    """One column's values; `write` writes those that are not None."""

    __slots__ = ("write",)

    def __init__(self, values: Iterable[Any], write: Write) -> None:
        super().__init__(values)
        self.write = write


def write_for(kind: TypeEngine[Any]) -> Write | None:
    """How values of a column of that type are written; None where psycopg has to find out."""
    return _WRITES.get(type(kind))


def written(values: Iterable[Any], write: Write) -> bytes:
    """An array in PostgreSQL's notation. Raises psycopg.DataError for NUL, which PostgreSQL's texts do not know."""
    whole = ",".join(["NULL" if value is None else write(value) for value in values])
    if "\0" in whole:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return f"{{{whole}}}".encode()


class _ColumnDumper(Dumper):
    # No oid: the statement says by a CAST what it is.
    def dump(self, obj: Column) -> bytes:
        return written(obj, obj.write)


psycopg.adapters.register_dumper(Column, _ColumnDumper)


def text_written(value: str) -> str:
    """A text as an element."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json(value: Any) -> str:
    return text_written(orjson.dumps(value).decode())


def bytes_written(value: bytes) -> str:
    """Bytes as an element."""
    return f'"\\\\x{value.hex()}"'


def _instant(value: datetime) -> str:
    return f'"{value.isoformat()}"'


_WRITES: dict[type[TypeEngine[Any]], Write] = {
    Text: text_written,
    JSONB: _json,
    LargeBinary: bytes_written,
    DateTime: _instant,
    Uuid: str,
    Integer: str,
    BigInteger: str,
    Boolean: str,
}
