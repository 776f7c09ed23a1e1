"""A party's tombstone erases it in intake, and nothing that comes later revives it."""

from __future__ import annotations

from shared.contracts.events.channel_message_received import Sender
from shared.contracts.events.party_changed import PartyChanged
from tests.store.intake.builders import House, message
from tests.support.core import tombstone


async def test_a_tombstone_takes_name_addresses_and_words_away(house: House) -> None:
    await house.arrive(message(sender=Sender(name="Mr. Somebody", phone="+8613800000001"), text="the tap drips"))
    await house.read_back()
    (party,) = await house.bench.rows("SELECT id FROM party")
    await house.again(tombstone(PartyChanged, party, 99))
    assert await house.bench.rows("SELECT name, erased_at IS NOT NULL FROM party") == [(None, True)]
    assert await house.bench.rows("SELECT count(*) FROM address") == [0]
    assert await house.bench.rows("SELECT sender, text, original, state FROM channel_message") == [
        ({}, "", None, "report")
    ]
    everything = await house.bench.rows("SELECT row_to_json(p)::text FROM party p UNION SELECT body::text FROM copy")
    assert not any("Somebody" in (row or "") for row in everything)


async def test_the_same_address_is_somebody_new_afterwards(house: House) -> None:
    sender = Sender(name="Mr. Somebody", phone="+8613800000001")
    await house.arrive(message(sender=sender))
    (party,) = await house.bench.rows("SELECT id FROM party")
    await house.again(tombstone(PartyChanged, party, 99))
    await house.arrive(message(sender=sender))
    assert await house.bench.rows("SELECT count(*) FROM party WHERE erased_at IS NULL") == [1]
