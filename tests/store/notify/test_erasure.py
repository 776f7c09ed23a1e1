"""A tombstone: nothing more is sent, and what was said is forgotten."""

from __future__ import annotations

from services.notify.providers.result import Accepted, Rejected
from tests.store.notify.world import World, approved, due, opened, phone, zone_at


async def test_an_erased_party_gets_nothing_more_and_its_words_are_gone(world: World) -> None:
    party, host = await world.party(zone=zone_at(23)), await world.staff()
    await world.tell(opened(party), approved(party, host))
    (call,) = await world.claim("sms")
    await world.answer(call, Accepted(("a1",)))
    await world.erase(party.party_id)
    assert {m["rule"]: m["state"] for m in await world.messages(channel="sms")} == {
        "complaint-acknowledged": "submitted",
        "visit-confirmed": "suppressed",
    }
    for message in await world.messages(channel="sms"):
        assert message["address"] is message["text"] is message["subject_line"] is None
    assert (await world.told("message-failed"))[0]["reason"] == "erased"


async def test_a_call_under_way_when_its_recipient_is_erased_is_not_made_again(world: World) -> None:
    party = await world.party()
    await world.tell(opened(party))
    (call,) = await world.claim()
    await world.erase(party.party_id)
    await world.answer(call, Rejected("throttled", permanent=False))
    assert (await world.message())["state"] == "cancelled"


async def test_an_event_about_an_erased_party_makes_no_message(world: World) -> None:
    party = await world.party()
    await world.erase(party.party_id)
    await world.tell(opened(party))
    assert await world.messages() == []
    assert await world.bench.rows("SELECT action FROM audit") == ["notice.nobody-to-tell"]


async def test_an_erased_partys_answers_are_forgotten_and_a_new_one_is_a_new_contact(world: World) -> None:
    party = await world.party()
    await world.tell(due(party))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("a1",)))
    assert await world.sms(phone().value, call.outbound.sender, "too slow, my name is Li") == "reply"
    await world.erase(party.party_id)
    assert await world.bench.rows("SELECT text, address FROM inbound") == [(None, None)]
    assert await world.bench.rows("SELECT closed_at IS NOT NULL FROM thread") == [True]
    assert await world.sms(phone().value, call.outbound.sender, "hello?") == "contact"
