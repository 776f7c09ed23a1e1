"""Lists that become arrays: whatever they hold, the store gives them back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import DataError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.store.database import Database

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.fixture
async def database(database_of: Callable[[str], str]) -> AsyncIterator[Database]:
    made = Database(database_of("intake"), "intake")
    yield made
    await made.close()


async def _back(database: Database, kind: str, values: list[Any]) -> list[Any]:
    async with database.connection() as connection:
        result = await connection.execute(text(f"SELECT CAST(:values AS {kind}[])"), {"values": values})
        back = result.scalar_one()
        assert isinstance(back, list)
        return back


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(TEXTS | st.sampled_from(["", "NULL", '"', "\\", "{}", ",", " ", '\\"', "a,b", "您好"])))
async def test_given_any_texts_when_sent_then_they_come_back(database: Database, texts: list[str]) -> None:
    """Quotes, braces, commas and the word NULL mean something in an array."""
    assert await _back(database, "text", texts) == texts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(st.binary() | st.none()))
async def test_given_any_bytes_when_sent_then_they_come_back(database: Database, values: list[bytes | None]) -> None:
    """A tombstone has no value; an empty value is not none."""
    assert await _back(database, "bytea", values) == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1)))
async def test_given_any_numbers_when_sent_then_they_come_back(database: Database, values: list[int]) -> None:
    """Of either sign, up to the ends of bigint."""
    assert await _back(database, "bigint", values) == values


async def test_given_other_kinds_when_sent_then_they_come_back(database: Database) -> None:
    """What has no short way goes psycopg's."""
    instants = [datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))), datetime(2025, 12, 31, tzinfo=UTC)]

    assert await _back(database, "timestamptz", instants) == instants
    assert await _back(database, "boolean", [True, False]) == [True, False]
    assert await _back(database, "text", ["a", None]) == ["a", None]


async def test_given_nul_when_sent_then_it_is_refused(database: Database) -> None:
    """PostgreSQL knows no NUL in texts; cut off at it, a text would be another one."""
    with pytest.raises((DataError, DBAPIError)):
        await _back(database, "text", ["a\0b", "c"])
