"""Lists on their way to PostgreSQL: psycopg asks a regular expression about each element, here one look does for all.

An element in quotes may hold anything but quotes and backslashes, and a quoted number is a number too
(https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO). Other kinds of lists go psycopg's way.
"""

from __future__ import annotations

from typing import Any

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.types.array import ListDumper
from psycopg.types.json import Jsonb


class _ListDumper(ListDumper):
    def dump(self, obj: list[Any]) -> Buffer | None:
        kinds = set(map(type, obj))
        if kinds == {int}:
            return ("{" + ",".join(map(str, obj)) + "}").encode()
        if kinds == {str}:
            return _texts(obj) or super().dump(obj)
        if kinds in ({bytes}, {bytes, type(None)}):
            return ("{" + ",".join("NULL" if each is None else f'"\\\\x{each.hex()}"' for each in obj) + "}").encode()
        if kinds in ({Jsonb}, {Jsonb, type(None)}):
            return b"{%b}" % b",".join(b"NULL" if each is None else _quoted(orjson.dumps(each.obj)) for each in obj)
        return super().dump(obj)


def install() -> None:
    """From here on all lists of this process go this way."""
    psycopg.adapters.register_dumper(list, _ListDumper)


def _texts(texts: list[str]) -> bytes | None:
    """None where psycopg has to say what is wrong: PostgreSQL's texts know no NUL."""
    whole = "".join(texts)
    if "\0" in whole:
        return None
    if "\\" in whole or '"' in whole:
        texts = [each.replace("\\", "\\\\").replace('"', '\\"') for each in texts]
    return ('{"' + '","'.join(texts) + '"}').encode()


def _quoted(element: bytes) -> bytes:
    return b'"%b"' % element.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
