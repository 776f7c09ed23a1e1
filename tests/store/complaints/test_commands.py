"""What people may do with a ticket, and who."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.complaints.tickets import commands
from shared.contracts.events.complaint_assigned import ComplaintAssigned
from shared.contracts.events.complaint_judged import ComplaintJudged
from shared.contracts.events.ticket_resolved import TicketResolved
from shared.kernel.errors import NotFound, Refused
from tests.store.complaints.builders import ADDRESS, Company

_COMMANDS: list[tuple[Any, dict[str, Any]]] = [
    (commands.judge, {"valid": True}),
    (commands.explain, {"explanation": "worn out by use"}),
    (commands.assign, {}),
    (commands.investigate, {}),
    (commands.resolve, {"reason": "replaced the seal"}),
    (commands.reopen, {"reason": "drips again"}),
    (commands.close, {"reason": "explained"}),
]


async def _refused(company: Company, code: str, command: Any, ticket_id: UUID, **values: Any) -> Refused:
    before, told = await company.ticket(ticket_id), await company.told(ticket_id)
    with pytest.raises(Refused) as caught:
        await company.do(command, ticket_id, **values)
    assert caught.value.code == code
    assert await company.ticket(ticket_id) == before
    assert await company.told(ticket_id) == told
    return caught.value


async def test_a_handler_carries_a_complaint_from_judging_to_resolution(company: Company) -> None:
    """CP-02, CP-03, CP-15."""
    ticket_id = await company.complaint(customer_class="vip", member=True)
    chen, department = company.staff["chen"], company.department
    judged = await company.do(
        commands.judge, ticket_id, valid=True, severity="major", responsible_department_id=department, by=chen
    )
    assert (judged.state, judged.judged_by) == ("valid", chen)
    assert (await company.do(commands.assign, ticket_id, by=chen)).state == "assigned"
    going_on = await company.do(commands.investigate, ticket_id, findings="the seal is worn", by=chen)
    assert going_on.state == "investigating"
    await company.do(commands.resolve, ticket_id, reason="replaced the seal", by=chen)

    opened, judged_, assigned, progressed, resolved = await company.published(ticket_id)
    assert [opened.type, progressed.type] == ["complaint-opened", "complaint-progressed"]
    assert isinstance(judged_, ComplaintJudged)
    assert (judged_.valid, judged_.judged_by, judged_.address_id) == (True, chen, ADDRESS)
    assert isinstance(assigned, ComplaintAssigned)
    assert (assigned.handler_id, assigned.department_id, assigned.assigned_by) == (chen, department, chen)
    assert isinstance(resolved, TicketResolved)
    assert (resolved.resolution_no, resolved.outcome, resolved.major) == (1, "simple", True)
    assert (resolved.handled_by, resolved.responsible_department_id) == (chen, department)
    assert (resolved.customer_class, resolved.member) == ("vip", True)
    words = await company.bench.rows("SELECT kind, body FROM ticket_words ORDER BY written_at")
    assert words == [
        ("complaint", "the tap drips"),
        ("findings", "the seal is worn"),
        ("resolution", "replaced the seal"),
    ]


async def test_a_complaint_that_is_not_valid_is_explained_and_closed(company: Company) -> None:
    """CP-02, CP-14."""
    ticket_id, chen = await company.complaint(), company.staff["chen"]
    await _refused(company, "reason-missing", commands.judge, ticket_id, valid=False, by=chen)
    await company.do(commands.judge, ticket_id, valid=False, reason="not our tap", by=chen)
    await company.do(commands.explain, ticket_id, explanation="made by others", by=chen)
    closed = await company.do(commands.close, ticket_id, reason="explained", by=chen)
    assert (closed.state, closed.close_reason) == ("closed", "explained")
    assert (await company.told(ticket_id))[1:] == ["complaint-judged", "complaint-progressed", "complaint-closed"]
    assert await company.bench.rows("SELECT count(*) FROM deadline WHERE met_at IS NULL") == [0]
    assert await company.bench.rows("SELECT count(*) FROM timer WHERE fired_at IS NULL") == [0]
    again = await _refused(company, "ticket-state", commands.reopen, ticket_id, reason="no", by=chen)
    assert again.status == 409


async def test_a_command_that_the_state_forbids_changes_nothing_and_names_what_is_allowed(company: Company) -> None:
    """Walked with every command on a fresh and on a resolved ticket."""
    sun = company.staff["sun"]
    fresh, resolved = await company.complaint(), await company.resolved()
    for ticket_id, state, allowed in (
        (fresh, "registered", {"judge", "assign"}),
        (resolved, "resolved", {"reopen", "close"}),
    ):
        for command, values in _COMMANDS:
            if command.__name__ not in allowed:
                refusal = await _refused(company, "ticket-state", command, ticket_id, by=sun, **values)
                assert refusal.expected == f"in state {state}: {', '.join(sorted(allowed))}"


async def test_who_is_complained_about_can_do_nothing_with_the_ticket(company: Company) -> None:
    """Separation of duties, also for a supervisor."""
    ticket_id, sun, chen = await company.complaint(), company.staff["sun"], company.staff["chen"]
    await company.do(commands.judge, ticket_id, valid=True, accused_ids=[sun], by=chen)
    for command, values in _COMMANDS:
        refusal = await _refused(company, "ticket-accused", command, ticket_id, by=sun, **values)
        assert refusal.status == 403


async def test_a_handler_who_turns_out_to_be_complained_about_loses_the_ticket(company: Company) -> None:
    """CP-03: and never gets it back by choice or by name."""
    ticket_id, sun, chen = await company.complaint(), company.staff["sun"], company.staff["chen"]
    await company.do(commands.judge, ticket_id, valid=True, accused_ids=[chen], by=sun)
    assert (await company.ticket(ticket_id)).handler_id == sun
    assigned = (await company.published(ticket_id))[-1]
    assert isinstance(assigned, ComplaintAssigned)
    assert assigned.handler_id == sun
    await _refused(company, "handler-unsuitable", commands.assign, ticket_id, handler_id=chen, by=sun)


async def test_nobody_accuses_themself_and_decides_on(company: Company) -> None:
    ticket_id, chen = await company.complaint(), company.staff["chen"]
    await _refused(company, "ticket-accused", commands.judge, ticket_id, valid=True, accused_ids=[chen], by=chen)


async def test_a_colleague_without_a_say_is_refused_and_the_absent_handlers_substitute_is_not(company: Company) -> None:
    dai = await company.hire("dai", "complaint-handler", weight=0)
    ticket_id = await company.complaint()
    await _refused(company, "ticket-not-yours", commands.judge, ticket_id, valid=True, by=dai)
    await company.hire("chen", "complaint-handler", absent_from="2026-01-01T00:00:00Z", substitute_id=dai)
    assert (await company.do(commands.judge, ticket_id, valid=True, by=dai)).state == "valid"


async def test_a_handler_cannot_end_the_asking_about_the_own_resolution(company: Company) -> None:
    """CP-15: closing without an answer is a supervisor's."""
    ticket_id = await company.resolved()
    await _refused(
        company, "ticket-not-yours", commands.close, ticket_id, reason="no-contact", by=company.staff["chen"]
    )
    closed = await company.do(commands.close, ticket_id, reason="no-contact", by=company.staff["sun"])
    assert closed.close_reason == "no-contact"


