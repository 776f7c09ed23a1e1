"""What operators see of outboxes and held events, and what they may do."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.kernel import clock
from shared.messaging import held_acts, held_admin
from shared.messaging.held_admin import Choice
from shared.store import tables
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

_PRIVATE = "+8613912345678"


@pytest.fixture
async def database(database_of: Callable[[str], str]) -> AsyncIterator[Database]:
    made = Database(database_of("complaints"), "complaints")
    yield made
    await made.close()


def hold(uow: UnitOfWork, state: str, sequence: int) -> None:
    uow.insert(
        tables.held,
        consumer="frontdesk-complaints",
        source="/services/intake",
        topic="reports",
        key="k",
        sequence=sequence,
        event_id=str(uuid4()),
        type="complaint-reported",
        partition=0,
        offset=sequence,
        record_key=b"k",
        value=json.dumps({"text": _PRIVATE, "count": 3, "tags": ["a"]}).encode(),
        headers={},
        about=[],
        needs=[],
        state=state,
        reason="ValueError",
        tries=9,
        next_try=None,
        code_version="dev",
        held_at=uow.now,
    )


async def test_given_held_events_when_listed_then_the_state_chooses(database: Database) -> None:
    async with database.transaction(Cause.of_person()) as uow:
        for sequence, state in enumerate(("waiting", "failed", "refused", "dead"), 1):
            hold(uow, state, sequence)

    async with database.transaction(Cause.of_person()) as uow:
        every = await held_admin.list_held(uow)
        dead = await held_admin.list_held(uow, Choice(state="dead"))
        chosen = await held_admin.list_held(uow, Choice(topic="reports", reason="ValueError", limit=2))
        others = [
            await held_admin.list_held(uow, choice)
            for choice in (Choice(topic="tickets"), Choice(reason="Value"), Choice(ids=()))
        ]
        standing = await held_admin.standing(uow)

    assert [row.state for row in every] == ["waiting", "failed", "refused", "dead"]
    assert [row.sequence for row in dead] == [4]
    assert [row.sequence for row in chosen] == [1, 2]
    assert others == [[], [], []]
    assert (standing.held, standing.dead, standing.unpublished, standing.oldest) == (4, 1, 0, None)


async def test_given_a_held_event_when_shown_then_nothing_that_a_person_wrote_is_told(database: Database) -> None:
    async with database.transaction(Cause.of_person()) as uow:
        hold(uow, "dead", 1)

    async with database.transaction(Cause.of_person()) as uow:
        (row,) = await held_admin.list_held(uow)
        shown = await held_admin.show_held(uow, row.id)
        nothing = await held_admin.show_held(uow, row.id + 1)

    assert shown is not None
    assert shown["value"] == {"text": f"•••({len(_PRIVATE)})", "count": 3, "tags": ["•••(1)"]}
    assert _PRIVATE not in str(shown)
    assert nothing is None


@pytest.mark.parametrize(
    ("state", "then"), [("dead", "failed"), ("refused", "failed"), ("failed", "failed"), ("waiting", "waiting")]
)
async def test_given_a_held_event_when_retried_then_it_is_due_now_and_recorded(
    database: Database, state: str, then: str
) -> None:
    async with database.transaction(Cause.of_person()) as uow:
        hold(uow, state, 1)
    async with database.transaction(Cause.of_person()) as uow:
        (row,) = await held_admin.list_held(uow)

        done = await held_acts.retry(uow, Choice(ids=(row.id, row.id + 1)), by="operator")

    async with database.transaction(Cause.of_person()) as uow:
        (after,) = await held_admin.list_held(uow)
        audited = (await uow.execute(tables.audit.select())).one()

    assert [(act.id, act.refused) for act in done] == [(row.id, None)]
    assert after.state == then
    assert after.next_try is not None
    assert after.next_try <= clock.now()
    assert (audited.actor, audited.action, audited.subject_id) == ("operator", "held-retry", "k")


async def test_an_export_holds_the_bytes_as_they_came_and_is_recorded(database: Database) -> None:
    async with database.transaction(Cause.of_person()) as uow:
        for sequence in range(1, 46):  # more than one page
            hold(uow, "dead", sequence)
    lines: list[dict[str, Any]] = []

    async with database.transaction(Cause.of_person()) as uow:
        count = await held_admin.export_held(uow, Choice(state="dead", limit=43), lines.append, by="ann")

    async with database.transaction(Cause.of_person()) as uow:
        audited = (await uow.execute(tables.audit.select().order_by(tables.audit.c.id))).all()
    assert count == 43
    assert [line["sequence"] for line in lines] == list(range(1, 44))
    assert _PRIVATE in base64.b64decode(lines[0]["value"]).decode()
    assert base64.b64decode(lines[0]["record_key"]) == b"k"
    assert [(row.actor, row.action, row.detail["held_id"]) for row in audited] == [
        ("ann", "held-exported", line["id"]) for line in lines
    ]


async def test_given_unpublished_rows_when_asked_then_the_oldest_age_and_the_stuck_are_told(
    database: Database,
) -> None:
    async with database.transaction(Cause.of_person()) as uow:
        for number, stuck in ((1, None), (2, "MessageSizeTooLargeError")):
            uow.insert(
                tables.outbox,
                id=str(uuid4()),
                aggregatetype="tickets",
                aggregateid="t",
                type="complaint-opened",
                payload=b"{}",
                headers={},
                sequence=number,
                about=[],
                created_at=uow.now - timedelta(seconds=90),
                stuck_reason=stuck,
            )

    async with database.transaction(Cause.of_person()) as uow:
        standing = await held_admin.standing(uow)
        rows = await held_admin.list_unpublished(uow)

    assert standing.oldest is not None
    assert standing.oldest >= 89
    assert (standing.unpublished, standing.stuck) == (2, 1)
    assert [(row.sequence, row.stuck_reason) for row in rows] == [(1, None), (2, "MessageSizeTooLargeError")]
