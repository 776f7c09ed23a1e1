"""Values as PostgreSQL treats them: NULL in comparisons, JSON containment, what a column takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.faults.simulation.postgres.errors import DIVISION_BY_ZERO, WRONG_TYPE, NotSimulated, ServerSays


class Nulls(dict[str, Any]):
    """The other side of a LEFT JOIN that found nothing."""

    def __missing__(self, _name: str) -> None:
        return None


NULLS = Nulls()


def eq(left: Any, right: Any) -> bool | None:
    return None if left is None or right is None else left == right


def ne(left: Any, right: Any) -> bool | None:
    return None if left is None or right is None else left != right


def lt(left: Any, right: Any) -> bool | None:
    return None if left is None or right is None else left < right


def le(left: Any, right: Any) -> bool | None:
    return None if left is None or right is None else left <= right


def add(left: Any, right: Any) -> Any:
    return None if left is None or right is None else left + right


def sub(left: Any, right: Any) -> Any:
    return None if left is None or right is None else left - right


def div(left: Any, right: Any) -> Any:
    """Of whole numbers."""
    if right == 0:
        raise ServerSays(DIVISION_BY_ZERO, "division by zero")
    return None if left is None or right is None else left // right


def not_(value: bool | None) -> bool | None:
    return None if value is None else not value


def and_(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def or_(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def seconds(span: timedelta | None) -> float | None:
    """`extract(epoch FROM interval)`."""
    return None if span is None else span.total_seconds()


def is_in(value: Any, among: Iterable[Any]) -> bool | None:
    return None if value is None else value in among


def contains(whole: Any, part: Any) -> bool | None:
    """jsonb `@>`."""
    if whole is None or part is None:
        return None
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(k in whole and bool(contains_json(whole[k], v)) for k, v in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains_json(w, p) for w in whole) for p in part)
    return bool(whole == part or (isinstance(whole, list) and part in whole))


def contains_json(whole: Any, part: Any) -> bool:
    """One level of `@>`: an array contains no scalar below the top."""
    if isinstance(part, dict | list):
        return bool(contains(whole, part))
    return bool(whole == part)


def json_text(value: Any, *path: str | int) -> str | None:
    """jsonb `->>`."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def unnest(width: int, *arrays: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """The rows of `unnest(a, b, …)`."""
    lists = [array or [] for array in arrays]
    assert len(lists) == width
    length = max(map(len, lists), default=0)
    return [tuple(each[n] if n < len(each) else None for each in lists) for n in range(length)]


def order(value: Any) -> tuple[bool, Any]:
    """A sort key with NULLs last."""
    return (value is None, value)


def bound(value: Any) -> Any:
    """A parameter as it arrives at the server."""
    if isinstance(value, Jsonb):
        return stored_json(value.obj)
    if isinstance(value, list) and any(isinstance(each, Jsonb) for each in value):
        return [stored_json(each.obj) if isinstance(each, Jsonb) else each for each in value]
    if isinstance(value, tuple):
        return list(value)
    return value


def stored_json(value: Any) -> Any:
    """JSON as it comes back. Raises TypeError where the driver would."""
    return json.loads(json.dumps(value))


_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "bigint": (int,),
    "int": (int,),
    "boolean": (bool,),
    "bytea": (bytes,),
    "timestamptz": (datetime,),
    "uuid": (UUID,),
    "jsonb": (dict, list, str, int, float, bool),
}


def taken(kind: str, value: Any) -> Any:
    """A value as a column of `kind` takes it. Raises ServerSays where PostgreSQL would not."""
    if value is None:
        return None
    if kind not in _KINDS:
        raise NotSimulated(f"columns of type {kind}")
    if kind == "uuid" and isinstance(value, str):
        return UUID(value)
    if isinstance(value, str) and type(value) is not str:
        value = str(value)
    if not isinstance(value, _KINDS[kind]) or (kind == "timestamptz" and value.tzinfo is None):
        raise ServerSays(WRONG_TYPE, f"column of type {kind} was given {type(value).__name__}")
    return stored_json(value) if kind == "jsonb" and isinstance(value, dict | list) else value


def interval(text: str, unit: str) -> timedelta:
    """`interval '24 hours'`."""
    return timedelta(**{unit.lower().rstrip("s") + "s": float(text)})
