"""A service's own copies of state topics: what it may know of parties, staff, departments and keys."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, text

from shared.store.tables import copy
from shared.store.unit_of_work import UnitOfWork

_BELOW = text(
    "WITH RECURSIVE tree AS (SELECT unnest(CAST(:tops AS text[])) AS key UNION "
    "SELECT c.key FROM copy c JOIN tree ON c.body ->> CAST(:parent AS text) = tree.key "
    "WHERE c.topic = :topic AND NOT c.gone) SELECT key FROM tree"
)


async def get(uow: UnitOfWork, topic: str, key: object) -> dict[str, Any] | None:
    """The copied state of `key`, None where it is unknown or erased."""
    result = await uow.execute(select(copy.c.body).where(copy.c.topic == topic, copy.c.key == str(key), ~copy.c.gone))
    body: dict[str, Any] | None = result.scalar_one_or_none()
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
