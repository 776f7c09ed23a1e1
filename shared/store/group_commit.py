"""Doors that only append share a commit: requests that wait at the same moment become one transaction.

For doors only. What decides by reading the present state never shares: a neighbour's failure would undo it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.exc import DBAPIError

from shared.kernel.errors import Refused
from shared.store.bulk import Insert, insert_together
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.tables import idempotency
from shared.store.unit_of_work import UnitOfWork

T = TypeVar("T")

MAX_GROUP = 200
MOST_COMMITTING = 2
"""Groups whose transactions run side by side: while one waits for the disk, the requests of the next are read."""
_REFUSALS = ("22", "23", "40", "54")
"""SQLSTATE classes that blame a row or a neighbour, not the connection or the server."""

Scope = tuple[str, str, str]
Outcome = dict[str, Any] | Exception
_Stored = dict[Scope, tuple[bytes, dict[str, Any]]]
"""Hash and answer of requests that came before."""

# A key that another transaction is just inserting is waited for; afterwards it is not ours, and its answer can be read.
# A key past its 24 hours is new.
_UNLESS_TAKEN = (
    "ON CONFLICT (caller, path, key) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status, "
    "answer = excluded.answer, created_at = excluded.created_at "
    "WHERE idempotency.created_at < excluded.created_at - interval '24 hours' RETURNING caller, path, key"
)
_ALL_OR_NOTHING = "SELECT 1 / CAST(count(*) = :wanted AS integer) FROM part_0"
"""Where one of the keys was taken, this divides by zero and takes the whole statement with it."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One request at a door. `answer` is what its caller gets; with a `scope` (caller, path, key) a repeat gets the
    first one's.
    """

    item: T
    answer: dict[str, Any]
    cause: Cause
    scope: Scope | None = None
    body_hash: bytes = b""
    status: int = 202


_First = dict[Scope, Entry[T]]
"""The entry that counts of those under the same key."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    entry: Entry[T]
    future: asyncio.Future[dict[str, Any]]
    context: Context = field(default_factory=copy_context)
    """The request's own, so that its events carry its trace."""


