"""A complaint's whole way over real processes: from any channel to its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from deploy.local.demo import complaints
from deploy.local.demo.cast import SHOP, WEB, Cast, Person
from deploy.local.demo.desk import DemoFailed, Desk
from shared.contracts.events.party_changed import PartyChanged
from shared.messaging.outside import send_structured
from shared.store.cause import Cause
from tests.journeys.ledger import balance, events_of
from tests.journeys.people import handler_of, in_state, notices, staff_hears, staff_id, ticket_row
from tests.support.house import House

_CALLBACK = "SELECT * FROM callback WHERE subject_id = %(ticket)s ORDER BY occasion DESC"


async def test_given_a_complaint_over_http_when_the_person_is_satisfied_by_sms_then_closed_and_each_thing_told_once(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CP-01, CP-15, CB-04, NT-11, NT-21"""
    person = cast.with_phone()

    message = await complaints.complain(desk, person, 0)
    ticket = await complaints.ticket_of(desk, WEB, message)
    (acknowledgement,) = await desk.received(person, 1)
    await complaints.accept(desk, ticket)
    await complaints.resolve(desk, ticket, again=0)
    question = (await desk.received(person, 2))[1]
    await desk.answer(person, question, "满意，谢谢")
    await complaints.reach(desk, ticket, "closed")
    await balance(house)

    row = ticket_row(house, ticket)
    assert (row["close_reason"], row["resolution_no"], row["times_reopened"]) == ("satisfied", 1, 0)
    assert row["number"] in acknowledgement["text"]
    assert row["number"] in question["text"]
    told = events_of(house, ticket)
    assert {name: told[name] for name in told if name != "complaint-progressed"} == {
        "complaint-opened": 1,
        "complaint-judged": 1,
        "complaint-assigned": 1,
        "ticket-resolved": 1,
        "complaint-closed": 1,
    }
    callback = await in_state(house, "callbacks", _CALLBACK, ticket=ticket)
    assert (callback["state"], callback["outcome"]) == ("completed", "satisfied")
    assert callback["latest"] - row["resolved_at"] <= timedelta(days=3)
    assert events_of(house, callback["id"]) == {
        "callback-planned": 1,
        "callback-due": 1,
        "callback-attempted": 1,
        "callback-completed": 1,
    }
    assert events_of(house, row["report_id"]) == {"complaint-reported": 1}
    assert events_of(house, message) == {"channel-message-received": 1}
    for notice in (*notices(house, ticket), *notices(house, callback["id"])):
        assert (notice["state"], notice["attempts"]) == ("delivered", 1), notice["rule"]
        assert events_of(house, notice["id"]) == {"message-sent": 1, "message-delivered": 1}, notice["rule"]
    assert Counter(notice["rule"] for notice in notices(house, ticket)) == {
        "complaint-acknowledged": 1,
        "complaint-assigned": 1,
    }
    assert len(await desk.arrived(person.address)) == 2


async def test_given_a_complaint_over_kafka_when_the_person_is_neutral_by_mail_then_closed(
    house: House, desk: Desk, cast: Cast
) -> None:
    """IN-01, CB-16"""
    person = cast.with_email()
    event = complaints.outside_event(person, 1)

    await asyncio.to_thread(send_structured, house.kafka.bootstrap, "channel-messages", [event, event])
    await complaints.run_course(desk, person, SHOP, str(event["id"]), [complaints.NEUTRAL])
    await balance(house)

    ticket = await complaints.ticket_of(desk, SHOP, str(event["id"]))
    assert ticket_row(house, ticket)["close_reason"] == "neutral"
    assert len(house.rows("complaints", "SELECT 1 FROM ticket WHERE message_id = %(id)s", id=event["id"])) == 1
    assert len(await desk.arrived(person.address)) == 2


