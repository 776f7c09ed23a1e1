"""Requests at a door share a commit: nothing acknowledged is lost, a repeat is told the first answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.channels.door import append_message
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.kernel.errors import Refused
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.group_commit import MAX_GROUP, Entry, GroupCommit
from shared.store.unit_of_work import UnitOfWork
from tests.store.intake.builders import message


class CountedDatabase(Database):
    """Counts its transactions, those of a single statement too."""

    transactions = 0

    @asynccontextmanager
    async def transaction(self, cause: Cause) -> AsyncIterator[UnitOfWork]:
        self.transactions += 1
        async with super().transaction(cause) as uow:
            yield uow

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        self.transactions += 1
        async with super().connection() as connection:
            yield connection


@pytest.fixture
async def database(database_of: Callable[[str], str]) -> AsyncIterator[CountedDatabase]:
    made = CountedDatabase(database_of("intake"), "intake")
    yield made
    await made.close()


def _entry(key: str | None = None, body: bytes = b"same", **changes: Any) -> Entry[ChannelMessageReceived]:
    event = message(**changes)
    scope = None if key is None else ("channel:web-form", "POST /channel-messages", key)
    return Entry(event, {"id": str(event.message_id)}, Cause(str(uuid4())), scope, body)


async def _stored(database: Database) -> set[str]:
    async with database.connection() as connection:
        rows = await connection.execute(text("SELECT id FROM channel_message"))
        messages = {str(id_) for (id_,) in rows}
        sent = await connection.execute(text("SELECT aggregateid FROM outbox"))
        assert sorted(messages) == sorted(key for (key,) in sent), "each row has exactly one event"
    return messages


async def test_requests_at_once_share_transactions_and_each_is_stored(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message)
    entries = [_entry(str(number)) for number in range(500)]
    answers = await asyncio.gather(*(door.submit(entry) for entry in entries))
    assert answers == [entry.answer for entry in entries]
    assert await _stored(database) == {answer["id"] for answer in answers}
    assert 500 / MAX_GROUP <= database.transactions <= 5


async def test_each_event_carries_its_own_requests_correlation_id(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message)
    entries = [_entry() for _ in range(3)]
    await asyncio.gather(*(door.submit(entry) for entry in entries))
    async with database.connection() as connection:
        rows = await connection.execute(text("SELECT aggregateid, headers->>'ce_correlationid' FROM outbox"))
        assert {tuple(row) for row in rows} == {
            (str(entry.item.message_id), entry.cause.correlation_id) for entry in entries
        }


async def test_a_row_that_the_database_refuses_takes_nobody_with_it(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message)
    taken = _entry()
    await door.submit(taken)
    bad = _entry(message_id=taken.item.message_id)
    good = [_entry(str(number)) for number in range(20)]
    entries = [*good[:10], bad, *good[10:]]
    outcomes = await asyncio.gather(*(door.submit(entry) for entry in entries), return_exceptions=True)
    assert isinstance(outcomes.pop(10), DBAPIError)
    assert outcomes == [entry.answer for entry in good]
    assert len(await _stored(database)) == 21


@pytest.mark.parametrize("together", [True, False])
async def test_a_repeat_gets_the_first_answer_and_stores_nothing(database: CountedDatabase, together: bool) -> None:
    door = GroupCommit(database, append_message)
    entries = [_entry("k") for _ in range(5)]
    if together:
        answers = await asyncio.gather(*(door.submit(entry) for entry in entries))
    else:
        answers = [await door.submit(entry) for entry in entries]
    assert answers == [entries[0].answer] * 5
    assert await _stored(database) == {entries[0].answer["id"]}


async def test_a_repeat_among_new_ones_takes_nobody_with_it(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message)
    first = _entry("k")
    await door.submit(first)
    entries = [*(_entry(str(number)) for number in range(3)), _entry("k"), _entry()]
    answers = await asyncio.gather(*(door.submit(entry) for entry in entries))
    assert answers == [first.answer if entry.scope and entry.scope[2] == "k" else entry.answer for entry in entries]
    assert await _stored(database) == {answer["id"] for answer in answers}


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_key_with_another_body_is_refused(database: CountedDatabase, together: bool) -> None:
    door = GroupCommit(database, append_message)
    first, other = _entry("k"), _entry("k", body=b"other")
    if together:
        outcomes = await asyncio.gather(door.submit(first), door.submit(other), return_exceptions=True)
    else:
        outcomes = [await door.submit(first)]
        with pytest.raises(Refused) as raised:
            await door.submit(other)
        outcomes.append(raised.value)
    assert outcomes[0] == first.answer
    assert isinstance(outcomes[1], Refused)
    assert (outcomes[1].code, outcomes[1].status) == ("idempotency-key-reused", 422)
    assert await _stored(database) == {first.answer["id"]}


async def test_a_repeat_at_another_process_waits_for_the_first_to_commit(database: CountedDatabase) -> None:
    """Two processes, one key: the second's insert waits on the first's row, then tells its answer."""
    first, repeat = _entry("k"), _entry("k")
    here, there = GroupCommit(database, append_message), GroupCommit(database, append_message)
    answers = await asyncio.gather(*(door.submit(entry) for door, entry in ((here, first), (there, repeat))))
    assert answers[0] == answers[1]
    assert len(await _stored(database)) == 1


async def test_a_group_claims_its_keys_in_one_order_so_that_two_never_wait_in_a_circle(
    database: CountedDatabase,
) -> None:
    """Another transaction holds `a`: a group of `b` and `a` waits for it without having taken `b`."""
    insert = text(
        "INSERT INTO idempotency (caller, path, key, body_hash, status, answer, created_at) "
        "VALUES ('channel:web-form', 'POST /channel-messages', :key, 'same', 202, '{}', now())"
    )
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    door = GroupCommit(database, append_message)
    async with database.engine.begin() as other:
        await other.execute(insert, {"key": "a"})
        group = [asyncio.create_task(door.submit(_entry(key))) for key in ("b", "a")]
        async with database.connection() as watching:
            while not (await watching.execute(waits)).scalar_one():
                await asyncio.sleep(0.01)
        await other.execute(text("SET LOCAL lock_timeout = '200ms'"))
        await other.execute(insert, {"key": "b"})
    assert await asyncio.gather(*group) == [{}, {}]
    assert await _stored(database) == set()


async def test_a_key_past_its_day_is_new_again(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message)
    await door.submit(_entry("k"))
    async with database.connection() as connection:
        await connection.execute(text("UPDATE idempotency SET created_at = created_at - interval '25 hours'"))
    again = _entry("k", body=b"other")
    assert await door.submit(again) == again.answer
    assert len(await _stored(database)) == 2


async def test_a_full_queue_says_so_and_what_was_let_in_is_stored(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message, capacity=3)
    outcomes = await asyncio.gather(*(door.submit(_entry()) for _ in range(10)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert {(refusal.code, refusal.status) for refusal in refused} == {("busy", 503)}
    assert len(refused) == 7
    assert len(await _stored(database)) == 3


async def test_a_caller_that_hangs_up_leaves_its_message_whole(database: CountedDatabase) -> None:
    door = GroupCommit(database, append_message)
    waiting = asyncio.create_task(door.submit(_entry()))
    await asyncio.sleep(0)
    waiting.cancel()
    other = await door.submit(_entry())
    stored = await _stored(database)
    assert len(stored) == 2
    assert other["id"] in stored


async def test_a_database_that_is_away_is_told_to_everybody_at_once(database: CountedDatabase) -> None:
    away = Database("postgresql://nobody:nothing@127.0.0.1:1/nothing", "intake")
    door = GroupCommit(away, append_message)
    outcomes = await asyncio.gather(*(door.submit(_entry()) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, DBAPIError) for outcome in outcomes)
    await away.close()
