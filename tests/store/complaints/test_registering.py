"""A report becomes a ticket."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from services.complaints.tickets import store
from services.complaints.tickets.registering import register
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.kernel.ids import derived_id, has_valid_check_digit
from shared.store.cause import Cause
from tests.store.complaints.builders import ADDRESS, Company
from tests.support.core import tombstone


async def test_a_report_opens_a_ticket_with_number_handler_and_deadlines(company: Company) -> None:
    """CP-01, KP-08, CB-05."""
    report = company.report()
    await company.arrive(report)
    ticket_id = derived_id("ticket", report.report_id)
    (opened,) = await company.published(ticket_id)
    assert isinstance(opened, ComplaintOpened)
    assert opened.report_id == report.report_id
    assert opened.message_id == report.message_id
    assert has_valid_check_digit(opened.number)
    assert opened.handler_id == company.staff["chen"]
    assert opened.department_id == company.department
    assert opened.first_reply_due == report.reported_at + timedelta(hours=24)
    assert opened.solution_due == report.reported_at + timedelta(hours=24)
    assert (await company.ticket(ticket_id)).state == "registered"
    assert await company.bench.rows("SELECT kind, count(*) FROM timer GROUP BY kind ORDER BY kind") == [
        ("deadline-due", 2),
        ("deadline-warn", 2),
    ]


async def test_a_report_told_twice_is_one_ticket(company: Company) -> None:
    """The same event again, and another event about the same report: the report's id is the natural key."""
    report = company.report()
    one = company.numbered(report)
    await company.again(one, one, company.numbered(report))
    assert await company.bench.rows("SELECT count(*) FROM ticket") == [1]
    assert await company.told(derived_id("ticket", report.report_id)) == ["complaint-opened"]
    assert await company.bench.held_rows() == []


async def test_the_database_itself_refuses_a_second_ticket_for_a_report(company: Company) -> None:
    """Two transactions at once: whoever comes second is rolled back, and its repetition finds the ticket."""
    report = company.report()
    gate = asyncio.Barrier(2)

    async def attempt() -> None:
        async with company.bench.database.transaction(Cause.of_person()) as uow:
            await gate.wait()
            await register(uow, report)
            await gate.wait()

    outcomes = await asyncio.gather(attempt(), attempt(), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["IntegrityError", "NoneType"]
    assert await company.bench.rows("SELECT count(*) FROM ticket") == [1]


async def test_the_complaints_words_lie_apart_and_in_no_event(company: Company) -> None:
    await company.complaint(subject="Dripping", text="the tap in 3 Rose Lane drips")
    assert await company.bench.rows("SELECT kind, subject, body, party_id FROM ticket_words") == [
        ("complaint", "Dripping", "the tap in 3 Rose Lane drips", company.party)
    ]
    (told,) = await company.bench.rows("SELECT convert_from(payload, 'UTF8') || headers::text FROM outbox")
    assert "Rose Lane" not in told
    assert "Dripping" not in told
    assert await company.bench.rows("SELECT about FROM outbox") == [[str(company.party), ADDRESS]]


async def test_a_written_complaint_with_a_phone_number_is_due_at_once(company: Company) -> None:
    """IN-07."""
    report = company.report(phone_present=True)
    await company.arrive(report)
    (opened,) = await company.published(derived_id("ticket", report.report_id))
    assert isinstance(opened, ComplaintOpened)
    assert opened.first_reply_due == report.reported_at + timedelta(minutes=30)


async def test_new_work_goes_to_the_highest_weight_per_open_ticket(company: Company) -> None:
    """CB-05: Chen with weight 1 and Dai with weight 2 share three tickets one to two."""
    await company.hire("dai", "complaint-handler", weight=2)
    for _ in range(3):
        await company.complaint()
    shares = dict(await company.bench.rows("SELECT handler_id, count(*) FROM ticket GROUP BY handler_id"))
    assert shares == {company.staff["chen"]: 1, company.staff["dai"]: 2}


async def test_resolved_tickets_do_not_count_as_open(company: Company) -> None:
    """CB-05."""
    await company.hire("dai", "complaint-handler", weight=0)
    await company.resolved()
    await company.resolved()
    await company.hire("dai", "complaint-handler", weight=1)
    tie = min(company.staff["chen"], company.staff["dai"])
    assert (await company.ticket(await company.complaint())).handler_id == tie


async def test_who_is_absent_or_has_left_gets_nothing_and_a_supervisor_steps_in(company: Company) -> None:
    now = clock.now()
    away = {"absent_from": now - timedelta(hours=1), "absent_until": now + timedelta(hours=1)}
    await company.hire("chen", "complaint-handler", **away)
    await company.hire("dai", "complaint-handler", active=False)
    assert (await company.ticket(await company.complaint())).handler_id == company.staff["sun"]


async def test_a_complaint_that_nobody_can_handle_is_opened_all_the_same(company: Company) -> None:
    for name in ("chen", "sun"):
        await company.hire(name, "agent")
    ticket_id = await company.complaint()
    (opened,) = await company.published(ticket_id)
    assert isinstance(opened, ComplaintOpened)
    assert opened.handler_id is None
    assert opened.department_id is None


async def test_a_report_about_an_unknown_party_is_held_until_the_party_comes(company: Company) -> None:
    stranger = UUID(int=7)
    ticket_id = await company.complaint(party_id=stranger)
    assert await company.told(ticket_id) == []
    await company.arrive(PartyChanged(party_id=stranger))
    await company.bench.held.run_due()
    assert await company.told(ticket_id) == ["complaint-opened"]


async def test_an_erased_partys_words_go_and_the_ticket_stays(company: Company) -> None:
    ticket_id = await company.complaint()
    await company.again(tombstone(PartyChanged, company.party, 99))
    assert await company.bench.rows("SELECT body FROM ticket_words") == []
    async with company.bench.database.transaction(Cause.of_person()) as uow:
        assert await store.words_about(uow, ticket_id) == []
    assert (await company.ticket(ticket_id)).address_id is None


async def test_a_report_of_an_erased_party_stores_nothing(company: Company) -> None:
    await company.again(tombstone(PartyChanged, company.party, 99))
    await company.complaint()
    assert await company.bench.rows("SELECT count(*) FROM ticket") == [0]
    assert await company.bench.rows("SELECT count(*) FROM ticket_words") == [0]
    assert await company.bench.held_rows() == []
