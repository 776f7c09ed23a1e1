"""What a reply does: once, in time or late, plain or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from tests.store.callbacks.world import EMAIL, PHONE, World, closed, departed, failed, reply, resolved, sent


@pytest.mark.parametrize(
    ("text", "outcome"), [("1", "satisfied"), ("一般", "neutral"), ("不满意，请回电", "dissatisfied")]
)
async def test_given_a_plain_answer_then_the_callback_is_completed_once(world: World, text: str, outcome: str) -> None:
    """CB-16."""
    known, event, due = await _asked_about_ticket(world)
    answer = reply(due, known, text)

    await world.tell(answer, answer)

    (completed,) = await world.told("callback-completed")
    assert (completed["outcome"], completed["occasion"]) == (outcome, 1)
    assert completed.get("contact_wanted", False) is ("回电" in text)
    assert await world.state(event.ticket_id) == "completed"
    assert await world.pending() == []
    assert await _answers(world) == [(text, outcome, True, False)]


async def test_given_a_dissatisfied_answer_about_a_ticket_then_no_new_complaint_comes_in(world: World) -> None:
    """The ticket reopens by itself."""
    known, _, due = await _asked_about_ticket(world)

    await world.tell(reply(due, known, "3"))

    assert await world.told("channel-message-received") == []


async def test_given_a_dissatisfied_answer_about_a_visit_then_its_words_come_in_as_a_complaint(world: World) -> None:
    """CB-20."""
    known, _, due = await _asked_about_visit(world)
    answer = reply(due, known, "不满意，等了两个小时")

    await world.tell(answer, answer)

    (message,) = await world.told("channel-message-received")
    assert (message["purpose"], message["medium"], message["text"]) == ("complaint", "callback", answer.text)
    assert message["sender"] == {"name": known.name, "phone": PHONE.value}
    assert (message["address_verified"], message["reply_address"]) == (True, "phone")
    about = await world.bench.rows("SELECT about FROM outbox WHERE type = 'channel-message-received'")
    assert about == [[str(known.party_id), PHONE.address_id]]


async def test_given_a_satisfied_visitor_then_nothing_comes_in_as_a_complaint(world: World) -> None:
    known, _, due = await _asked_about_visit(world)

    await world.tell(reply(due, known, "2"))

    assert await world.told("channel-message-received") == []


async def test_given_an_unclear_answer_then_a_person_is_needed_and_the_window_gives_it_up_no_more(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)

    await world.tell(reply(due, known, "师傅说下周再来"))
    await world.let_time_pass()

    row = await world.callback(event.ticket_id)
    assert (row["state"], row["needs_person"], row["mode"]) == ("in_progress", True, "phone")
    assert await world.told("callback-completed") == []


async def test_given_an_unclear_answer_and_then_a_plain_one_then_the_plain_one_counts(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)

    await world.tell(reply(due, known, "?"), reply(due, known, "1"))

    row = await world.callback(event.ticket_id)
    assert (row["state"], row["outcome"], row["needs_person"]) == ("completed", "satisfied", False)


async def test_given_an_answer_before_the_news_that_the_question_went_out_then_it_counts(world: World) -> None:
    """Replies and messages are different topics: nothing orders them."""
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.let_time_pass()
    (due,) = await world.told("callback-due")

    await world.tell(reply(due, known, "1"), sent(due, known), failed(due, known))

    assert await world.state(event.ticket_id) == "completed"
    assert await world.told("callback-attempted") == []


async def test_given_a_failure_after_an_unclear_answer_then_the_person_still_sees_to_it(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)
    message = await world.bench.rows("SELECT message_id FROM attempt")
    await world.tell(reply(due, known, "?"), failed(due, known, message[0]))

    assert (await world.callback(event.ticket_id))["needs_person"] is True
    assert await world.pending() == []


async def test_given_a_late_answer_inside_the_reopen_window_then_it_counts(world: World) -> None:
    """Reopen window 30 days."""
    known, event, due = await _asked_about_ticket(world)
    await world.let_time_pass()
    assert await world.state(event.ticket_id) == "given_up"

    await world.tell(reply(due, known, "3", at=clock.now() + timedelta(days=29), late=True))

    assert await world.story() == [
        *("callback-planned", "callback-due", "callback-attempted", "callback-given-up", "callback-completed"),
    ]
    assert (await world.callback(event.ticket_id))["outcome"] == "dissatisfied"
    assert await _answers(world) == [("3", "dissatisfied", True, True)]


async def test_given_a_late_answer_after_the_ticket_was_closed_then_it_still_counts(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)
    await world.let_time_pass()
    await world.tell(closed(event), reply(due, known, "3", late=True))

    assert [told["outcome"] for told in await world.told("callback-completed")] == ["dissatisfied"]


async def test_given_a_late_answer_beyond_the_window_then_it_is_only_recorded(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)
    await world.let_time_pass()

    await world.tell(reply(due, known, "3", at=clock.now() + timedelta(days=31), late=True))

    assert await world.state(event.ticket_id) == "given_up"
    assert await world.told("callback-completed") == []
    assert await _answers(world) == [("3", "dissatisfied", False, True)]


@pytest.mark.parametrize(
    ("first", "second", "outcomes"),
    [
        ("1", "3", ["satisfied", "dissatisfied"]),
        ("2", "3", ["neutral", "dissatisfied"]),
        ("3", "1", ["dissatisfied"]),
        ("3", "3", ["dissatisfied"]),
        ("1", "谢谢你们的服务", ["satisfied"]),
    ],
)
async def test_given_a_second_answer_then_only_one_for_the_worse_counts(
    world: World, first: str, second: str, outcomes: list[str]
) -> None:
    known, _, due = await _asked_about_ticket(world)

    await world.tell(reply(due, known, first), reply(due, known, second))

    assert [told["outcome"] for told in await world.told("callback-completed")] == outcomes
    assert len(await _answers(world)) == 2


async def test_given_a_cancelled_callback_then_an_answer_is_only_recorded(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)

    await world.tell(closed(event), reply(due, known, "3"))

    assert await world.state(event.ticket_id) == "cancelled"
    assert await world.told("callback-completed") == []


async def test_given_a_reply_to_something_else_then_it_is_not_ours(world: World) -> None:
    known, _, due = await _asked_about_ticket(world)

    await world.tell(reply(due, known, "3").model_copy(update={"subject_kind": "ticket"}))

    assert await _answers(world) == []


async def test_given_an_erased_party_then_its_words_are_gone_and_the_outcome_stays(world: World) -> None:
    known, event, due = await _asked_about_ticket(world)
    await world.tell(reply(due, known, "1，李四"))

    await world.erase(known.party_id)
    await world.tell(reply(due, known, "3，李四"))

    assert await _answers(world) == []
    assert await world.notes() == ["superseded:party-erased"]
    assert (await world.callback(event.ticket_id))["state"] == "completed"


async def test_given_answers_then_no_words_and_addresses_leave_but_in_the_topic_for_them(world: World) -> None:
    """Personal data travel only in topics marked for them."""
    known, _, due = await _asked_about_visit(world)
    await world.tell(reply(due, known, "不满意，等了两个小时"))

    payloads = await world.bench.rows(
        "SELECT convert_from(payload, 'UTF8') || headers::text FROM outbox WHERE aggregatetype <> 'channel-messages'"
    )
    assert payloads
    assert not [text for text in payloads for word in ("两个小时", PHONE.value, "李四") if word in text]


async def _asked_about_ticket(world: World) -> tuple[PartyChanged, Any, dict[str, Any]]:
    known = await world.party(PHONE, EMAIL)
    event = resolved(known)
    await world.tell(event)
    return known, event, await world.asked(event.ticket_id, known)


async def _asked_about_visit(world: World) -> tuple[PartyChanged, Any, dict[str, Any]]:
    known = await world.party(PHONE, EMAIL)
    event = departed(known)
    await world.tell(event)
    return known, event, await world.asked(event.visit_id, known)


async def _answers(world: World) -> list[tuple[str, str, bool, bool]]:
    return await world.bench.rows("SELECT words, reading, counted, late FROM answer ORDER BY received_at, id")
