"""Plain lists on their way to PostgreSQL: psycopg asks a regular expression about each element.

Lists of texts, numbers or bytes are written like the columns of a bulk insert; other kinds go psycopg's way.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.array import ListDumper

from shared.store.columns import Write, bytes_written, text_written, written

_WRITES: dict[type, Write] = {str: text_written, int: str, bytes: bytes_written}


class _ListDumper(ListDumper):
    def dump(self, obj: list[Any]) -> Buffer | None:
        kinds = set(map(type, obj)) - {type(None)}
        write = _WRITES.get(kinds.pop()) if len(kinds) == 1 else None
        return super().dump(obj) if write is None else written(obj, write)


def install() -> None:
    """From here on all lists of this process go this way."""
    psycopg.adapters.register_dumper(list, _ListDumper)
