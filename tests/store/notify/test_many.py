"""Many at once end as one by one would: the messages of a claim, answers of one moment, the notices of a batch."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.notify.providers.result import Accepted, Rejected, SendResult, Unknown
from services.notify.sender.answers import Answers
from services.notify.sender.claiming import Call
from services.notify.settings import settings
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel import clock
from tests.store.notify.world import World, a_day_later, approved, due, email, opened, phone, zone_at

_TABLES = "message, attempt, sent_part, receipt, thread, number_use, consent, outbox, audit"


async def test_a_claim_of_many_and_claims_of_one_end_alike(world: World) -> None:
    host = await world.staff()
    many = await _end_of_a_day(world, host, most=50, together=True)
    await world.bench.rows(f"TRUNCATE {_TABLES}")
    assert await _end_of_a_day(world, host, most=1, together=False) == many
    went = Counter((rule, state, why) for rule, _, state, why, *_ in many["messages"])
    assert went["complaint-acknowledged", "suppressed", "answering-machine"] == 2
    assert went["callback-ticket", "scheduled", "cap"] == 1
    assert went["visit-confirmed", "scheduled", "quiet-hours"] == 1
    assert {why for _, _, _, why, *_ in many["messages"]} >= {"erased", "no-consent", "useless"}
    assert {version for _, _, state, _, _, version, *_ in many["messages"] if state == "submitted"} == {3}
    assert {result for *_, result, _ in many["attempts"]} == {"accepted", "rejected", "unknown"}


async def _end_of_a_day(world: World, host: StaffChanged, *, most: int, together: bool) -> dict[str, Any]:
    """Everything that a claim has to decide about, claimed, answered, and what is in the tables then."""
    await _a_days_messages(world, host)
    calls = [call for channel in ("sms", "email") for call in await _all_calls(world, channel, most)]
    results = {call: _RESULTS[number % len(_RESULTS)](f"part{number}") for number, call in enumerate(calls)}
    await world.receipt("part0")
    if together:
        await world.answer_all(results)
    else:
        for call, result in results.items():
            await world.answer(call, result)
    return {
        "messages": await world.bench.rows(
            "SELECT rule, address_id, state, coalesce(waits_for, reason), attempts, version, sender IS NULL, "
            "thread_id IS NULL, decide_at IS NULL, submitted_at IS NULL FROM message ORDER BY accepted_at, channel"
        ),
        "attempts": await world.bench.rows(
            "SELECT m.address_id, a.number, a.repeat, a.result, a.code FROM attempt a JOIN message m "
            "ON m.id = a.message_id ORDER BY m.accepted_at, m.channel"
        ),
        "parts": await world.bench.rows(
            "SELECT m.address_id, p.provider_id, p.state FROM sent_part p JOIN message m ON m.id = p.message_id "
            "ORDER BY 1, 2"
        ),
        "questions": await world.bench.rows(
            "SELECT address_id, count(DISTINCT our_address), count(closed_at) FROM thread GROUP BY 1 ORDER BY 1"
        ),
        "told": await world.bench.rows(
            "SELECT type, about[2], count(*), count(DISTINCT aggregateid) FROM outbox GROUP BY 1, 2 ORDER BY 1, 2"
        ),
    }


async def _a_days_messages(world: World, host: StaffChanged) -> None:
    answering_machine, busy, silent, asleep, late, gone = [
        await world.party(phone(f"+861390000020{number}"), zone=zone_at(23) if number == 3 else None)
        for number in range(6)
    ]
    for _ in range(5):
        await world.tell(opened(answering_machine))
    for _ in range(4):
        await world.tell(due(busy))
    await world.sms("+8613900000202", settings().numbers[0], "STOP")
    await world.tell(due(silent), approved(asleep, host), opened(late), opened(gone), opened(busy))
    address = late.addresses[0].address_id
    await world.bench.rows("UPDATE message SET expires_at = now() WHERE address_id = :address", address=address)
    await world.bench.rows("UPDATE copy SET gone = true WHERE key = :party", party=str(gone.party_id))


_DUE = "SELECT FROM message WHERE channel = :channel AND state IN ('accepted', 'scheduled') AND send_after <= now()"
_RESULTS = (
    lambda part: Accepted((part, f"{part}b")),
    lambda part: Accepted((part,)),
    lambda _: Rejected("smpp-0x0000000b", permanent=True),
    lambda part: Unknown("response-timeout", (part,)),
    lambda _: Rejected("throttled", permanent=False),
)


async def _all_calls(world: World, channel: str, most: int) -> list[Call]:
    calls: list[Call] = []
    while await world.bench.rows(_DUE, channel=channel):
        calls += await world.claim(channel, most=most)
    return calls


async def test_answers_of_one_moment_share_a_transaction(world: World) -> None:
    calls = await _claimed(world, 5)
    answers = Answers(world.bench.database, settings())
    await asyncio.gather(*(answers.store(call.answered(_taken(call))) for call in calls))
    assert await world.bench.rows("SELECT DISTINCT state FROM message") == ["submitted"]
    assert await world.bench.rows("SELECT count(DISTINCT xmin::text) FROM attempt") == [1]
    assert len(await world.told("message-sent")) == 5


async def test_an_answer_that_cannot_be_stored_takes_no_neighbours_with_it(world: World) -> None:
    calls = await _claimed(world, 5)
    answers = Answers(world.bench.database, settings())
    stored = [call.answered(_taken(call)) for call in calls]
    stored[2] = replace(stored[2], message_id=uuid4())
    ends = await asyncio.gather(*(answers.store(answer) for answer in stored), return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), type(None), KeyError, type(None), type(None)]
    assert Counter(message["state"] for message in await world.messages()) == {"submitted": 4, "sending": 1}


async def test_a_repeat_and_its_first_call_answered_at_once_are_one_message_sent(world: World) -> None:
    (first,) = await _claimed(world, 1)
    await world.sender_dies()
    (repeat,) = await world.decide()
    await world.answer_all({first: Accepted(("a1",)), repeat: Accepted(("a2",))})
    assert await world.bench.rows("SELECT result FROM attempt") == ["accepted", "accepted"]
    assert len(await world.told("message-sent")) == 1


async def test_a_receipt_that_overtakes_one_of_many_answers_finds_its_message(world: World) -> None:
    calls = await _claimed(world, 3)
    await world.receipt("a1")
    await world.answer_all({call: Accepted((f"a{number}",)) for number, call in enumerate(calls)})
    delivered = await world.message(state="delivered")
    assert delivered["id"] == str(calls[1].outbound.message_id)
    assert len(await world.messages(state="submitted")) == 2


async def test_a_notice_is_taken_back_by_an_event_of_the_same_batch(world: World) -> None:
    """What is to be stored for the whole batch is there when somebody asks for it."""
    party, host = await world.party(), await world.staff()
    visit = approved(party, host)
    moved = a_day_later(visit)
    await world.tell_at_once(visit, visit, moved)
    states = {message["rule"]: message["state"] for message in await world.messages()}
    assert (states["visit-confirmed"], states["visit-approved-host"]) == ("superseded", "superseded")
    assert states["visit-changed"] == "accepted"
    assert len(await world.messages(rule="visit-confirmed")) == 1


async def test_a_batch_tells_everybody_what_single_events_tell(world: World) -> None:
    people = [await world.party(*addresses) for addresses in ([phone()], [email()], [phone("+8613900000009"), email()])]
    nobody = PartyChanged(party_id=uuid4(), name="赵六", addresses=(), zone="UTC")
    away = await world.staff(absent_from=clock.now() - timedelta(days=1), substitute_id=(await world.staff()).staff_id)
    await world.tell(nobody)
    events = [
        *(opened(party, address_id=None) for party in people),
        opened(people[0]).model_copy(update={"party_id": nobody.party_id, "address_id": None}),
        ComplaintReopened(
            ticket_id=uuid4(),
            number="T-8",
            resolution_no=1,
            times_reopened=1,
            party_id=people[0].party_id,
            handler_id=away.staff_id,
            supervisor_id=away.staff_id,
            department_head_id=away.staff_id,
            quality_ids=(),
            reopened_at=clock.now(),
        ),
    ]
    await world.tell_at_once(*events)
    together = await _notices(world)
    await world.bench.rows(f"TRUNCATE {_TABLES}")
    await world.tell(*(_again(event) for event in events))
    assert await _notices(world) == together
    assert [state for *_, state in together].count("suppressed") == 1
    assert len(together) == 5


def _again(event: Any) -> Any:
    return event.model_copy(update={"ticket_id": uuid4()})


async def _notices(world: World) -> list[tuple[str, ...]]:
    return await world.bench.rows(
        "SELECT rule, channel, recipient_id, address, in_reply_to, "
        "regexp_replace(text, '[0-9]+:[0-9]+', ''), state FROM message ORDER BY rule, recipient_id"
    )


async def _claimed(world: World, number: int) -> Sequence[Call]:
    for each in range(number):
        await world.tell(opened(await world.party(phone(f"+861390000030{each}"))))
    return await world.claim()


def _taken(call: Call) -> SendResult:
    return Accepted((call.outbound.message_id.hex,))
