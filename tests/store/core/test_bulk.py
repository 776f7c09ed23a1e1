"""Many rows in one statement: whatever a value holds, the store gives it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from shared.store import tables
from shared.store.bulk import insert_rows, update_rows
from shared.store.database import Database

VALUES: list[Any] = [
    {"words": 'a "quoted" one, a back\\slash, {braces}, a, comma'},
    {"words": "您好，€ 🙂 \n\t"},
    {"NULL": None, "list": ["NULL", '\\"', "\\\\"]},
    {},
    [],
    ["", "x"],
]


@pytest.fixture
async def database(database_of: Callable[[str], str]) -> AsyncIterator[Database]:
    made = Database(database_of("intake"), "intake")
    yield made
    await made.close()


async def test_given_any_json_when_inserted_in_bulk_then_it_reads_back_the_same(database: Database) -> None:
    """Quotes and backslashes pass two kinds of quoting: JSON's and an array's."""
    audit, at = tables.audit, datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"at": at, "actor": "a", "action": "b", "subject_kind": "c", "subject_id": str(number), "detail": value}
        for number, value in enumerate(VALUES)
    ]

    async with database.engine.begin() as connection:
        await insert_rows(connection, audit, rows)
        stored = await connection.execute(select(audit.c.detail).order_by(audit.c.id))

    assert list(stored.scalars()) == VALUES


async def test_given_no_json_when_inserted_in_bulk_then_there_is_none(database: Database) -> None:
    """None is no value at all, not JSON's null."""
    copy, at = tables.copy, datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"topic": "t", "key": key, "source": "s", "sequence": 1, "gone": body is None, "body": body, "changed_at": at}
        for key, body in (("a", None), ("b", {"x": 1}))
    ]

    async with database.engine.begin() as connection:
        await insert_rows(connection, copy, rows)
        stored = await connection.execute(select(copy.c.key, copy.c.body.is_(None)).order_by(copy.c.key))

    assert [tuple(row) for row in stored] == [("a", True), ("b", False)]


async def test_given_rows_when_updated_in_bulk_then_these_columns_of_them_change(database: Database) -> None:
    """The rest of a row, and the rows that are not named, stay as they were."""
    timer, at = tables.timer, datetime(2026, 1, 1, tzinfo=UTC)
    common = {"due": at, "data": {}, "correlation_id": "c", "hops": 0, "tries": 0, "next_try": at}

    async with database.engine.begin() as connection:
        await insert_rows(connection, timer, [{"kind": "k", "subject": subject, **common} for subject in "abc"])
        ids = list((await connection.execute(select(timer.c.id).order_by(timer.c.subject))).scalars())
        changes = [{"id": ids[0], "tries": 1, "data": VALUES[0]}, {"id": ids[2], "tries": 3, "data": VALUES[1]}]
        await update_rows(connection, timer, changes)
        columns = (timer.c.subject, timer.c.tries, timer.c.data)
        stored = await connection.execute(select(*columns).order_by(timer.c.id))

    assert [tuple(row) for row in stored] == [("a", 1, VALUES[0]), ("b", 0, {}), ("c", 3, VALUES[1])]
