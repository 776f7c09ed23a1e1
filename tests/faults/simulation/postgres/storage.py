"""Rows, transactions and locks: read committed, one uncommitted version of a row at most, waiting with deadlocks."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.faults.simulation.postgres.errors import DEADLOCK, LOCK_TIMEOUT, ServerSays
from tests.faults.simulation.postgres.schema import ROW_ID, Key, Row, Shape, Unique

LOCK_SECONDS = 2.0
"""As `lock_timeout` of every session."""


class Table:
    """The committed rows, and what is next of the identity column: taken at the insert, never given back."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.name = shape.name
        self.rows: dict[int, Row] = {}
        self.entries: list[dict[Key, int]] = [{} for _ in shape.uniques]
        self.row_ids = itertools.count(1)
        self.identities = itertools.count(1)

    def put(self, row_id: int, row: Row | None) -> None:
        """Commits one row's new version; None takes it away."""
        old = self.rows.get(row_id)
        for unique, entries in zip(self.shape.uniques, self.entries, strict=True):
            if old is not None and (key := unique.key(old)) is not None and entries.get(key) == row_id:
                del entries[key]
            if row is not None and (key := unique.key(row)) is not None:
                entries[key] = row_id
        if row is None:
            self.rows.pop(row_id, None)
        else:
            self.rows[row_id] = row


class Storage:
    """One database. `now` is the server's clock."""

    def __init__(self, shapes: Iterable[Shape], rng: random.Random, now: Callable[[], datetime]) -> None:
        self.tables = {shape.name: Table(shape) for shape in shapes}
        self.rng = rng
        self.now = now
        self.locks: dict[object, Transaction] = {}
        self.open: set[Transaction] = set()

    def begin(self) -> Transaction:
        """A transaction; its `now()` is this instant."""
        made = Transaction(self)
        self.open.add(made)
        return made

    def rows(self, table: str) -> list[Row]:
        """What is committed, for who looks on."""
        return list(self.tables[table].rows.values())


class Transaction:
    """What one session does between BEGIN and COMMIT."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.now = storage.now()
        self.changes: dict[Table, dict[int, Row | None]] = {}
        self.locks: list[object] = []
        self.waits_for: Transaction | None = None
        self.waiters: list[asyncio.Future[None]] = []
        self.ended = False

    def scan(self, name: str) -> Iterable[Row]:
        """Every row that a statement of this transaction sees now."""
        table = self.storage.tables[name]
        own = self.changes.get(table)
        if not own:
            return table.rows.values()
        merged = {**table.rows, **own}
        return [row for row in merged.values() if row is not None]

    def newest(self, table: Table, row_id: int) -> Row | None:
        """The newest version of a row that this transaction has locked."""
        own = self.changes.get(table)
        if own is not None and row_id in own:
            return own[row_id]
        return table.rows.get(row_id)

    def write(self, table: Table, row_id: int, row: Row | None) -> None:
        """A new version of a locked row, seen by others after the commit."""
        self.changes.setdefault(table, {})[row_id] = row

    def find(self, table: Table, place: int, unique: Unique, key: Key) -> int | None:
        """The row that has this entry in a unique index: our own, else the committed one."""
        own = self.changes.get(table)
        if own:
            for row_id, row in own.items():
                if row is not None and unique.key(row) == key:
                    return row_id
        found = table.entries[place].get(key)
        return None if found is not None and own is not None and found in own else found

    def is_free(self, thing: object) -> bool:
        """Whether nobody else has locked it."""
        return self.storage.locks.get(thing, self) is self

    async def lock(self, thing: object) -> bool:
        """Locks a row or an entry; returns whether that had to be waited for. Raises ServerSays."""
        locks = self.storage.locks
        waited = False
        while True:
            holder = locks.get(thing)
            if holder is self:
                return waited
            if holder is None:
                locks[thing] = self
                self.locks.append(thing)
                return waited
            await self.wait(holder)
            waited = True

    async def wait(self, holder: Transaction) -> None:
        """Waits for another transaction's end. Raises ServerSays where it waits for us, or for too long."""
        follow: Transaction | None = holder
        while follow is not None:
            if follow is self:
                raise ServerSays(DEADLOCK, "deadlock detected")
            follow = follow.waits_for
        loop = asyncio.get_running_loop()
        freed = loop.create_future()
        holder.waiters.append(freed)
        self.waits_for = holder
        timeout = loop.call_later(LOCK_SECONDS, _too_long, freed)
        try:
            await freed
        finally:
            timeout.cancel()
            self.waits_for = None
        if self.ended:
            raise ServerSays("57P01", "terminated while waiting")

    def commit(self) -> None:
        """Everything at once."""
        for table, rows in self.changes.items():
            for row_id, row in rows.items():
                table.put(row_id, row)
        self._end()

    def rollback(self) -> None:
        """Nothing of it was."""
        self._end()

    def _end(self) -> None:
        if self.ended:
            return
        self.ended = True
        self.changes = {}
        self.storage.open.discard(self)
        for thing in self.locks:
            if self.storage.locks.get(thing) is self:
                del self.storage.locks[thing]
        waiters, self.waiters = self.waiters, []
        self.storage.rng.shuffle(waiters)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def new_row(table: Table, values: dict[str, Any]) -> Row:
    """A row that has a place in the table."""
    return {**values, ROW_ID: next(table.row_ids)}


def _too_long(freed: asyncio.Future[None]) -> None:
    if not freed.done():
        freed.set_exception(ServerSays(LOCK_TIMEOUT, "canceling statement due to lock timeout"))
