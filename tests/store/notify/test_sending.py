"""From the queue to an end: attempts before calls, answers, doubts by category, crashes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notify.providers.result import Accepted, Rejected, Unknown
from services.notify.settings import settings
from shared.kernel import clock
from tests.store.notify.world import World, approved, due, email, opened, phone, zone_at


async def test_the_attempt_is_in_the_database_before_the_call(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    assert await world.bench.rows("SELECT number, result FROM attempt") == [(1, None)]
    assert (await world.message())["state"] == "sending"
    assert call.outbound.signature == "Frontdesk"
    assert await world.claim() == []


async def test_an_accepted_message_is_sent_and_says_why_and_since_when(world: World) -> None:
    party = await world.party()
    complaint = opened(party, reported_at=clock.now() - timedelta(seconds=1))
    await world.tell(complaint, event_id="5b0f0f4e-0000-4000-8000-000000000001")
    (call,) = await world.claim()
    await world.answer(call, Accepted(("a1",)))
    assert (await world.message())["state"] == "submitted"
    (sent,) = await world.told("message-sent")
    assert sent["cause_id"] == "5b0f0f4e-0000-4000-8000-000000000001"
    assert sent["purpose"] == "complaint-acknowledged"
    assert (sent["subject_kind"], sent["subject_id"]) == ("ticket", str(complaint.ticket_id))
    assert complaint.reported_at is not None
    assert sent["caused_at"] == complaint.reported_at.isoformat().replace("+00:00", "Z")
    assert "李四" not in str(sent)
    assert phone().value not in str(sent)


async def test_a_refusal_for_good_is_told_over_the_other_channel_once(world: World) -> None:
    party = await world.party(phone(), email())
    await world.tell(opened(party))
    (call,) = await world.claim()
    await world.answer(call, Rejected("smpp-0x0000000b", permanent=True))
    assert (await world.message(channel="sms"))["state"] == "failed_permanent"
    stand_in = await world.message(channel="email")
    assert (stand_in["state"], stand_in["address"], stand_in["fallback"]) == ("accepted", "li@example.org", True)
    (call,) = await world.claim("email")
    assert call.outbound.subject
    await world.answer(call, Rejected("smtp-550-5.1.1", permanent=True))
    assert len(await world.messages()) == 2
    assert [failed["reason"] for failed in await world.told("message-failed")] == ["smpp-0x0000000b", "smtp-550-5.1.1"]


async def test_a_survey_that_fails_is_told_over_no_other_channel(world: World) -> None:
    await world.tell(due(await world.party(phone(), email())))
    (call,) = await world.claim()
    await world.answer(call, Rejected("smpp-0x0000000b", permanent=True))
    assert len(await world.messages()) == 1
    assert await world.bench.rows("SELECT count(*) FROM thread WHERE closed_at IS NULL") == [0]


async def test_what_was_surely_not_taken_is_tried_again_with_growing_pauses_until_it_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_RETRIES", "2")
    settings.cache_clear()
    await world.tell(opened(await world.party()))
    pauses = []
    for _ in range(3):
        await world.make_due()
        (call,) = await world.claim()
        await world.answer(call, Rejected("connect-refused", permanent=False))
        pauses += await world.bench.rows("SELECT extract(epoch FROM send_after - now()) FROM message")
    assert pauses[0] < pauses[1]
    assert pauses[2] is None
    assert (await world.message())["state"] == "failed_technical"
    assert await world.bench.rows("SELECT number, result, code FROM attempt ORDER BY number") == [
        (number, "rejected", "connect-refused") for number in (1, 2, 3)
    ]


async def test_an_answer_in_doubt_is_repeated_once_and_marked(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Unknown("response-timeout"))
    assert (await world.message())["state"] == "in_doubt"
    (wait,) = await world.bench.rows("SELECT extract(epoch FROM decide_at - now()) FROM message")
    assert 50 < wait <= 60
    (repeat,) = await world.decide()
    assert repeat.outbound == call.outbound
    assert await world.bench.rows("SELECT number, repeat FROM attempt ORDER BY number") == [(1, False), (2, True)]
    await world.answer(repeat, Unknown("response-timeout"))
    assert await world.decide() == []
    assert (await world.message())["state"] == "sent_unconfirmed"


async def test_a_service_message_in_doubt_is_not_repeated_and_ends_unconfirmed(world: World) -> None:
    party, host = await world.party(), await world.staff()
    await world.tell(approved(party, host))
    (call,) = await world.claim("sms")
    await world.answer(call, Unknown("link-dropped"))
    (wait,) = await world.bench.rows("SELECT extract(epoch FROM decide_at - now()) FROM message WHERE channel = 'sms'")
    assert 1700 < wait <= 1800
    assert await world.decide() == []
    assert (await world.message(channel="sms"))["state"] == "sent_unconfirmed"


async def test_a_repeat_that_is_refused_says_nothing_about_the_first_call(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Unknown("response-timeout", ("a1",)))
    (repeat,) = await world.decide()
    await world.answer(repeat, Rejected("smpp-0x0000000b", permanent=True))
    assert (await world.message())["state"] == "in_doubt"
    await world.receipt("a1")
    assert (await world.message())["state"] == "delivered"


async def test_a_sender_that_died_between_call_and_answer_leaves_a_doubt(world: World) -> None:
    await world.tell(opened(await world.party()))
    await world.claim()
    assert await world.sender_dies() == 1
    assert (await world.message())["state"] == "in_doubt"
    assert await world.bench.rows("SELECT result, code FROM attempt") == [("unknown", "sender-died")]


async def test_a_living_senders_slow_call_is_no_doubt(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.sender_says_alive()
    assert await world.sender_dies() == 0
    assert (await world.message())["state"] == "sending"
    await world.answer(call, Accepted(("a1",)))
    assert (await world.message())["state"] == "submitted"


async def test_an_answer_that_comes_after_its_sender_was_given_up_still_counts(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.sender_dies()
    await world.answer(call, Accepted(("a1",)))
    assert (await world.message())["state"] == "submitted"
    assert await world.decide() == []


async def test_at_night_a_confirmation_waits_for_the_morning_and_an_acknowledgement_does_not(world: World) -> None:
    party, host = await world.party(zone=zone_at(23)), await world.staff()
    await world.tell(opened(party), approved(party, host))
    calls = await world.claim("sms")
    assert len(calls) == 1
    waiting = await world.message(rule="visit-confirmed")
    assert (waiting["state"], waiting["waits_for"]) == ("scheduled", "quiet-hours")
    assert await world.claim("sms") == []


async def test_the_fourth_survey_of_a_day_by_sms_waits_for_tomorrow(world: World) -> None:
    party = await world.party()
    for _ in range(3):
        await world.tell(due(party))
    calls = await world.claim()
    assert len(calls) == 3
    for number, call in enumerate(calls):
        await world.answer(call, Accepted((f"a{number}",)))
        await world.bench.rows("UPDATE thread SET closed_at = now()")
    await world.tell(due(party), opened(party))
    assert [call.outbound.message_id for call in await world.claim()] == [
        # the acknowledgement is under no cap
        (await _uuid(world, "complaint-acknowledged"))
    ]
    fourth = (await world.messages(rule="callback-ticket"))[-1]
    assert (fourth["state"], fourth["waits_for"]) == ("scheduled", "cap")


async def _uuid(world: World, rule: str) -> object:
    (found,) = await world.bench.rows("SELECT id FROM message WHERE rule = :rule", rule=rule)
    return found


async def test_what_is_useless_when_its_turn_comes_is_not_sent(world: World) -> None:
    await world.tell(opened(await world.party()))
    await world.bench.rows("UPDATE message SET expires_at = now()")
    assert await world.claim() == []
    assert (await world.message())["state"] == "expired"
    assert (await world.told("message-failed"))[0]["state"] == "expired"


async def test_an_answering_machine_gets_three_acknowledgements_an_hour(world: World) -> None:
    """Nothing loops: an address whose every contact is an automatic answer to ours is not answered any more."""
    party = await world.party()
    for _ in range(5):
        await world.tell(opened(party))
        for call in await world.claim():
            await world.answer(call, Accepted((call.outbound.message_id.hex,)))
    states = [message["state"] for message in await world.messages()]
    assert sorted(states) == ["submitted"] * 3 + ["suppressed"] * 2


async def test_a_message_taken_back_during_its_call_is_not_tried_again(world: World) -> None:
    party, host = await world.party(), await world.staff()
    await world.tell(approved(party, host))
    (call,) = await world.claim("sms")
    await world.bench.rows("UPDATE message SET withdraw_as = 'supersede' WHERE channel = 'sms'")
    await world.answer(call, Rejected("throttled", permanent=False))
    assert (await world.message(channel="sms"))["state"] == "superseded"


async def test_a_submitted_message_without_a_receipt_ends_unconfirmed(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("a1",)))
    assert await world.decide() == []
    assert (await world.message())["state"] == "sent_unconfirmed"
    await world.receipt("a1")
    assert (await world.message())["state"] == "delivered"
    assert "message.deliver" in await world.bench.rows("SELECT action FROM audit")
