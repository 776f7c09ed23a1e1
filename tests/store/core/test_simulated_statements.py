"""The simulation's PostgreSQL against the real one: the core's statements, drawn at random, give the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store import tables
from shared.store.database import Database
from tests.faults.simulation.database import Server, Session
from tests.faults.simulation.loop import Loop
from tests.faults.simulation.postgres.schema import read_ddl
from tests.faults.simulation.postgres.select import complete
from tests.support.core_statements import NOW, Draw, Step

_STORE = Path(__file__).parents[3] / "shared" / "store"
_TABLES = ("outbox", "sequence", "lease", "inbox", "inbox_fact", "held", "copy", "timer", "audit", "idempotency")


async def outcome(connection: Any, step: Step) -> tuple[str, Any]:
    """Rows in a comparable form, or the code of the error. What has no ORDER BY is sorted."""
    statement, parameters = step
    try:
        result = await connection.execute(statement, parameters)
    except DBAPIError as error:
        return "error", getattr(error.orig, "sqlstate", None)
    if not result.returns_rows:
        return "count", result.rowcount
    rows = [tuple(_same(value) for value in row) for row in result]
    return "rows", rows if "ORDER BY" in statement.text and not statement.text.startswith("INSERT") else sorted(
        rows, key=repr
    )


def _same(value: Any) -> Any:
    # Instants that a server took from its own clock are only compared with null.
    if isinstance(value, datetime):
        return value.astimezone(UTC) if abs(value - NOW) < timedelta(days=3) else "its own clock"
    return bytes(value) if isinstance(value, memoryview) else value


async def contents(connection: Any) -> dict[str, list[Any]]:
    """Everything in the core's tables."""
    found = {}
    for name in _TABLES:
        columns = ", ".join(f'"{column.name}"' for column in tables.core.tables[name].columns)
        _, found[name] = await outcome(connection, (text(f'SELECT {columns} FROM "{name}"'), {}))
    return found


async def on_the_real_one(url: str, transactions: list[tuple[list[Step], bool]]) -> list[Any]:
    database = Database(url, "intake")
    try:
        async with database.engine.connect() as connection:
            return await _run(connection, transactions)
    finally:
        await database.close()


async def _run(connection: AsyncConnection | Session, transactions: list[tuple[list[Step], bool]]) -> list[Any]:
    outcomes: list[Any] = []
    for steps, commits in transactions:
        failed = False
        for step in steps:
            found = await outcome(connection, step)
            outcomes.append((step[0].text, found))
            if found[0] == "error":
                failed = True
                break
        await (connection.commit() if commits and not failed else connection.rollback())
        outcomes.append(await contents(connection))
        await connection.rollback()
    return outcomes


def in_memory(transactions: list[tuple[list[Step], bool]], seed: int, now: datetime) -> list[Any]:
    shapes = {
        shape.name: shape for shape in read_ddl("\n".join(f.read_text() for f in sorted(_STORE.glob("core_*.sql"))))
    }
    complete(shapes)
    loop = Loop(random.Random(seed))
    process = loop.process("test")
    server = Server(shapes, loop.rng, lambda: now)
    task = process.start(_run(Session(server, process, autocommit=False), transactions))
    loop.at(1e9, lambda: None)
    loop.run(1e8, task.done)
    assert not loop.trouble
    outcomes = task.result()
    loop.close()
    return outcomes


@pytest.mark.parametrize("seed", range(12))
def test_the_cores_statements_give_the_same_in_memory(database_of: Callable[[str], str], seed: int) -> None:
    draw = Draw(seed)
    transactions = [([draw.step() for _ in range(draw.rng.randint(1, 6))], draw.rng.random() < 0.85) for _ in range(25)]
    real = asyncio.run(on_the_real_one(database_of("intake"), transactions))
    simulated = in_memory(transactions, seed, datetime.now(UTC))
    for number, (wanted, given) in enumerate(zip(real, simulated, strict=True)):
        assert given == wanted, f"step {number} of seed {seed}"
