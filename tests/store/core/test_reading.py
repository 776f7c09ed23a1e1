"""Units of work that only read, and commands that ask for each copy once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import event, text

from shared.messaging import copies
from shared.store.cause import Cause
from shared.store.database import Database


@pytest.fixture
async def database(database_of: Callable[[str], str]) -> AsyncIterator[Database]:
    """intake's, empty."""
    made = Database(database_of("intake"), "intake", pool_size=1)
    yield made
    await made.close()


async def test_a_unit_of_work_that_reads_refuses_to_write(database: Database) -> None:
    with pytest.raises(RuntimeError, match="only reads"):
        async with database.reading(Cause.of_person()) as uow:
            uow.audit("somebody", "look", "visit", "1")
    async with database.reading(Cause.of_person()) as uow:
        assert (await uow.execute(text("SELECT count(*) FROM audit"))).scalar_one() == 0


@pytest.mark.parametrize(("kept", "times"), [(True, 1), (False, 3)])
async def test_a_command_asks_for_a_copy_once_and_others_each_time(database: Database, kept: bool, times: int) -> None:
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    async with database.transaction(Cause.of_person()) as uow:
        if kept:
            copies.keep(uow)
        assert [await copies.get(uow, "staff", "nobody") for _ in range(3)] == [None] * 3
    assert sum("FROM copy" in statement for statement in asked) == times
