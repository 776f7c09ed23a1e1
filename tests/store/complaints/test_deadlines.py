"""Deadlines are marked when they approach and when they are missed, once, and only while nothing has met them."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.complaints.deadlines import store as deadline_store
from services.complaints.deadlines.model import Deadline
from services.complaints.settings import settings
from services.complaints.tickets import commands
from shared.messaging.timers import Timers
from shared.store.cause import Cause
from tests.store.complaints.builders import Company

_DUE_AT_ONCE = {"FRONTDESK_COMPLAINTS_FIRST_REPLY": "PT0.001S", "FRONTDESK_COMPLAINTS_SOLUTION": "PT0.001S"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch):
    """Replies and solutions are due a millisecond after the report."""
    for name, value in _DUE_AT_ONCE.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def _fire(company: Company) -> None:
    timers = Timers(company.bench.service, company.bench.database)
    while await timers.fire_due():
        pass


async def _deadlines(company: Company, ticket_id: UUID) -> dict[str, Deadline]:
    async with company.bench.database.transaction(Cause.of_person()) as uow:
        found = (await deadline_store.of_tickets(uow, [ticket_id]))[ticket_id]
    return {f"{one.kind}/{one.round}": one for one in found}


async def _audited(company: Company) -> list[str]:
    return await company.bench.rows("SELECT action FROM audit WHERE actor = 'clock' ORDER BY action")


async def test_a_deadline_that_nothing_meets_is_warned_of_and_missed(hurried: None, company: Company) -> None:
    """KP-08."""
    ticket_id = await company.complaint()
    await _fire(company)
    await _fire(company)
    for one in (await _deadlines(company, ticket_id)).values():
        assert one.warned_at is not None
        assert one.missed_at is not None
        assert one.met_at is None
    assert await _audited(company) == ["deadline-approaching"] * 2 + ["deadline-missed"] * 2


async def test_judging_is_the_first_reply_and_resolving_the_solution(company: Company) -> None:
    """KP-08."""
    ticket_id = await company.complaint()
    await company.do(commands.judge, ticket_id, valid=True, by=company.staff["chen"])
    now = await _deadlines(company, ticket_id)
    assert now["first-reply/0"].met_at is not None
    assert now["solution/0"].met_at is None
    assert await company.bench.rows("SELECT count(*) FROM timer WHERE fired_at IS NULL") == [2]

    ticket_id = await company.resolved()
    assert all(one.met_at for one in (await _deadlines(company, ticket_id)).values())


async def test_what_was_met_is_not_missed_by_a_timer_that_comes_late(hurried: None, company: Company) -> None:
    ticket_id = await company.resolved()
    await company.bench.rows(
        "INSERT INTO timer (kind, subject, due, correlation_id, hops, next_try) "
        "SELECT 'deadline-due', id::text, due_at, 'c', 0, now() FROM deadline"
    )
    await _fire(company)
    assert all(one.missed_at is None for one in (await _deadlines(company, ticket_id)).values())
    assert await _audited(company) == []


async def test_what_comes_after_the_deadline_meets_it_late_and_it_stays_missed(hurried: None, company: Company) -> None:
    ticket_id = await company.complaint()
    await _fire(company)
    await company.do(commands.judge, ticket_id, valid=True, by=company.staff["chen"])
    reply = (await _deadlines(company, ticket_id))["first-reply/0"]
    assert reply.missed_at is not None
    assert reply.met_at is not None


async def test_a_repair_gets_three_working_days_from_its_report_not_from_its_classifying(company: Company) -> None:
    """CP-10: an edit gives nobody time anew."""
    ticket_id = await company.complaint()
    before = (await _deadlines(company, ticket_id))["solution/0"]
    await company.do(commands.judge, ticket_id, valid=True, category="repair", by=company.staff["chen"])
    after = (await _deadlines(company, ticket_id))["solution/0"]
    assert after.policy == "repair"
    assert after.started_at == before.started_at
    assert after.due_at > before.due_at
    assert (after.due_at, after.warn_at) in [
        tuple(await company.bench.rows(
            "SELECT due FROM timer WHERE subject = :id AND fired_at IS NULL ORDER BY kind", id=str(after.id)
        ))
    ]  # fmt: skip
