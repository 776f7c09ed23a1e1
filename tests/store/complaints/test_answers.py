"""What a callback's answer does to a ticket: close it, or open it again (CP-15, CP-18)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.complaints.tickets import commands
from shared.contracts.events.complaint_closed import ComplaintClosed
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.kernel import clock
from tests.store.complaints.builders import Company, answered, given_up

_RESOLVED = ["complaint-opened", "complaint-judged", "complaint-assigned", "complaint-progressed", "ticket-resolved"]


async def _last(company: Company, ticket_id: UUID) -> object:
    return (await company.published(ticket_id))[-1]


async def _superseded(company: Company) -> int:
    rows = await company.bench.rows("SELECT count(*) FROM audit WHERE action LIKE 'superseded%'")
    return int(rows[0])


@pytest.mark.parametrize("outcome", ["satisfied", "neutral"])
async def test_a_satisfied_or_neutral_answer_closes(company: Company, outcome: str) -> None:
    """CP-15."""
    ticket_id = await company.resolved()
    answer = company.numbered(answered(ticket_id, company.party, outcome))
    await company.again(answer, answer)
    assert await company.told(ticket_id) == [*_RESOLVED, "complaint-closed"]
    closed = await _last(company, ticket_id)
    assert isinstance(closed, ComplaintClosed)
    assert closed.reason == outcome
    assert closed.resolution_no == 1
    assert (await company.ticket(ticket_id)).state == "closed"


@pytest.mark.parametrize(
    ("why", "reason"), [("no-answer", "given-up"), ("refused", "given-up"), ("no-contact", "no-contact")]
)
async def test_a_callback_given_up_closes_with_its_reason(company: Company, why: str, reason: str) -> None:
    ticket_id = await company.resolved()
    event = company.numbered(given_up(ticket_id, company.party, why))
    await company.again(event, event)
    closed = await _last(company, ticket_id)
    assert isinstance(closed, ComplaintClosed)
    assert closed.reason == reason
    assert await company.told(ticket_id) == [*_RESOLVED, "complaint-closed"]


async def test_a_dissatisfied_answer_reopens_and_names_handler_and_supervisor(company: Company) -> None:
    """CP-18: the first time the handler goes on at once, and owes a solution again."""
    ticket_id = await company.resolved()
    answer = company.numbered(answered(ticket_id, company.party, "dissatisfied"))
    await company.again(answer, answer)
    assert await company.told(ticket_id) == [*_RESOLVED, "complaint-reopened"]
    reopened = await _last(company, ticket_id)
    assert isinstance(reopened, ComplaintReopened)
    assert (reopened.resolution_no, reopened.times_reopened) == (1, 1)
    assert reopened.handler_id == company.staff["chen"]
    assert reopened.supervisor_id == company.staff["sun"]
    assert (reopened.department_head_id, reopened.quality_ids) == (None, ())
    assert (await company.ticket(ticket_id)).state == "investigating"
    assert await company.bench.rows("SELECT round FROM deadline WHERE kind = 'solution' AND met_at IS NULL") == [1]


async def test_without_a_supervisor_the_departments_head_is_told(company: Company) -> None:
    await company.hire("sun", "agent")
    ticket_id = await company.resolved()
    await company.arrive(answered(ticket_id, company.party, "dissatisfied"))
    reopened = await _last(company, ticket_id)
    assert isinstance(reopened, ComplaintReopened)
    assert reopened.supervisor_id == company.staff["hana"]


async def _dissatisfied_twice(company: Company) -> UUID:
    ticket_id = await company.resolved()
    await company.arrive(answered(ticket_id, company.party, "dissatisfied"))
    await company.do(commands.resolve, ticket_id, reason="replaced the tap", by=company.staff["chen"])
    await company.arrive(answered(ticket_id, company.party, "dissatisfied", occasion=2))
    return ticket_id


async def test_a_second_dissatisfied_answer_goes_to_quality_and_the_departments_head(company: Company) -> None:
    """CP-18: they decide, so the ticket waits for them."""
    ticket_id = await _dissatisfied_twice(company)
    reopened = await _last(company, ticket_id)
    assert isinstance(reopened, ComplaintReopened)
    assert (reopened.resolution_no, reopened.times_reopened) == (2, 2)
    assert reopened.quality_ids == (company.staff["qiu"],)
    assert reopened.department_head_id == company.staff["hana"]
    assert (await company.ticket(ticket_id)).state == "reopened"


async def test_quality_may_have_it_investigated_again_and_the_handler_goes_on(company: Company) -> None:
    ticket_id = await _dissatisfied_twice(company)
    await company.do(commands.investigate, ticket_id, by=company.staff["qiu"])
    done = await company.do(commands.resolve, ticket_id, reason="new kitchen", by=company.staff["chen"])
    assert (done.state, done.resolution_no) == ("resolved", 3)


async def test_the_departments_head_may_close_it_as_not_agreed(company: Company) -> None:
    ticket_id = await _dissatisfied_twice(company)
    closed = await company.do(commands.close, ticket_id, reason="not-agreed", by=company.staff["hana"])
    assert (closed.state, closed.close_reason) == ("closed", "not-agreed")
    await company.arrive(answered(ticket_id, company.party, "dissatisfied", occasion=2))
    assert (await company.ticket(ticket_id)).state == "closed"


async def test_an_answer_to_another_resolution_is_superseded(company: Company) -> None:
    ticket_id = await company.resolved()
    await company.arrive(answered(ticket_id, company.party, "dissatisfied", occasion=2))
    await company.arrive(given_up(ticket_id, company.party, occasion=0))
    assert await company.told(ticket_id) == _RESOLVED
    assert await _superseded(company) == 2
    assert await company.bench.held_rows() == []


async def test_an_answer_to_a_ticket_that_is_worked_on_again_is_superseded(company: Company) -> None:
    ticket_id = await company.resolved()
    await company.do(commands.reopen, ticket_id, reason="called in", by=company.staff["chen"])
    for late in (answered(ticket_id, company.party, "satisfied"), answered(ticket_id, company.party, "dissatisfied")):
        await company.arrive(late)
    assert (await company.ticket(ticket_id)).times_reopened == 1
    assert await _superseded(company) == 2


async def test_a_late_dissatisfied_answer_inside_the_window_reopens_a_ticket_given_up(company: Company) -> None:
    """A late answer still counts."""
    ticket_id = await company.resolved()
    await company.arrive(given_up(ticket_id, company.party))
    await company.arrive(answered(ticket_id, company.party, "dissatisfied", at=clock.now() + timedelta(days=29)))
    ticket = await company.ticket(ticket_id)
    assert (ticket.state, ticket.close_reason, ticket.closed_at) == ("investigating", None, None)
    assert (await company.told(ticket_id))[-2:] == ["complaint-closed", "complaint-reopened"]


async def test_a_late_satisfied_answer_replaces_the_reason_and_tells_nobody_again(company: Company) -> None:
    ticket_id = await company.resolved()
    await company.arrive(given_up(ticket_id, company.party))
    before = await company.ticket(ticket_id)
    answer = company.numbered(answered(ticket_id, company.party, "satisfied"))
    await company.again(answer, answer)
    after = await company.ticket(ticket_id)
    assert (after.state, after.close_reason, after.version) == ("closed", "satisfied", before.version + 1)
    assert after.closed_at == before.closed_at
    assert await company.told(ticket_id) == [*_RESOLVED, "complaint-closed"]


async def test_a_second_friendly_answer_changes_nothing(company: Company) -> None:
    ticket_id = await company.resolved()
    await company.arrive(answered(ticket_id, company.party, "satisfied"))
    before = await company.ticket(ticket_id)
    await company.arrive(answered(ticket_id, company.party, "neutral"))
    assert await company.ticket(ticket_id) == before
    assert await _superseded(company) == 1


async def test_an_answer_after_the_window_is_superseded(company: Company) -> None:
    ticket_id = await company.resolved()
    await company.arrive(given_up(ticket_id, company.party))
    await company.arrive(answered(ticket_id, company.party, "dissatisfied", at=clock.now() + timedelta(days=31)))
    assert (await company.ticket(ticket_id)).state == "closed"
    assert await _superseded(company) == 1


async def test_a_callback_about_a_visit_is_none_of_our_business(company: Company) -> None:
    ticket_id = await company.resolved()
    about_visit = answered(ticket_id, company.party, "dissatisfied").model_copy(update={"subject_kind": "visit"})
    await company.arrive(about_visit)
    assert await company.told(ticket_id) == _RESOLVED


async def test_a_handler_who_is_gone_is_replaced_when_the_ticket_is_reopened(company: Company) -> None:
    ticket_id = await company.resolved()
    await company.hire("chen", "complaint-handler", active=False)
    dai = await company.hire("dai", "complaint-handler")
    await company.arrive(answered(ticket_id, company.party, "dissatisfied"))
    reopened = await _last(company, ticket_id)
    assert isinstance(reopened, ComplaintReopened)
    assert reopened.handler_id == dai
    assert (await company.ticket(ticket_id)).handler_id == dai
