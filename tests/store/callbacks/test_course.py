"""A callback's course: due, asked, failed, tried again, given up; everything checked again at its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from services.callbacks.callbacks import course
from shared.contracts.events.consent_changed import ConsentChanged
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.store.cause import Cause
from tests.store.callbacks.world import EMAIL, PHONE, World, failed, reopened, resolved, sent, zone_at

WEEK = timedelta(days=7)


async def test_given_the_due_time_then_the_question_is_asked_for_once(world: World) -> None:
    """NT-21: notify asks on callback-due."""
    known = await world.party(PHONE, EMAIL)
    event = resolved(known, address_id=EMAIL.address_id)
    await world.tell(event)

    await world.let_time_pass()
    async with world.bench.database.transaction(Cause.of_person()) as uow:
        callback_id = (await world.told("callback-due"))[0]["callback_id"]
        await course.fall_due(uow, callback_id, attempt=1, window=WEEK)

    (due,) = await world.told("callback-due")
    assert (due["attempt"], due["mode"], due["address_id"]) == (1, "message", EMAIL.address_id)
    assert due["subject_number"] == event.number
    asked = datetime.fromisoformat(due["answer_until"]) - WEEK
    assert abs(asked - clock.now()) < timedelta(minutes=1)
    assert await world.state(event.ticket_id) == "due"
    assert await world.pending() == [("survey-window", {"attempt": 1})]


async def test_given_a_message_that_went_out_then_the_callback_is_in_progress_once(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    due = await world.asked(event.ticket_id, known)

    await world.tell(sent(due, known))

    (attempted,) = await world.told("callback-attempted")
    assert (attempted["attempt"], attempted["result"]) == (1, "asked")


async def test_given_other_messages_about_a_callback_then_its_course_does_not_change(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.let_time_pass()
    (due,) = await world.told("callback-due")

    await world.tell(
        sent(due, known, recipient_kind="staff"),
        failed(due, known, subject_kind="ticket"),
        failed({**due, "event_id": str(uuid4())}, known),
        sent({**due, "callback_id": str(uuid4())}, known),
    )

    assert await world.state(event.ticket_id) == "due"
    assert await world.bench.held_rows() == []


async def test_given_three_failed_attempts_then_the_callback_is_given_up_for_want_of_contact(world: World) -> None:
    """Three attempts on different half-days, then given up."""
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    states, halves = [], set()
    for _ in range(3):
        await world.let_time_pass()
        due = (await world.told("callback-due"))[-1]
        message = uuid4()
        await world.tell(sent(due, known, message), failed(due, known, message), failed(due, known, message))
        states.append(await world.state(event.ticket_id))
        halves.add((await world.callback(event.ticket_id))["due"])

    assert states == ["unreached", "unreached", "given_up"]
    assert [due["attempt"] for due in await world.told("callback-due")] == [1, 2, 3]
    results = [told["result"] for told in await world.told("callback-attempted")]
    assert results == ["asked", "failed"] * 3
    (given_up,) = await world.told("callback-given-up")
    assert given_up["reason"] == "no-contact"
    assert await world.pending() == []


async def test_given_a_failed_attempt_then_the_next_one_is_on_another_half_day(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.let_time_pass()
    (due,) = await world.told("callback-due")

    await world.tell(failed(due, known))

    again = datetime.fromisoformat((await world.callback(event.ticket_id))["due"])
    assert timedelta(hours=3) < again - clock.now() < timedelta(hours=6)
    assert await world.pending() == [("callback-due", {"attempt": 2})]


async def test_given_the_time_of_an_attempt_that_was_made_then_the_next_one_keeps_its_own_time(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.let_time_pass()
    (due,) = await world.told("callback-due")
    await world.tell(failed(due, known))

    async with world.bench.database.transaction(Cause.of_person()) as uow:
        await course.fall_due(uow, due["callback_id"], attempt=1, window=WEEK)

    assert await world.state(event.ticket_id) == "unreached"


async def test_given_the_failure_of_an_earlier_attempt_then_the_running_one_goes_on(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.let_time_pass()
    first = (await world.told("callback-due"))[-1]
    await world.tell(failed(first, known))
    await world.asked(event.ticket_id, known)

    await world.tell(failed(first, known))

    assert await world.state(event.ticket_id) == "in_progress"


async def test_given_a_failure_and_then_the_news_that_it_was_sent_then_the_failure_stays(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.let_time_pass()
    (due,) = await world.told("callback-due")

    await world.tell(failed(due, known), sent(due, known))

    assert await world.bench.rows("SELECT result FROM attempt") == ["failed"]


async def test_given_no_answer_within_the_window_then_it_is_given_up(world: World) -> None:
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    await world.asked(event.ticket_id, known)

    await world.let_time_pass()

    (given_up,) = await world.told("callback-given-up")
    assert (given_up["reason"], await world.state(event.ticket_id)) == ("no-answer", "given_up")


async def test_given_a_question_that_never_went_out_within_the_window_then_there_was_no_contact(world: World) -> None:
    event = resolved(await world.party())
    await world.tell(event)
    await world.let_time_pass()

    await world.let_time_pass()

    assert [told["reason"] for told in await world.told("callback-given-up")] == ["no-contact"]


async def test_given_a_window_of_an_earlier_attempt_then_the_running_one_goes_on(world: World) -> None:
    """A timer checks again what it is about."""
    known = await world.party()
    event = resolved(known)
    await world.tell(event)
    due = await world.asked(event.ticket_id, known)

    async with world.bench.database.transaction(Cause.of_person()) as uow:
        await course.expire(uow, due["callback_id"], attempt=0)

    assert await world.state(event.ticket_id) == "in_progress"


async def test_given_a_ticket_that_was_reopened_meanwhile_then_the_due_time_asks_nobody(world: World) -> None:
    """A timer checks again what it is about, also where it could not be taken away."""
    event = resolved(await world.party())
    await world.tell(event)
    callback_id = (await world.callback(event.ticket_id))["id"]
    await world.tell(reopened(event))

    async with world.bench.database.transaction(Cause.of_person()) as uow:
        await course.fall_due(uow, callback_id, attempt=1, window=WEEK)

    assert await world.told("callback-due") == []


async def test_given_a_party_without_an_address_then_no_contact_is_possible(world: World) -> None:
    known = PartyChanged(party_id=uuid4())
    event = resolved(known)
    await world.tell(known, event)

    await world.let_time_pass()

    assert [told["reason"] for told in await world.told("callback-given-up")] == ["no-contact"]
    assert await world.state(event.ticket_id) == "given_up"


async def test_given_an_address_that_wants_no_surveys_then_another_one_is_asked(world: World) -> None:
    known = await world.party(PHONE, EMAIL)
    event = resolved(known, address_id=PHONE.address_id)
    await world.tell(_no_surveys(PHONE.address_id), event)

    await world.let_time_pass()

    assert [due["address_id"] for due in await world.told("callback-due")] == [EMAIL.address_id]


async def test_given_a_party_that_wants_no_surveys_at_all_then_nobody_is_asked(world: World) -> None:
    known = await world.party(PHONE, EMAIL)
    event = resolved(known)
    await world.tell(_no_surveys(PHONE.address_id, "*"), _no_surveys(EMAIL.address_id), event)

    await world.let_time_pass()

    assert await world.told("callback-due") == []
    assert [told["reason"] for told in await world.told("callback-given-up")] == ["refused"]
    assert await world.state(event.ticket_id) == "refused"


async def test_given_a_call_that_falls_due_at_night_then_it_waits_for_the_morning(world: World) -> None:
    """CB-04: never in the rest period; what was planned for the day may fall due at night after an outage."""
    event = resolved(await world.party(zone=zone_at(2)), major=True)
    await world.tell(event)

    await world.let_time_pass()

    assert await world.told("callback-due") == []
    later = datetime.fromisoformat((await world.callback(event.ticket_id))["due"]) - clock.now()
    assert timedelta(hours=4) < later < timedelta(hours=8)
    assert await world.pending() == [("callback-due", {"attempt": 1})]


async def test_given_a_call_to_a_party_that_has_no_phone_then_it_is_asked_in_writing(world: World) -> None:
    event = resolved(await world.party(EMAIL), major=True)
    await world.tell(event)

    await world.let_time_pass()

    assert [due["mode"] for due in await world.told("callback-due")] == ["message"]


async def test_given_a_call_then_it_stays_open_until_somebody_has_made_it(world: World) -> None:
    """CB-02: a major complaint is not given up because nobody called."""
    event = resolved(await world.party(), major=True)
    await world.tell(event)
    await world.let_time_pass()

    assert await world.state(event.ticket_id) == "due"
    assert await world.pending() == []


def _no_surveys(address_id: str, what: str = "survey") -> ConsentChanged:
    return ConsentChanged(address_id=address_id, refused=(what,), changed_at=clock.now())
