"""Questions and answers: numbers of the pool, threads, what comes out of the blue, consent."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.notify.providers.result import Accepted
from services.notify.sender.claiming import Call
from services.notify.settings import settings
from services.notify.threads import commands as threads
from services.notify.threads.model import reply_token
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_due import CallbackDue
from shared.contracts.events.case_opened import CaseOpened
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel import clock
from shared.store.cause import Cause
from tests.store.notify.world import World, due, email, opened, phone

PHONE = phone().value


async def _asked(world: World, party: PartyChanged, **changes: Any) -> tuple[CallbackDue, Call]:
    question = due(party, **changes)
    await world.tell(question)
    (call,) = await world.claim()
    await world.answer(call, Accepted((call.outbound.message_id.hex,)))
    return question, call


def _completed(question: CallbackDue) -> CallbackCompleted:
    return CallbackCompleted(
        callback_id=question.callback_id,
        rule=question.rule,
        subject_kind=question.subject_kind,
        subject_id=question.subject_id,
        occasion=question.occasion,
        party_id=question.party_id,
        outcome="satisfied",
        completed_at=clock.now(),
    )


async def test_an_answer_by_sms_reaches_the_callback_that_asked(world: World) -> None:
    """NT-21, CB-19."""
    party = await world.party()
    question, call = await _asked(world, party)
    assert await world.sms(PHONE, call.outbound.sender, "1") == "reply"
    (reply,) = await world.told("reply-received")
    assert (reply["subject_kind"], reply["subject_id"]) == ("callback", str(question.callback_id))
    assert reply["in_reply_to"] == str(call.outbound.message_id)
    assert (reply["party_id"], reply["address_id"]) == (str(party.party_id), phone().address_id)
    assert (reply["text"], reply["late"], reply["channel"]) == ("1", False, "sms")


async def test_two_questions_to_one_phone_go_over_two_numbers_and_each_answer_finds_its_own(world: World) -> None:
    party = await world.party()
    first, first_call = await _asked(world, party)
    second, second_call = await _asked(world, party)
    assert first_call.outbound.sender != second_call.outbound.sender
    await world.sms(PHONE, second_call.outbound.sender, "3")
    await world.sms(PHONE, first_call.outbound.sender, "1")
    replies = await world.told("reply-received")
    assert [reply["subject_id"] for reply in replies] == [str(second.callback_id), str(first.callback_id)]


async def test_numbers_take_turns(world: World) -> None:
    used = []
    for index in range(4):
        party = await world.party(phone(f"+861390000010{index}"))
        used.append((await _asked(world, party))[1].outbound.sender)
    assert sorted(used[:3]) == sorted(settings().numbers)
    assert used[3] == used[0]


async def test_without_a_free_number_a_question_waits_until_another_is_over(world: World) -> None:
    party = await world.party()
    questions = [(await _asked(world, party, subject_id=uuid4()))[0] for _ in range(3)]
    await world.bench.rows("UPDATE message SET submitted_at = now() - interval '3 days'")  # not the daily cap
    await world.tell(due(party))
    assert await world.claim() == []
    (waiting,) = await world.messages(state="scheduled")
    assert waiting["waits_for"] == "number"
    await world.tell(_completed(questions[1]))
    (call,) = await world.claim()
    freed = await world.bench.rows(
        "SELECT our_address FROM thread WHERE subject_id = :subject", subject=questions[1].callback_id
    )
    assert [call.outbound.sender] == freed


async def test_two_senders_never_pick_the_same_number_for_one_phone(world: World) -> None:
    party = await world.party()
    await world.tell(due(party), due(party), due(party))
    claimed = await asyncio.gather(*(_claim_one(world) for _ in range(3)))
    senders = [call.outbound.sender for calls in claimed for call in calls]
    assert len(senders) == 3
    assert len(set(senders)) == 3


async def _claim_one(world: World) -> list[Call]:
    from services.notify.sender.claiming import claim_due

    async with world.bench.database.transaction(Cause("test")) as uow:
        return await claim_due(uow, "sms", 1, uuid4(), settings())


async def test_an_answer_after_the_end_is_late_for_thirty_days_and_then_a_contact(world: World) -> None:
    party = await world.party()
    question, call = await _asked(world, party)
    await world.tell(_completed(question))
    assert await world.sms(PHONE, call.outbound.sender, "3") == "reply"
    assert [reply["late"] for reply in await world.told("reply-received")] == [True]
    await world.bench.rows("UPDATE thread SET closed_at = now() - interval '31 days'")
    assert await world.sms(PHONE, call.outbound.sender, "3") == "contact"


async def test_a_question_is_over_at_its_time(world: World) -> None:
    question, _ = await _asked(world, await world.party(), answer_until=clock.now() + timedelta(hours=1))
    await world.bench.rows("UPDATE thread SET until = now()")
    async with world.bench.database.transaction(Cause("test")) as uow:
        await threads.close_over(uow)
    assert await world.bench.rows("SELECT closed_at IS NOT NULL FROM thread") == [True]
    assert question.attempt == 1


async def test_a_mail_answers_by_its_token_or_by_our_message_id_from_who_was_asked(world: World) -> None:
    party = await world.party(email())
    question, call = await _asked(world, party)
    token = reply_token(settings().secret.get_secret_value().encode(), call.outbound.message_id)
    assert call.outbound.sender == f"reply+{token}@frontdesk.example"
    assert await world.mail(token=token.upper(), from_address="other@example.org") == "reply"
    ours = f"<{call.outbound.message_id}@frontdesk.example>"
    assert await world.mail(in_reply_to=ours) == "reply"
    assert await world.mail(in_reply_to=ours, from_address="thief@example.org") == "contact"
    assert await world.mail(token="nothing") == "contact"
    replies = await world.told("reply-received")
    assert [reply["subject_id"] for reply in replies] == [str(question.callback_id)] * 2


async def test_an_sms_out_of_the_blue_becomes_a_channel_message_with_a_verified_address(world: World) -> None:
    assert await world.sms("8613900000009", "861069000001", "Do you repair lifts?") == "contact"
    (message,) = await world.told("channel-message-received")
    assert message["sender"] == {"phone": "+8613900000009"}
    assert (message["medium"], message["purpose"], message["address_verified"]) == ("sms", "unknown", True)
    assert message["text"] == "Do you repair lifts?"


async def test_a_mail_out_of_the_blue_becomes_a_channel_message_verified_only_by_dkim(world: World) -> None:
    await world.mail(dkim_aligned=True)
    await world.mail(dkim_aligned=False)
    messages = await world.told("channel-message-received")
    assert [message["address_verified"] for message in messages] == [True, False]
    assert messages[0]["sender"] == {"email": "li@example.org"}
    assert (messages[0]["medium"], messages[0]["subject"]) == ("email", "Hello")


async def test_an_answer_to_a_mail_stands_beneath_it(world: World) -> None:
    await world.mail(message_id="<theirs@example.org>")
    (contact,) = await world.told("channel-message-received")
    party = await world.party(email())
    await world.tell(
        CaseOpened(
            case_id=uuid4(),
            message_id=UUID(contact["message_id"]),
            number="C-1",
            party_id=party.party_id,
            channel="email",
            opened_at=clock.now(),
        )
    )
    (call,) = await world.claim()
    assert call.outbound.in_reply_to == "<theirs@example.org>"


async def test_an_inbound_message_brought_twice_has_one_effect(world: World) -> None:
    assert await world.sms(PHONE, "861069000001", "hello", "p1") == "contact"
    assert await world.sms(PHONE, "861069000001", "hello", "p1") is None
    assert await world.mail(message_id="<1@example.org>") == "contact"
    assert await world.mail(message_id="<1@example.org>") is None
    assert len(await world.told("channel-message-received")) == 2
    assert await world.bench.rows("SELECT count(*) FROM inbound") == [2]


async def test_what_machines_send_is_recorded_and_opens_nothing(world: World) -> None:
    party = await world.party(email())
    _, call = await _asked(world, party)
    ours = f"<{call.outbound.message_id}@frontdesk.example>"
    assert await world.mail(auto=True, in_reply_to=ours) == "auto"
    assert await world.mail(bulk=True) == "bulk"
    assert await world.mail(from_address="frontdesk@frontdesk.example") == "auto"
    assert await world.sms("10086", settings().numbers[0], "Your balance is 3") == "unreadable"
    assert await world.told("reply-received") == []
    assert await world.told("channel-message-received") == []
    assert await world.bench.rows("SELECT count(*) FROM inbound") == [4]


async def test_an_opt_out_word_changes_consent_and_nothing_else(world: World) -> None:
    party = await world.party()
    _, call = await _asked(world, party)
    assert await world.sms(PHONE, call.outbound.sender, "TD") == "opt-out"
    assert await world.told("reply-received") == []
    assert await world.told("channel-message-received") == []
    assert await world.bench.rows("SELECT count(*) FROM thread WHERE closed_at IS NULL") == [1]
    (change,) = await world.told("consent-changed")
    assert (change["address_id"], change["refused"]) == (phone().address_id, ["*"])
    await world.tell(due(party), opened(party))
    assert len(await world.claim()) == 1  # the acknowledgement of their own contact still goes
    assert (await world.messages(rule="callback-ticket", state="suppressed"))[0]["reason"] == "no-consent"
    assert await world.sms(PHONE, call.outbound.sender, "START") == "opt-in"
    assert [change["refused"] for change in await world.told("consent-changed")] == [["*"], []]


async def test_the_same_refusal_again_is_told_once(world: World) -> None:
    await world.sms(PHONE, settings().numbers[0], "STOP")
    await world.sms(PHONE, settings().numbers[1], "退订")
    assert len(await world.told("consent-changed")) == 1