class GroupCommit(Generic[T]):
    """One per process and door. `append` queues an item's rows and events on the unit of work; it may not read."""

    def __init__(self, database: Database, append: Callable[[UnitOfWork, T], None], *, capacity: int = 2_000) -> None:
        self._database = database
        self._append = append
        self._capacity = capacity
        self._queue: deque[_Waiting[T]] = deque()
        self._workers: set[asyncio.Task[None] | None] = set()

    async def submit(self, entry: Entry[T]) -> dict[str, Any]:
        """The answer, once it is committed; the caller's hanging up changes nothing.

        Raises Refused: `busy` (503) with a full queue, `idempotency-key-reused` (422) where the key came with another
        body; and sqlalchemy.exc.DBAPIError where the database is away or refuses this very row.
        """
        if len(self._queue) >= self._capacity:
            raise Refused("busy", status=503)
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if len(self._workers) < MOST_COMMITTING:
            self._workers.add(asyncio.create_task(self._work()))
        return await asyncio.shield(waiting.future)

    async def _work(self) -> None:
        """Group after group until nobody waits: while groups commit, the next one gathers.

        Doors' rows stand alone, so groups need no order among them; a key that two groups have is decided by `_claim`.
        """
        try:
            while self._queue:
                if group := await self._gathered():
                    await self._settle(group)
        finally:
            # Here, not when the task is seen to be done: who comes in between would wait for a worker that has left.
            self._workers.discard(asyncio.current_task())

    async def _gathered(self) -> list[_Waiting[T]]:
        """Whoever waits, and who joins as long as each turn of the loop brings somebody; alone, one waits one turn."""
        known = 0
        while known < len(self._queue) < MAX_GROUP:
            known = len(self._queue)
            await asyncio.sleep(0)
        return [self._queue.popleft() for _ in range(min(len(self._queue), MAX_GROUP))]

    async def _settle(self, group: Sequence[_Waiting[T]]) -> None:
        try:
            outcomes = await self._store(group)
        except DBAPIError as error:
            if len(group) > 1 and _blames_a_row(error):
                for waiting in group:
                    await self._settle([waiting])
                return
            outcomes = [error] * len(group)
        except Exception as error:  # noqa: BLE001 - told to every caller in the group; none may wait for ever
            outcomes = [error] * len(group)
        for waiting, outcome in zip(group, outcomes, strict=True):
            _tell(waiting.future, outcome)

    async def _store(self, group: Sequence[_Waiting[T]]) -> list[Outcome]:
        first: _First[T] = {}
        for waiting in group:
            if waiting.entry.scope is not None:
                first.setdefault(waiting.entry.scope, waiting.entry)
        try:
            stored = await self._all_or_nothing(group, first)
        except DBAPIError as error:
            if not _blames_a_row(error):
                raise
            stored = await self._what_is_new(group, first)
        return [_outcome(waiting.entry, first, stored) for waiting in group]

    async def _all_or_nothing(self, group: Sequence[_Waiting[T]], first: _First[T]) -> _Stored:
        """Everything in one statement that commits itself: repeats are rare. It is refused where a key is taken."""
        async with self._database.connection() as connection:
            uow = UnitOfWork(connection, self._database.service, group[0].entry.cause)
            self._append_first(uow, group, first)
            if first:
                await uow.flush_together(_claims(first, uow.now), _ALL_OR_NOTHING, wanted=len(first))
            else:
                await uow.flush_together(None, "SELECT 1")
        return {}

    async def _what_is_new(self, group: Sequence[_Waiting[T]], first: _First[T]) -> _Stored:
        """Claims the keys, then only their winners' rows follow. Returns what was stored under the others."""
        async with self._database.transaction(group[0].entry.cause) as uow:
            stored = await _claim(uow, first)
            self._append_first(uow, group, {scope: entry for scope, entry in first.items() if scope not in stored})
        return stored

    def _append_first(self, uow: UnitOfWork, group: Sequence[_Waiting[T]], first: _First[T]) -> None:
        for waiting in group:
            entry = waiting.entry
            if entry.scope is None or first.get(entry.scope) is entry:
                uow.cause = entry.cause
                waiting.context.run(self._append, uow, entry.item)


def _outcome(entry: Entry[Any], first: _First[Any], stored: _Stored) -> Outcome:
    if entry.scope is None:
        return entry.answer
    body_hash, answer = stored.get(entry.scope) or (first[entry.scope].body_hash, first[entry.scope].answer)
    if body_hash != entry.body_hash:
        return Refused(
            "idempotency-key-reused",
            status=422,
            field="header.Idempotency-Key",
            expected="a new key for another request",
        )
    return answer


def _claims(first: _First[Any], now: datetime) -> Insert:
    # Sorted, so that two groups with keys in common wait for each other in one order.
    rows = [
        {
            "caller": scope[0],
            "path": scope[1],
            "key": scope[2],
            "body_hash": entry.body_hash,
            "status": entry.status,
            "answer": entry.answer,
            "created_at": now,
        }
        for scope, entry in sorted(first.items(), key=itemgetter(0))
    ]
    return Insert(idempotency, rows, _UNLESS_TAKEN)


async def _claim(uow: UnitOfWork, first: _First[Any]) -> _Stored:
    """Claims the keys; returns hash and answer of those that were taken before."""
    if not first:
        return {}
    claims = _claims(first, uow.now)
    won = await insert_together(uow.connection, [claims], "SELECT caller, path, key FROM part_0")
    lost = set(first) - {(row.caller, row.path, row.key) for row in won}
    if not lost:
        return {}
    table = idempotency.c
    rows = await uow.execute(
        select(table.caller, table.path, table.key, table.body_hash, table.answer).where(
            tuple_(table.caller, table.path, table.key).in_(sorted(lost))
        )
    )
    return {(row.caller, row.path, row.key): (row.body_hash, row.answer) for row in rows}


def _blames_a_row(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(state, str) and state.startswith(_REFUSALS)


def _tell(future: asyncio.Future[dict[str, Any]], outcome: Outcome) -> None:
    if future.cancelled():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