async def test_given_dissatisfied_answers_when_reopened_then_handler_and_supervisor_and_later_quality_and_head_decide(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CP-18, NT-24"""
    person = cast.with_phone()
    ticket = await _resolved(desk, person, 2)
    number, handler = ticket_row(house, ticket)["number"], handler_of(house, ticket)

    await _answer_latest(desk, person, 2, "不满意，问题还在")
    await complaints.reach(desk, ticket, "investigating")
    for who in (handler, "supervisor"):
        await staff_hears(desk, who, number, "不满意" if who != "handler-2" else "not satisfied")
    await complaints.resolve(desk, ticket, again=1)
    await _answer_latest(desk, person, 3, "3")
    await complaints.reach(desk, ticket, "reopened")
    for who in ("quality", "manager"):
        await staff_hears(desk, who, number)

    with pytest.raises(DemoFailed, match="403"):
        await desk.staff(handler, "complaints", "POST", f"/tickets/{ticket}/investigate", {"findings": "Once more."})
    assert ticket_row(house, ticket)["state"] == "reopened"
    await complaints.resolve(desk, ticket, again=2)
    await _answer_latest(desk, person, 4, "1")
    await complaints.reach(desk, ticket, "closed")
    await balance(house)
    told = Counter((notice["rule"], notice["recipient_id"]) for notice in notices(house, ticket))
    for rule, name, times in (
        ("complaint-reopened", handler, 2),
        ("complaint-reopened", "supervisor", 2),
        ("complaint-reopened-again", "quality", 1),
        ("complaint-reopened-again", "manager", 1),
    ):
        assert told[rule, staff_id(house, name)] == times, (rule, name)
    assert events_of(house, ticket)["complaint-reopened"] == 2
    assert events_of(house, ticket)["ticket-resolved"] == 3


async def test_given_an_invalid_complaint_when_judged_then_explained_and_closed_without_a_question(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CP-02"""
    person = cast.with_phone("en")

    message = await complaints.complain(desk, person, 0)
    await complaints.run_invalid(desk, person, message)
    ticket = await complaints.ticket_of(desk, WEB, message)
    await complaints.reach(desk, ticket, "closed")
    await balance(house)

    assert ticket_row(house, ticket)["close_reason"] == "explained"
    assert not house.rows("callbacks", _CALLBACK, ticket=ticket)
    assert len(await desk.arrived(person.address)) == 2


async def test_given_a_closed_ticket_when_a_late_dissatisfied_answer_comes_then_reopened(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CP-15: a late answer inside the reopen window still counts."""
    person = cast.with_phone()
    ticket = await _resolved(desk, person, 0)
    await _answer_latest(desk, person, 2, "1")
    await complaints.reach(desk, ticket, "closed")
    await in_state(
        house, "notify", "SELECT 1 FROM thread WHERE party_id = %(party)s AND closed_at IS NOT NULL",
        party=ticket_row(house, ticket)["party_id"],
    )  # fmt: skip

    await _answer_latest(desk, person, 2, "不满意，又坏了")

    await complaints.reach(desk, ticket, "investigating")
    await balance(house)
    assert events_of(house, ticket)["complaint-reopened"] == 1
    callback = await in_state(house, "callbacks", _CALLBACK, ticket=ticket)
    late = house.rows("callbacks", "SELECT late FROM answer WHERE callback_id = %(id)s", id=callback["id"])
    assert sorted(row["late"] for row in late) == [False, True]
    # The words came to the ticket that they are about: they open no case and no second ticket.
    assert not house.rows("intake", "SELECT 1 FROM service_case WHERE party_id = %(id)s", id=callback["party_id"])


async def test_given_somebody_asleep_when_resolved_then_the_question_waits_for_the_morning(
    house: House, desk: Desk, cast: Cast
) -> None:
    """NT-21: quiet hours defer a question; the answer to one's own message comes at once."""
    person = cast.with_phone(at_night=True)

    ticket = await _resolved(desk, person, 1)
    callback = await in_state(house, "callbacks", f"{_CALLBACK[:-22]} AND state <> 'planned'", ticket=ticket)
    question = await in_state(
        house,
        "notify",
        "SELECT * FROM message WHERE subject_id = %(id)s AND state = 'scheduled'",
        id=callback["id"],
    )
    await balance(house)

    assert question["waits_for"] == "quiet-hours"
    morning = question["send_after"].astimezone(ZoneInfo(person.zone))
    assert (morning.hour, morning.minute) == (8, 0)
    assert len(await desk.arrived(person.address)) == 1


async def test_given_an_erased_person_when_their_ticket_goes_on_then_nothing_more_is_said_to_them(
    house: House, desk: Desk, cast: Cast
) -> None:
    """A tombstone is respected by every service."""
    person = cast.with_phone()
    message = await complaints.complain(desk, person, 2)
    ticket = await complaints.ticket_of(desk, WEB, message)
    await desk.received(person, 1)
    await complaints.accept(desk, ticket)
    party = ticket_row(house, ticket)["party_id"]

    intake = house.database("intake")
    async with intake.transaction(Cause.of_person()) as uow:
        uow.erase(PartyChanged, party)
    await intake.close()
    for service in ("intake", "complaints", "callbacks", "notify"):
        query = "SELECT 1 FROM copy WHERE topic = 'parties' AND key = %(key)s AND gone"
        await in_state(house, service, query, key=str(party))
    assert not house.rows("complaints", "SELECT 1 FROM ticket_words WHERE party_id = %(id)s", id=party)
    await complaints.resolve(desk, ticket, again=0)
    await in_state(house, "complaints", "SELECT 1 FROM ticket WHERE id = %(id)s AND state = 'resolved'", id=ticket)
    await balance(house)

    assert len(await desk.arrived(person.address)) == 1
    assert not house.rows(
        "notify", "SELECT 1 FROM message WHERE recipient_id = %(id)s AND address IS NOT NULL", id=party
    )
    assert not house.rows(
        "callbacks", "SELECT 1 FROM callback WHERE party_id = %(id)s AND state <> 'cancelled'", id=party
    )


async def _resolved(desk: Desk, person: Person, number: int) -> UUID:
    """A complaint of theirs over HTTP that is acknowledged, accepted and resolved; the ticket's id."""
    ticket = await complaints.ticket_of(desk, WEB, await complaints.complain(desk, person, number))
    await desk.received(person, 1)
    await complaints.accept(desk, ticket)
    await complaints.resolve(desk, ticket, again=0)
    return ticket


async def _answer_latest(desk: Desk, person: Person, count: int, words: str) -> None:
    """Answers the person's message number `count`."""
    await desk.answer(person, (await desk.received(person, count))[count - 1], words)
