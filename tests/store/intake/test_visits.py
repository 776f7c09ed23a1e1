"""A visit's way: asked for, decided, moved, received, closed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from services.intake.approvals import store as approval_store
from services.intake.visits import approving, receiving, requesting, revising
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_changed import VisitChanged
from shared.contracts.events.visit_closed import VisitClosed
from shared.contracts.events.visit_departed import VisitDeparted
from shared.contracts.events.visit_requested import VisitRequested
from shared.contracts.events.visit_task_due import VisitTaskDue
from shared.kernel import clock
from tests.store.intake.builders import DEPARTMENTS, STAFF, House, claim, wish
from tests.store.intake.visiting import arrived, completed, decide, departed, padded, refused

_DAY = timedelta(days=1)
_NOBODY_COMES = timedelta(hours=26)
"""After the planned departure: the host is asked after two, and nobody is waited for a day later."""


async def test_the_whole_way_of_a_visit(house: House) -> None:
    """VR-01, VR-02: level, plan and settlement are left out, because the template has none."""
    visit = await arrived(house)
    left = await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    assert left.home_arrival == left.departed_at + timedelta(hours=4)
    await house.arrive(completed(left))
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


async def test_approval_sets_the_reminder_and_rescheduling_moves_it_without_a_new_approval(house: House) -> None:
    visit = await decide(house, await house.ask(), "approved")
    assert await house.timers() == {
        "visit-remind-guest": visit.arrival - _DAY,
        "visit-assume-missed": visit.departure + _NOBODY_COMES,
    }
    later = wish(days=40)
    moved = await house.do(
        revising.reschedule,
        visit.id,
        arrival=later.arrival,
        departure=later.departure,
        short_notice_reason=None,
        by=house.staff["amy"],
    )
    assert (moved.state, moved.revision) == ("approved", 2)
    assert await house.timers() == {
        "visit-remind-guest": later.arrival - _DAY,
        "visit-assume-missed": later.departure + _NOBODY_COMES,
    }
    changed = (await house.published("visits"))[-1]
    assert isinstance(changed, VisitChanged)
    assert (changed.change, changed.guest_was_told) == ("rescheduled", True)
    await house.fire("visit-remind-guest")
    due = (await house.published("visits"))[-1]
    assert isinstance(due, VisitTaskDue)
    assert (due.task, due.revision, due.due) == ("remind-guest", 2, later.arrival - _DAY)


async def test_rescheduling_before_the_decision_asks_for_it_anew(house: House) -> None:
    visit = await house.ask()
    later = wish(days=40)
    moved = await house.do(
        revising.reschedule,
        visit.id,
        arrival=later.arrival,
        departure=later.departure,
        short_notice_reason=None,
        by=house.staff["amy"],
    )
    await refused(house, "visit-revision", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"])
    await decide(house, moved, "approved")
    states = [(one.revision, one.state) for one in await house.do(approval_store.of_visit, visit.id)]
    assert states == [(1, "withdrawn"), (2, "approved")]


async def test_a_timer_of_an_older_revision_or_of_a_cancelled_visit_does_nothing(house: House) -> None:
    visit = await decide(house, await house.ask(), "approved")
    await house.bench.rows("""UPDATE timer SET data = '{"revision": 0}' WHERE kind = 'visit-remind-guest'""")
    before = await house.told("visits")
    await house.fire("visit-remind-guest")
    assert await house.told("visits") == before
    await house.do(requesting.cancel, visit.id, reason=None, by=house.staff["amy"])
    assert await house.timers() == {}


async def test_a_cancelled_guest_is_told_only_if_told_before(house: House) -> None:
    asked, approved, own = await house.ask(), await house.ask(), await house.ask(requester=None)
    await decide(house, approved, "approved")
    for visit in (asked, approved, own):
        await house.do(requesting.cancel, visit.id, reason="moved", by=house.staff["tom"])
    told = {e.visit_id: e.guest_was_told for e in await house.published("visits") if isinstance(e, VisitCancelled)}
    assert told == {asked.id: False, approved.id: True, own.id: True}


async def test_a_visit_is_its_hosts_and_requesters_and_of_nobody_without_the_permission(house: House) -> None:
    visit = await decide(house, await house.ask(), "approved")
    rita = house.staff["rita"]
    await refused(house, "permission-missing", receiving.confirm, visit.id, by=rita)
    await refused(house, "permission-missing", requesting.cancel, visit.id, reason=None, by=rita)
    assert (await house.do(receiving.confirm, visit.id, by=rita, permitted=True)).state == "confirmed"


async def test_the_host_is_asked_for_the_departure_and_then_it_is_assumed_and_flagged(house: House) -> None:
    visit = await arrived(house)
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
    visit = await arrived(house)
    left = await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    assert await house.timers() == {}
    assert not left.departure_assumed


async def test_a_departure_before_the_arrival_is_impossible(house: House) -> None:
    visit = await arrived(house)
    early = clock.now() - _DAY
    await refused(house, "impossible-dates", receiving.depart, visit.id, departed_at=early, by=house.staff["tom"])


async def test_a_departure_recorded_twice_is_refused(house: House) -> None:
    visit = await arrived(house)
    await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    await refused(house, "visit-state", receiving.depart, visit.id, by=house.staff["tom"])


async def test_an_answer_closes_the_visit_once(house: House) -> None:
    """VR-26."""
    visit = await departed(house)
    once = house.numbered(completed(visit))
    await house.again(once, once)
    await house.arrive(completed(visit))
    assert (await house.told("visits")).count("visit-closed") == 1
    after = await house.visit(visit.id)
    assert (after.state, after.callback_outcome, after.version) == ("closed", "satisfied", visit.version + 1)
    assert await house.bench.rows("SELECT action FROM audit WHERE action LIKE 'superseded%'") == [
        "superseded:visit-ended"
    ]


async def test_a_callback_given_up_closes_it_too(house: House) -> None:
    visit = await departed(house)
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
    visit = await departed(house)
    await house.arrive(completed(visit, occasion=0), completed(visit, kind="ticket"))
    assert (await house.visit(visit.id)).state == "departed"
    assert await house.bench.rows("SELECT action FROM audit WHERE action LIKE 'superseded%'") == [
        "superseded:older-revision"
    ]


async def test_somebody_who_left_is_no_host(house: House) -> None:
    sheet = STAFF.replace("roles,phone", "roles,phone,active").replace("+8613900000001", "+8613900000001,no")
    await house.hire(DEPARTMENTS, padded(sheet))
    await refused(
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