async def test_each_state_has_its_own_reason_to_close(company: Company) -> None:
    ticket_id = await company.resolved()
    refusal = await _refused(
        company, "close-reason", commands.close, ticket_id, reason="not-agreed", by=company.staff["sun"]
    )
    assert refusal.expected == "in state resolved: no-contact"


async def test_an_unassigned_ticket_is_given_to_somebody_by_name_or_by_choice(company: Company) -> None:
    for name in ("chen", "sun"):
        await company.hire(name, "agent")
    first, second = await company.complaint(), await company.complaint()
    head = {"by": company.staff["hana"]}
    await _refused(company, "nobody-to-assign", commands.assign, first, **head)
    chen = await company.hire("chen", "complaint-handler")
    for ticket_id, named in ((first, {"handler_id": chen}), (second, {})):
        assigned = await company.do(commands.assign, ticket_id, **named, **head)
        assert (assigned.state, assigned.handler_id) == ("registered", chen)


async def test_names_that_are_not_here_are_refused(company: Company) -> None:
    ticket_id, chen = await company.complaint(), company.staff["chen"]
    judge = {"valid": True, "by": chen}
    await _refused(company, "category-unknown", commands.judge, ticket_id, category="nonsense", **judge)
    await _refused(company, "department-unknown", commands.judge, ticket_id, responsible_department_id=uuid4(), **judge)
    await _refused(company, "staff-unknown", commands.judge, ticket_id, accused_ids=[uuid4()], **judge)
    await _refused(company, "handler-unsuitable", commands.assign, ticket_id, handler_id=uuid4(), by=chen)
    with pytest.raises(NotFound):
        await company.do(commands.judge, uuid4(), **judge)


async def test_only_quality_and_the_head_decide_after_a_second_reopening(company: Company) -> None:
    """CP-18."""
    ticket_id, chen, sun = await company.resolved(), company.staff["chen"], company.staff["sun"]
    await company.do(commands.reopen, ticket_id, reason="drips", by=chen)
    await company.do(commands.resolve, ticket_id, reason="replaced", by=chen)
    await company.do(commands.reopen, ticket_id, reason="drips still", by=chen)
    for other in (chen, sun):
        await _refused(company, "ticket-not-yours", commands.investigate, ticket_id, by=other)
        await _refused(company, "ticket-not-yours", commands.close, ticket_id, reason="not-agreed", by=other)
    assert (await company.do(commands.investigate, ticket_id, by=company.staff["hana"])).state == "investigating"


async def test_every_change_raises_the_version_and_is_audited(company: Company) -> None:
    ticket_id = await company.resolved()
    assert (await company.ticket(ticket_id)).version == 5
    actions = await company.bench.rows(
        "SELECT action FROM audit WHERE subject_kind = 'ticket' AND subject_id = :id ORDER BY id", id=str(ticket_id)
    )
    assert actions == ["opened", "judged", "assigned", "investigated", "resolved"]
