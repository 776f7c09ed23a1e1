"""A service's own copies of state topics: what it may know of parties, staff, departments and keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import bindparam, select, text

from shared.store.tables import copy
from shared.store.unit_of_work import UnitOfWork

_BELOW = text(
    "WITH RECURSIVE tree AS (SELECT unnest(CAST(:tops AS text[])) AS key UNION "
    "SELECT c.key FROM copy c JOIN tree ON c.body ->> CAST(:parent AS text) = tree.key "
    "WHERE c.topic = :topic AND NOT c.gone) SELECT key FROM tree"
)

_GATHERED, _KEPT = "copies", "copies-kept"
_BODY = select(copy.c.body).where(copy.c.topic == bindparam("of"), copy.c.key == bindparam("named"), ~copy.c.gone)
_BODIES = text(
    "SELECT topic, key, body FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS named (topic, key) "
    "JOIN copy USING (topic, key) WHERE NOT gone"
)


async def gather(uow: UnitOfWork, named: Iterable[tuple[str, object]]) -> None:
    """Reads the copied states of many (topic, key) at once; `get` has them at hand in this unit of work."""
    wanted = sorted({(topic, str(key)) for topic, key in named})
    if not wanted:
        return
    rows = await uow.execute(_BODIES, {"topics": [topic for topic, _ in wanted], "keys": [key for _, key in wanted]})
    found = {(row.topic, row.key): row.body for row in rows}
    uow.gathered.setdefault(_GATHERED, {}).update({thing: found.get(thing) for thing in wanted})


def keep(uow: UnitOfWork) -> None:
    """From now on this unit of work asks for each copy once: for a command, which changes no copies itself."""
    uow.gathered[_KEPT] = uow.gathered.setdefault(_GATHERED, {})


async def get(uow: UnitOfWork, topic: str, key: object) -> dict[str, Any] | None:
    """The copied state of `key`, None where it is unknown or erased."""
    gathered = uow.gathered.get(_GATHERED, {})
    thing = (topic, str(key))
    if thing in gathered:
        known: dict[str, Any] | None = gathered[thing]
        return known
    body: dict[str, Any] | None = (await uow.execute(_BODY, {"of": topic, "named": str(key)})).scalar_one_or_none()
    if _KEPT in uow.gathered:
        gathered[thing] = body
    return body


async def find(uow: UnitOfWork, topic: str, **containing: Any) -> list[dict[str, Any]]:
    """Every copied state that contains these values (JSON containment), in the order of their keys."""
    result = await uow.execute(
        select(copy.c.body)
        .where(copy.c.topic == topic, ~copy.c.gone, copy.c.body.contains(containing))
        .order_by(copy.c.key)
    )
    return list(result.scalars())


async def is_gone(uow: UnitOfWork, topic: str, key: object) -> bool:
    """Whether a tombstone was seen for `key`."""
    result = await uow.execute(select(copy.c.gone).where(copy.c.topic == topic, copy.c.key == str(key)))
    return bool(result.scalar_one_or_none())


async def below(uow: UnitOfWork, topic: str, tops: Collection[str], *, parent: str) -> frozenset[str]:
    """`tops` and every key of `topic` beneath one of them, where each state names its parent's key in `parent`.

    States that are their own ancestors end, as each key is taken once.
    """
    result = await uow.execute(_BELOW, {"topic": topic, "tops": sorted(tops), "parent": parent})
    return frozenset(result.scalars())
