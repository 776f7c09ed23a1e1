"""Which database errors pass by themselves, and how a command is tried again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

T = TypeVar("T")

TRIES = 4
"""The first and three more."""

_AGAIN = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATE: serialization failure, deadlock, lock timeout."""

_AWAY = ("08", "53", "57P")
"""SQLSTATE classes: connection, resources; 57P: the server is being stopped."""


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a database error; None where the server was not reached or said none."""
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state


def is_contention(error: BaseException) -> bool:
    """Whether others were in the way: doing the same again may succeed. A statement that ran out of time counts."""
    return sqlstate(error) in _AGAIN | {"57014"}


def is_away(error: BaseException) -> bool:
    """Whether the database could not be reached, or had no connection free in time."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = sqlstate(error)
    lost = error.connection_invalidated or type(error.orig).__name__ == "OperationalError"
    return (state is None and lost) or (state is not None and state.startswith(_AWAY))


async def with_retries(attempt: Callable[[], Awaitable[T]]) -> T:
    """Runs `attempt`, again up to three times after a deadlock, serialization failure or lock timeout.

    Waits 50–150, 100–300, 200–500 ms between, at random, so that two that met once do not meet again.
    """
    for number in range(1, TRIES):
        try:
            return await attempt()
        except DBAPIError as error:
            if sqlstate(error) not in _AGAIN:
                raise
        shortest = 0.05 * 2 ** (number - 1)
        await asyncio.sleep(random.uniform(shortest, min(shortest * 3, 0.5)))
    return await attempt()
