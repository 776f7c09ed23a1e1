"""From events to messages: to whom, how, and each once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from services.notify.settings import settings
from shared.contracts.events.complaint_assigned import ComplaintAssigned
from shared.contracts.events.complaint_judged import ComplaintJudged
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.contracts.events.visit_approval_due import VisitApprovalDue
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_changed import VisitChanged
from shared.contracts.events.visit_requested import VisitRequested
from shared.contracts.events.visit_task_due import VisitTaskDue
from shared.contracts.events.visitor_arrived import VisitorArrived
from shared.kernel import clock
from shared.security.guest_pass import APPOINTMENT
from tests.store.notify.world import World, a_day_later, approved, due, email, opened, phone, zone_at


async def test_a_complaint_is_acknowledged_at_the_address_that_it_came_from(world: World) -> None:
    """NT-12, CP-01."""
    party = await world.party(phone(), email())
    await world.tell(opened(party, address_id=email().address_id))
    message = await world.message()
    assert (message["rule"], message["channel"], message["address"]) == (
        "complaint-acknowledged",
        "email",
        "li@example.org",
    )
    assert "T-7" in message["text"]
    assert "李四" in message["text"]


async def test_without_a_wanted_address_a_verified_one_comes_first_then_a_phone(world: World) -> None:
    party = await world.party(phone(verified=False), email(verified=True))
    await world.tell(opened(party, address_id=None))
    assert (await world.message())["channel"] == "email"
    other = await world.party(email("b@example.org"), phone("+8613900000002", verified=False))
    await world.tell(opened(other, address_id=None))
    assert (await world.message(recipient_id=other.party_id))["channel"] == "sms"


async def test_the_same_notice_from_another_event_is_one_message(world: World) -> None:
    """One notice once: the unique key holds where the inbox cannot know."""
    party, host = await world.party(), await world.staff()
    visit = approved(party, host)
    await world.tell(visit)
    await world.tell(visit)  # the same revision told by a second event with another id
    assert len(await world.messages(rule="visit-confirmed")) == 1
    assert len(await world.messages(rule="visit-approved-host")) == 1
    await world.tell(visit.model_copy(update={"revision": 2}))
    assert len(await world.messages(rule="visit-confirmed")) == 2


async def test_the_message_id_is_the_same_whenever_the_notice_is_given(world: World) -> None:
    party, host = await world.party(), await world.staff()
    visit = approved(party, host)
    await world.tell(visit)
    first = await world.message(rule="visit-confirmed")
    await world.bench.rows("DELETE FROM message")
    await world.tell(visit)
    assert (await world.message(rule="visit-confirmed"))["id"] == first["id"]


async def test_staff_are_written_to_by_email_and_an_absent_handlers_substitute_instead(world: World) -> None:
    substitute = await world.staff(name="赵六")
    away = await world.staff(substitute_id=substitute.staff_id, absent_from=clock.now() - timedelta(days=1))
    await world.tell(
        ComplaintAssigned(ticket_id=uuid4(), number="T-7", handler_id=away.staff_id, department_id=uuid4())
    )
    message = await world.message()
    assert (message["recipient_id"], message["channel"]) == (str(substitute.staff_id), "email")
    assert "赵六" in message["text"]


async def test_reopened_tells_handler_and_supervisor_the_second_time_quality_and_head(world: World) -> None:
    handler, supervisor, head, quality = [await world.staff() for _ in range(4)]
    party = await world.party()
    reopened = ComplaintReopened(
        ticket_id=uuid4(),
        number="T-7",
        resolution_no=1,
        times_reopened=1,
        party_id=party.party_id,
        handler_id=handler.staff_id,
        supervisor_id=supervisor.staff_id,
        department_head_id=head.staff_id,
        quality_ids=(quality.staff_id,),
        reopened_at=clock.now(),
    )
    await world.tell(reopened)
    assert {m["recipient_id"] for m in await world.messages()} == {str(handler.staff_id), str(supervisor.staff_id)}
    await world.tell(reopened.model_copy(update={"resolution_no": 2, "times_reopened": 2}))
    second = await world.messages(rule="complaint-reopened-again")
    assert {m["recipient_id"] for m in second} == {str(head.staff_id), str(quality.staff_id)}


async def test_only_an_invalid_complaint_is_explained(world: World) -> None:
    """CP-02."""
    party = await world.party()
    judged = ComplaintJudged(ticket_id=uuid4(), number="T-7", valid=True, judged_by=uuid4(), party_id=party.party_id)
    await world.tell(judged)
    assert await world.messages() == []
    await world.tell(judged.model_copy(update={"valid": False}))
    assert (await world.message())["rule"] == "complaint-explained"


async def test_a_guest_hears_received_only_where_the_guest_asked(world: World) -> None:
    party, host = await world.party(), await world.staff()
    requested = VisitRequested(
        visit_id=uuid4(),
        revision=1,
        kind="visit",
        party_id=party.party_id,
        asked_by_guest=False,
        host_id=host.staff_id,
        department_id=uuid4(),
        arrival=clock.now() + timedelta(days=5),
        departure=clock.now() + timedelta(days=5, hours=2),
        head_count=1,
    )
    await world.tell(requested)
    assert await world.messages() == []
    await world.tell(requested.model_copy(update={"visit_id": uuid4(), "asked_by_guest": True}))
    assert (await world.message())["rule"] == "visit-received"


async def test_who_has_an_appointment_gets_the_link_to_it_and_the_host_hears_of_it(world: World) -> None:
    """NT-01, IN-02"""
    party, host = await world.party(zone=zone_at(23)), await world.staff()
    booked = VisitRequested(
        visit_id=uuid4(),
        revision=1,
        kind="appointment",
        party_id=party.party_id,
        asked_by_guest=True,
        host_id=host.staff_id,
        department_id=uuid4(),
        arrival=clock.now() + timedelta(days=2),
        departure=clock.now() + timedelta(days=2, minutes=30),
        head_count=1,
    )
    await world.tell(booked)
    message = await world.message(recipient_id=party.party_id)
    assert (message["rule"], message["category"]) == ("appointment-confirmed", "answer")
    secret = settings().address_secret.get_secret_value().encode()
    base, _, word = message["text"].rpartition("：")[2].rpartition("/a/")
    assert base == settings().public_url
    assert APPOINTMENT.subject(secret, word) == booked.visit_id
    assert (await world.message(recipient_id=host.staff_id))["rule"] == "appointment-booked"


async def test_who_is_to_judge_a_level_hears_of_it_and_again_of_what_was_mended(world: World) -> None:
    """VR-04"""
    party, host, judge = await world.party(), await world.staff(), await world.staff()
    common = {
        "visit_id": uuid4(),
        "party_id": party.party_id,
        "host_id": host.staff_id,
        "arrival": clock.now() + timedelta(days=5),
        "departure": clock.now() + timedelta(days=5, hours=2),
        "judge_id": judge.staff_id,
    }
    asked = {"kind": "reception", "asked_by_guest": False, "department_id": uuid4(), "head_count": 1}
    await world.tell(VisitRequested.model_validate({**common, **asked, "revision": 1}))
    await world.tell(VisitChanged.model_validate({**common, "revision": 2, "change": "resubmitted"}))
    messages = await world.messages(recipient_id=judge.staff_id)
    assert [message["rule"] for message in messages] == ["visit-to-judge", "visit-to-judge-again"]


async def test_rescheduling_and_cancelling_take_back_what_has_not_gone_out(world: World) -> None:
    """NT-05: nobody is told of a visit that has been moved."""
    party, host = await world.party(zone=zone_at(23)), await world.staff()
    visit = approved(party, host)
    await world.tell(visit)
    await world.claim()  # the guest's night: deferred; the host's mail goes
    await world.tell(a_day_later(visit))
    assert (await world.message(rule="visit-confirmed"))["state"] == "superseded"
    assert (await world.message(rule="visit-changed"))["state"] == "accepted"
    under_way = await world.message(rule="visit-approved-host")
    assert (under_way["state"], under_way["withdraw_as"]) == ("sending", "supersede")
    await world.tell(visit.model_copy(update={"revision": 2}))
    await world.tell(
        VisitCancelled(
            visit_id=visit.visit_id,
            revision=2,
            party_id=party.party_id,
            host_id=host.staff_id,
            guest_was_told=False,
            arrival=visit.arrival,
        )
    )
    assert {m["state"] for m in await world.messages(rule="visit-confirmed")} == {"superseded", "cancelled"}
    assert await world.messages(rule="visit-cancelled-guest") == []
    assert (await world.message(rule="visit-cancelled-host"))["state"] == "accepted"


@pytest.mark.parametrize("told", [True, False])
async def test_a_guest_who_was_told_hears_of_the_new_time(world: World, told: bool) -> None:
    """NT-05."""
    party, host = await world.party(), await world.staff()
    visit = approved(party, host)
    await world.tell(
        VisitChanged(
            visit_id=visit.visit_id,
            revision=2,
            change="rescheduled",
            party_id=party.party_id,
            host_id=host.staff_id,
            arrival=visit.arrival,
            departure=visit.departure,
            guest_was_told=told,
        )
    )
    assert len(await world.messages(rule="visit-changed-guest")) == int(told)


async def test_a_reminder_counts_from_its_due_instant_and_is_useless_at_the_arrival(world: World) -> None:
    """NT-05."""
    party, host = await world.party(), await world.staff()
    fell_due = clock.now() - timedelta(seconds=3)
    arrival = clock.now() + timedelta(hours=24)
    await world.tell(
        VisitTaskDue(
            visit_id=uuid4(),
            revision=1,
            task="remind-guest",
            party_id=party.party_id,
            host_id=host.staff_id,
            arrival=arrival,
            due=fell_due,
        )
    )
    row = await world.bench.rows("SELECT caused_at, expires_at, category FROM message")
    assert row == [(fell_due, arrival, "reminder")]


async def test_a_phone_callback_asks_nothing_by_message(world: World) -> None:
    party = await world.party()
    await world.tell(due(party, mode="phone"))
    assert await world.messages() == []


async def test_an_event_about_somebody_unknown_waits_for_them(world: World) -> None:
    stranger = (await world.party()).model_copy(update={"party_id": uuid4()})
    await world.tell(opened(stranger))
    assert await world.messages() == []
    assert [(state, reason) for _, _, state, reason in await world.bench.held_rows()] == [("waiting", "needs parties")]
    await world.tell(stranger)
    await world.bench.held.run_due()
    assert (await world.message())["recipient_id"] == str(stranger.party_id)


async def test_an_old_event_starts_no_notice(world: World) -> None:
    party = await world.party()
    await world.tell(opened(party), age=timedelta(days=2))
    assert await world.messages() == []


async def test_somebody_without_an_address_is_told_of_as_a_failure(world: World) -> None:
    party = await world.party(phone())
    await world.tell(party.model_copy(update={"addresses": ()}))
    await world.tell(due(party))
    assert (await world.message())["state"] == "suppressed"
    (failed,) = await world.told("message-failed")
    assert (failed["reason"], failed["subject_kind"]) == ("no-address", "callback")


async def test_an_expired_request_is_told_to_who_asked_and_nobody_stops_preparing(world: World) -> None:
    """NT-03"""
    party, host, requester = await world.party(), await world.staff(), await world.staff()
    visit = approved(party, host)
    off = VisitCancelled(
        visit_id=visit.visit_id,
        revision=1,
        party_id=party.party_id,
        host_id=host.staff_id,
        requester_id=requester.staff_id,
        guest_was_told=False,
        arrival=visit.arrival,
        why="expired",
    )
    await world.tell(off)
    told = await world.message()
    assert (told["rule"], told["recipient_id"]) == ("visit-expired", str(requester.staff_id))


async def test_whoever_files_or_assists_hears_of_the_approval(world: World) -> None:
    """AP-07, NT-02"""
    party, host, files = await world.party(), await world.staff(), await world.staff()
    await world.tell(approved(party, host, informed_ids=(files.staff_id,)))
    told = await world.message(rule="visit-approved-informed")
    assert told["recipient_id"] == str(files.staff_id)


async def test_an_approver_is_reminded_each_time_that_it_falls_due(world: World) -> None:
    """NT-03"""
    party, host, approver = await world.party(), await world.staff(), await world.staff()
    visit = approved(party, host)
    due = VisitApprovalDue(
        visit_id=visit.visit_id,
        revision=1,
        step=1,
        approver_id=approver.staff_id,
        host_id=host.staff_id,
        arrival=visit.arrival,
        due=clock.now(),
    )
    await world.tell(due, due.model_copy(update={"due": clock.now()}))
    told = await world.messages(rule="visit-approval-reminder")
    assert [message["recipient_id"] for message in told] == [str(approver.staff_id)] * 2


@pytest.mark.parametrize("host_knows", [False, True])
async def test_a_host_hears_that_the_guest_is_here_unless_they_recorded_it_themselves(
    world: World, host_knows: bool
) -> None:
    """IN-04"""
    party, host = await world.party(), await world.staff()
    visit = approved(party, host)
    here = VisitorArrived(
        visit_id=visit.visit_id,
        revision=1,
        party_id=party.party_id,
        host_id=host.staff_id,
        arrived_at=clock.now(),
        host_knows=host_knows,
    )
    await world.tell(here)
    told = [message["recipient_id"] for message in await world.messages(rule="visitor-arrived")]
    assert told == ([] if host_knows else [str(host.staff_id)])
