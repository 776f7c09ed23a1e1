"""What all databases hold at the end of a journey, without what chance made: ids, instants, places in a log.

An id becomes what it is an id of: the rows that it stands in, and those that the ids there stand in, three times over.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tests.faults.shuffled.house import House

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*(Z|[+-]\d\d:?\d\d)?")
_WRITTEN_TIME = re.compile(r"(\d+月\d+日)?(星期.)?\s*\d{1,2}:\d\d")
"""As texts tell it: the minutes go on from one order to the next."""
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
"""Of something with ids and instants in it; what it is the digest of is compared itself."""
_ROUNDS = 4

_LEFT_OUT = {
    "lease": "who holds it",
    "sender_process": "who is alive",
    "alembic_version": "the build's",
    "long_work": "an operator's",
    "idempotency": "answers, whose rows are looked at themselves",
}
_COUNTED = {"id", "position", "offset", "partition", "attempt_id"}
"""Columns that only say which came first."""

Row = tuple[str, tuple[tuple[str, Any], ...]]
"""(service and table, columns)"""


@dataclass(frozen=True, slots=True)
class Picture:
    """Every row of every store, and how often it is there."""

    bare: Counter[str]
    """Without ids: what differs here differs by itself."""
    labelled: Counter[str]
    """Each id by what it is an id of: what differs only here belongs to something else."""


async def picture(house: House) -> Picture:
    """As the stores are now."""
    rows = [row for service in house.members for row in await _rows(house, service)]
    labels: dict[str, str] = {}
    for _ in range(_ROUNDS):
        labels = _labelled(rows, labels)
    return Picture(Counter(_shown(row, {}) for row in rows), Counter(_shown(row, labels) for row in rows))


def difference(one: Picture, other: Picture) -> list[str]:
    """Rows that are in one of them only; none where all is the same."""
    return _only(one.bare, other.bare) or _only(one.labelled, other.labelled)


def _only(one: Counter[str], other: Counter[str]) -> list[str]:
    return [f"- {row}" for row in sorted((one - other).elements())] + [
        f"+ {row}" for row in sorted((other - one).elements())
    ]


async def _rows(house: House, service: str) -> list[Row]:
    tables = await house.rows(service, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found: list[Row] = []
    for table in sorted(row["tablename"] for row in tables):
        if table in _LEFT_OUT:
            continue
        for row in await house.rows(service, f'SELECT * FROM "{table}"'):
            found.append((f"{service}.{table}", tuple(_columns(row))))
    return found


def _columns(row: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if name in _COUNTED and isinstance(value, int):
            continue
        if name == "payload" and isinstance(value, bytes | memoryview):
            yield name, _plain(json.loads(bytes(value)))
        else:
            yield name, _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return "bytes"
        case datetime():
            return "instant"
        case UUID() | date():
            return str(value)
        case dict():
            return {key: _plain(each) for key, each in sorted(value.items())}
        case list() | tuple():
            return [_plain(each) for each in value]
        case str():
            return _DIGEST.sub("digest", _WRITTEN_TIME.sub("then", _INSTANT.sub("instant", value)))
        case _:
            return value


def _labelled(rows: list[Row], labels: Mapping[str, str]) -> dict[str, str]:
    """Each id's new label: where it stands, by the labels as they are now."""
    places: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        bare, shown = json.dumps(row, sort_keys=True, default=str), _shown(row, labels)
        for number, found in enumerate(_UUID.finditer(bare)):
            places[found.group()].append(f"{number} {shown}")
    return {each: hashlib.sha256("\n".join(sorted(where)).encode()).hexdigest()[:12] for each, where in places.items()}


def _shown(row: Row, labels: Mapping[str, str]) -> str:
    bare = json.dumps(row, sort_keys=True, default=str)
    return _UUID.sub(lambda found: labels.get(found.group(), "id"), bare)
