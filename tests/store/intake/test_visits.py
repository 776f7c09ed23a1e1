"""A visit's way: asked for, decided, moved, received, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from services.intake.visits import approving, receiving, requesting, store
from services.intake.visits.model import Visit
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_closed import VisitClosed
from shared.contracts.events.visit_departed import VisitDeparted
from shared.contracts.events.visit_requested import VisitRequested
from shared.contracts.events.visit_task_due import VisitTaskDue
from shared.kernel import clock
from shared.kernel.errors import Refused
from tests.store.intake.builders import DEPARTMENTS, STAFF, House, claim, wish

_DAY = timedelta(days=1)


async def _decide(house: House, visit: Visit, decision: str, by: str = "hana", **more: Any) -> Visit:
    values = {"revision": visit.revision, "by": house.staff[by], **more}
    decided = await house.do(approving.decide, visit.id, decision, **values)
    assert isinstance(decided, Visit)
    return decided


async def _arrived(house: House, **changes: Any) -> Visit:
    visit = await _decide(house, await house.ask(**changes), "approved")
    await house.do(receiving.confirm, visit.id, by=house.staff["tom"])
    here = await house.do(receiving.arrive, visit.id, by=house.staff["rita"], permitted=True)
    assert isinstance(here, Visit)
    return here


async def _refused(house: House, code: str, command: Any, *values: Any, **named: Any) -> Refused:
    before = await house.told("visits")
    with pytest.raises(Refused) as refused:
        await house.do(command, *values, **named)
    assert refused.value.code == code
    assert await house.told("visits") == before
    return refused.value


async def test_the_whole_way_of_a_visit(house: House) -> None:
    """VR-01, VR-02: level, plan and settlement are left out, because the template has none."""
    visit = await _arrived(house)
    left = await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    assert left.home_arrival == left.departed_at + timedelta(hours=4)
    await house.arrive(_completed(left))
    assert (await house.visit(visit.id)).state == "closed"
    assert await house.told("visits") == [
        "visit-requested",
        "visit-approval-requested",
        "visit-approval-decided",
        "visit-approved",
        "visit-progressed",
        "visitor-arrived",
        "visit-departed",
        "visit-closed",
    ]
    closed = (await house.published("visits"))[-1]
    assert isinstance(closed, VisitClosed)
    assert closed.requester_id == house.staff["amy"]
    assert await house.timers() == {}


async def test_only_a_guest_who_asked_is_said_to_have_asked(house: House) -> None:
    await house.ask()
    await house.ask(requester=None)
    ours, theirs = [event for event in await house.published("visits") if isinstance(event, VisitRequested)]
    assert (ours.asked_by_guest, ours.requester_id) == (False, house.staff["amy"])
    assert (theirs.asked_by_guest, theirs.requester_id) == (True, None)


async def _approver(house: House, **asked: Any) -> VisitApprovalRequested:
    await house.ask(**asked)
    requested = (await house.published("visits"))[-1]
    assert isinstance(requested, VisitApprovalRequested)
    return requested


async def test_the_head_of_the_hosts_department_is_asked(house: House) -> None:
    """AP-01."""
    requested = await _approver(house)
    assert (requested.approver_id, requested.acting_for) == (house.staff["hana"], None)


async def test_nobody_approves_their_own_request_the_next_manager_up_does(house: House) -> None:
    """AP-07."""
    requested = await _approver(house, requester="hana")
    assert requested.approver_id == house.staff["gina"]
    visit = await house.visit(requested.visit_id)
    await _refused(house, "own-request", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"])


async def test_a_substitute_acts_for_an_absent_approver_and_the_record_says_so(house: House) -> None:
    await _hana_goes_away(house)
    requested = await _approver(house)
    assert (requested.approver_id, requested.acting_for) == tuple(house.ids(["sid", "hana"]))
    visit = await house.visit(requested.visit_id)
    await _decide(house, visit, "approved", by="sid")
    (approval,) = await house.do(store.approvals, visit.id)
    assert (approval.decided_by, approval.acting_for) == tuple(house.ids(["sid", "hana"]))


async def test_a_substitute_who_asked_does_not_decide_either(house: House) -> None:
    await _hana_goes_away(house)
    assert (await _approver(house, requester="sid")).approver_id == house.staff["gina"]


async def test_who_becomes_absent_later_is_stood_in_for_and_may_decide_when_back(house: House) -> None:
    visit = await house.ask()
    await _refused(house, "not-the-approver", approving.decide, visit.id, "approved", revision=1, by=house.staff["sid"])
    await _hana_goes_away(house)
    assert (await _decide(house, visit, "approved", by="sid")).state == "approved"


async def test_who_is_at_the_top_and_asks_leaves_nobody_to_decide(house: House) -> None:
    await _refused(
        house,
        "no-approver",
        requesting.request,
        wish(),
        kind="business",
        guest=claim("Wang Wei", vouched=True),
        host_id=house.staff["amy"],
        zone=None,
        requester_id=house.staff["gina"],
    )
    assert await house.bench.rows("SELECT count(*) FROM visit") == [0]


async def test_a_decision_is_about_exactly_the_revision_that_was_seen(house: House) -> None:
    visit = await house.ask()
    await _refused(house, "visit-revision", approving.decide, visit.id, "approved", revision=2, by=house.staff["hana"])


async def test_a_decided_approval_and_its_snapshot_never_change(house: House) -> None:
    visit = await _decide(house, await house.ask(), "approved")
    (approval,) = await house.do(store.approvals, visit.id)
    assert approval.snapshot["arrival"] == visit.arrival.isoformat()
    for change in ("UPDATE visit_approval SET state = 'rejected'", "DELETE FROM visit_approval"):
        with pytest.raises(DBAPIError):
            await house.bench.rows(change)


async def test_a_returned_request_is_mended_and_approved_anew(house: House) -> None:
    visit = await _decide(house, await house.ask(), "returned", reason="which product?")
    again = await house.do(requesting.resubmit, visit.id, wish(head_count=3), by=house.staff["amy"])
    assert (again.state, again.revision, again.head_count) == ("approving", 2, 3)
    assert (await _decide(house, again, "approved")).state == "approved"
    states = [(one.revision, one.state) for one in await house.do(store.approvals, visit.id)]
    assert states == [(1, "returned"), (2, "approved")]


async def test_a_rejected_visit_has_ended(house: House) -> None:
    visit = await _decide(house, await house.ask(), "rejected", reason="no")
    assert visit.state == "rejected"
    await _refused(house, "visit-state", requesting.cancel, visit.id, reason=None, by=house.staff["amy"])
    assert (await house.told("visits"))[-1] == "visit-rejected"


async def test_approval_sets_the_reminder_and_rescheduling_moves_it_without_a_new_approval(house: House) -> None:
    visit = await _decide(house, await house.ask(), "approved")
    assert await house.timers() == {"visit-remind-guest": visit.arrival - _DAY}
    later = wish(days=40)
    moved = await house.do(
        requesting.reschedule,
        visit.id,
        arrival=later.arrival,
        departure=later.departure,
        short_notice_reason=None,
        by=house.staff["amy"],
    )
    assert (moved.state, moved.revision) == ("approved", 2)
    assert await house.timers() == {"visit-remind-guest": later.arrival - _DAY}
    assert (await house.told("visits"))[-1] == "visit-changed"
    await house.fire("visit-remind-guest")
    due = (await house.published("visits"))[-1]
    assert isinstance(due, VisitTaskDue)
    assert (due.task, due.revision, due.due) == ("remind-guest", 2, later.arrival - _DAY)


async def test_rescheduling_before_the_decision_asks_for_it_anew(house: House) -> None:
    visit = await house.ask()
    later = wish(days=40)
    moved = await house.do(
        requesting.reschedule,
        visit.id,
        arrival=later.arrival,
        departure=later.departure,
        short_notice_reason=None,
        by=house.staff["amy"],
    )
    await _refused(house, "visit-revision", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"])
    await _decide(house, moved, "approved")
    states = [(one.revision, one.state) for one in await house.do(store.approvals, visit.id)]
    assert states == [(1, "withdrawn"), (2, "approved")]


async def test_a_timer_of_an_older_revision_or_of_a_cancelled_visit_does_nothing(house: House) -> None:
    visit = await _decide(house, await house.ask(), "approved")
    await house.bench.rows("""UPDATE timer SET data = '{"revision": 0}' WHERE kind = 'visit-remind-guest'""")
    before = await house.told("visits")
    await house.fire("visit-remind-guest")
    assert await house.told("visits") == before
    await house.do(requesting.cancel, visit.id, reason=None, by=house.staff["amy"])
    assert await house.timers() == {}


async def test_a_cancelled_guest_is_told_only_if_told_before(house: House) -> None:
    asked, approved, own = await house.ask(), await house.ask(), await house.ask(requester=None)
    await _decide(house, approved, "approved")
    for visit in (asked, approved, own):
        await house.do(requesting.cancel, visit.id, reason="moved", by=house.staff["tom"])
    told = {e.visit_id: e.guest_was_told for e in await house.published("visits") if isinstance(e, VisitCancelled)}
    assert told == {asked.id: False, approved.id: True, own.id: True}


async def test_a_visit_is_its_hosts_and_requesters_and_of_nobody_without_the_permission(house: House) -> None:
    visit = await _decide(house, await house.ask(), "approved")
    rita = house.staff["rita"]
    await _refused(house, "permission-missing", receiving.confirm, visit.id, by=rita)
    await _refused(house, "permission-missing", requesting.cancel, visit.id, reason=None, by=rita)
    assert (await house.do(receiving.confirm, visit.id, by=rita, permitted=True)).state == "confirmed"


async def test_the_host_is_asked_for_the_departure_and_then_it_is_assumed_and_flagged(house: House) -> None:
    visit = await _arrived(house)
    asked = visit.departure + timedelta(hours=2)
    assert await house.timers() == {"visit-ask-departure": asked, "visit-assume-departure": asked + _DAY}
    await house.fire("visit-ask-departure")
    due = (await house.published("visits"))[-1]
    assert isinstance(due, VisitTaskDue)
    assert (due.task, due.due) == ("record-departure", asked)
    await house.fire("visit-assume-departure")
    departed = (await house.published("visits"))[-1]
    assert isinstance(departed, VisitDeparted)
    assert departed.departed_at == visit.departure
    after = await house.visit(visit.id)
    assert (after.state, after.departure_assumed) == ("departed", True)


async def test_a_recorded_departure_stops_the_asking(house: House) -> None:
    visit = await _arrived(house)
    left = await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    assert await house.timers() == {}
    assert not left.departure_assumed


async def test_a_departure_before_the_arrival_is_impossible(house: House) -> None:
    visit = await _arrived(house)
    early = clock.now() - _DAY
    await _refused(house, "impossible-dates", receiving.depart, visit.id, departed_at=early, by=house.staff["tom"])


async def test_a_departure_recorded_twice_is_refused(house: House) -> None:
    visit = await _arrived(house)
    await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    await _refused(house, "visit-state", receiving.depart, visit.id, by=house.staff["tom"])


def _completed(visit: Visit, *, occasion: int | None = None, kind: str = "visit") -> CallbackCompleted:
    return CallbackCompleted.model_validate(
        {
            "callback_id": uuid4(),
            "rule": "after-visit",
            "subject_kind": kind,
            "subject_id": visit.id,
            "occasion": visit.revision if occasion is None else occasion,
            "party_id": visit.party_id,
            "outcome": "satisfied",
            "completed_at": clock.now(),
        }
    )


async def _departed(house: House) -> Visit:
    visit = await _arrived(house)
    left = await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    assert isinstance(left, Visit)
    return left


async def test_an_answer_closes_the_visit_once(house: House) -> None:
    """VR-26."""
    visit = await _departed(house)
    once = house.numbered(_completed(visit))
    await house.again(once, once)
    await house.arrive(_completed(visit))
    assert (await house.told("visits")).count("visit-closed") == 1
    after = await house.visit(visit.id)
    assert (after.state, after.callback_outcome, after.version) == ("closed", "satisfied", visit.version + 1)
    assert await house.bench.rows("SELECT action FROM audit WHERE action LIKE 'superseded%'") == [
        "superseded:visit-ended"
    ]


async def test_a_callback_given_up_closes_it_too(house: House) -> None:
    visit = await _departed(house)
    event = CallbackGivenUp(
        callback_id=uuid4(),
        rule="after-visit",
        subject_kind="visit",
        subject_id=visit.id,
        occasion=visit.revision,
        party_id=visit.party_id,
        reason="no-answer",
        at=clock.now(),
    )
    await house.arrive(event)
    assert (await house.visit(visit.id)).callback_outcome == "no-answer"


async def test_an_answer_about_an_older_revision_or_a_ticket_closes_nothing(house: House) -> None:
    visit = await _departed(house)
    await house.arrive(_completed(visit, occasion=0), _completed(visit, kind="ticket"))
    assert (await house.visit(visit.id)).state == "departed"
    assert await house.bench.rows("SELECT action FROM audit WHERE action LIKE 'superseded%'") == [
        "superseded:older-revision"
    ]


async def test_somebody_who_left_is_no_host(house: House) -> None:
    sheet = STAFF.replace("roles,phone", "roles,phone,active").replace("+8613900000001", "+8613900000001,no")
    await house.hire(DEPARTMENTS, _padded(sheet))
    await _refused(
        house,
        "host-unknown",
        requesting.request,
        wish(),
        kind="business",
        guest=claim("Wang Wei", vouched=True),
        host_id=house.staff["tom"],
        zone=None,
        requester_id=house.staff["amy"],
    )


async def _hana_goes_away(house: House) -> None:
    away = (clock.now() - _DAY).isoformat()
    sheet = STAFF.replace("roles,phone", "roles,phone,absent_from")
    await house.hire(DEPARTMENTS, _padded(sheet.replace("department-manager,", f"department-manager,,{away}")))


def _padded(sheet: str) -> str:
    """Every row with as many cells as the heading."""
    lines = [line for line in sheet.splitlines() if line.strip()]
    cells = lines[0].count(",")
    return "\n".join(line + "," * (cells - line.count(",")) for line in lines)
