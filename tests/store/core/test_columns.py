"""Columns of a bulk insert: whatever they hold, the store gives it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import DataError
from sqlalchemy import BigInteger, Boolean, DateTime, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from shared.store.columns import Column, write_for
from shared.store.database import Database

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(
    ["", "NULL", '"', "\\", "{}", ",", " ", '\\"', "a,b", "您好"]
)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zones itself
KINDS: dict[TypeEngine[Any], st.SearchStrategy[Any]] = {
    Text(): _TEXTS,
    LargeBinary(): st.binary(),
    Uuid(): st.uuids(),
    Integer(): st.integers(-(2**31), 2**31 - 1),
    BigInteger(): st.integers(-(2**63), 2**63 - 1),
    Boolean(): st.booleans(),
    DateTime(timezone=True): st.datetimes(_FIRST, _LAST, timezones=_ZONES),
    JSONB(): st.dictionaries(_TEXTS, _TEXTS | st.none() | st.booleans()),
}
"""Every type that our tables have, and what may be in its columns."""


@pytest.fixture
async def database(database_of: Callable[[str], str]) -> AsyncIterator[Database]:
    made = Database(database_of("intake"), "intake")
    yield made
    await made.close()


async def _back(database: Database, kind: TypeEngine[Any], values: list[Any]) -> list[Any]:
    write = write_for(kind)
    assert write is not None
    name = kind.compile(postgresql.dialect())
    async with database.connection() as connection:
        statement = text(
            f"SELECT value FROM unnest(CAST(:values AS {name}[])) WITH ORDINALITY AS t (value, n) ORDER BY n"
        )
        return list((await connection.execute(statement, {"values": Column(values, write)})).scalars())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=st.data())
async def test_given_any_values_when_sent_then_they_come_back(
    database: Database, kind: TypeEngine[Any], data: st.DataObject
) -> None:
    """Quotes, braces, commas and the word NULL mean something in an array; None is none of them."""
    values = data.draw(st.lists(KINDS[kind] | st.none()))

    assert await _back(database, kind, values) == values


async def test_given_nul_when_sent_then_it_is_refused(database: Database) -> None:
    """libpq ends a text at it: what is stored would be another one."""
    with pytest.raises((DataError, DBAPIError)):
        await _back(database, Text(), ["a\0b", "c"])


def test_a_column_of_another_type_is_left_to_psycopg() -> None:
    assert write_for(postgresql.INTERVAL()) is None
