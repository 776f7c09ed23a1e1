"""However the messages of a channel are cut into batches, the same comes of them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.channels.store import channel_message, message_row
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.kernel import clock
from shared.messaging.record import Record
from shared.store.cause import Cause
from tests.store.intake.builders import DEPARTMENTS, House
from tests.support.core import record

AGENTS = """
    email,name,department,manager,substitute,roles,phone,weight,absent_from
    ben@example.com,Ben,house,gina@example.com,,agent,,3,
    cleo@example.com,Cleo,house,gina@example.com,,agent,,2,
    away@example.com,Away,house,gina@example.com,,agent,,9,2026-01-01T00:00:00Z
"""
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
NAMES = (None, "Li Na", "Li", "Li Nan", "Wang Wei", "Anna Lee", "A. Lee")
PHONES = tuple(f"+861380000000{digit}" for digit in range(5))
EMAILS = ("li@example.com", "wang@example.com", "Anna@Example.com")
CHANGED_BY_MESSAGES = (
    "channel_message",
    "service_case",
    "duplicate_suggestion",
    "party_address",
    "address",
    "party",
    "outbox",
    "sequence",
    "inbox_fact",
    "inbox",
    "held",
    "audit",
)
STATE = (
    "SELECT * FROM party ORDER BY id",
    "SELECT * FROM address ORDER BY address_id",
    "SELECT * FROM party_address ORDER BY party_id, address_id",
    "SELECT * FROM duplicate_suggestion ORDER BY party_id, other_id",
    "SELECT * FROM channel_message ORDER BY id",
    "SELECT * FROM service_case ORDER BY number",
    "SELECT source, id, body_hash FROM inbox_fact ORDER BY source, id",
    "SELECT source, topic, key, state, reason FROM held ORDER BY key, id",
    "SELECT actor, action, subject_kind, subject_id, detail FROM audit ORDER BY id",
    "SELECT id, aggregatetype, aggregateid, type, convert_from(payload, 'UTF8'), headers, sequence, about FROM outbox "
    "ORDER BY position",
)
_NUMBER = re.compile(r"C26\d{7}")


class Story:
    """A seeded stream of messages: senders who are new, come back, share a phone, or say nothing of themselves."""

    def __init__(self, seed: int, length: int, *, calm: bool) -> None:
        """`calm`: nothing is said twice or too late, so that no batch has to be halved."""
        self._calm = calm
        self._chance = random.Random(seed)
        self.stored: list[ChannelMessageReceived] = []
        """What the door has stored before it is told."""
        self.records: list[Record] = []
        while len(self.records) < length:
            self._go_on()

    def cut(self) -> list[Sequence[Record]]:
        """The stream in batches of any length."""
        batches, rest = [], list(self.records)
        while rest:
            size = self._chance.randint(1, 12)
            batches.append(rest[:size])
            rest = rest[size:]
        return batches

    def _go_on(self) -> None:
        chance = self._chance
        luck = chance.uniform(0.2 if self._calm else 0, 1)
        if luck < 0.06 and self.records:  # delivered again
            self.records.append(chance.choice(self.records))
        elif luck < 0.12 and self.stored:  # the same message told again by another event
            self._tell(chance.choice(self.stored))
        elif luck < 0.16 and self.stored:  # its id taken by another channel
            self._tell(chance.choice(self.stored).model_copy(update={"medium": "kafka"}), source="/channels/shop")
        elif luck < 0.2:  # older than anything is started for
            self._tell(self._message("http"), age=timedelta(days=8))
        elif luck < 0.4:
            self._tell(self._message("kafka"), source="/channels/shop")
        elif luck < 0.6:
            self._tell(self._message(chance.choice(("sms", "email"))))
        else:
            event = self._message("http")
            self.stored.append(event)
            self._tell(event)

    def _message(self, medium: str) -> ChannelMessageReceived:
        chance = self._chance
        phone, email = chance.choice((*PHONES, None, None)), chance.choice((*EMAILS, None, None, None))
        if medium == "kafka" and phone and chance.random() < 0.5:
            phone = f"{phone[:3]} {phone[3:]}"
        return ChannelMessageReceived(
            message_id=self._id(),
            channel="web-form" if medium == "http" else medium,
            medium=medium,
            purpose=chance.choice(("complaint", "enquiry", "unknown")),
            sender=Sender(name=chance.choice(NAMES), phone=phone, email=email),
            text="the tap drips",
            language=chance.choice((None, "en")),
            received_at=NOW - timedelta(minutes=chance.randint(0, 9)),
            address_verified=medium in ("sms", "email") and chance.random() < 0.7,
            reply_address=chance.choice((None, "phone", "email")),
        )

    def _tell(self, event: ChannelMessageReceived, **how: Any) -> None:
        how.setdefault("source", "/services/intake")
        self.records.append(record(event, event_id=str(self._id()), **how))

    def _id(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)


async def outcome(house: House, story: Story, batches: Sequence[Sequence[Record]]) -> list[list[str]]:
    """All that is left when these batches have come in to an empty house. Cases are numbered by their order."""
    await house.bench.rows(f"TRUNCATE {', '.join(CHANGED_BY_MESSAGES)} CASCADE")
    async with house.bench.database.transaction(Cause.of_person()) as uow:
        for event in story.stored:
            uow.insert(channel_message, **message_row(event, event.channel))
    for batch in batches:
        await house.bench.batches.process(batch)
    assert await house.bench.rows("SELECT id FROM channel_message WHERE state = 'received'") == []
    left = [[repr(row) for row in await house.bench.rows(query)] for query in STATE]
    numbers = sorted(set(_NUMBER.findall("".join(left[5]))))
    place = {number: f"case {order}" for order, number in enumerate(numbers)}
    return [[_NUMBER.sub(lambda found: place[found[0]], row) for row in rows] for rows in left]


@pytest.fixture
async def busy_house(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Four agents, one of them away, and a second channel; time stands still, so that two outcomes can be the same."""
    await house.hire(DEPARTMENTS, AGENTS)
    await house.bench.rows("INSERT INTO channel VALUES ('shop', '\\x00', true, now())")
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return house


@pytest.mark.parametrize(("seed", "calm"), [(1, False), (2, False), (3, True), (4, True)])
async def test_given_messages_when_cut_into_any_batches_then_the_same_comes_of_them(
    busy_house: House, seed: int, calm: bool
) -> None:
    """A batch is a matter of speed alone (IN-01, CH-04)."""
    story = Story(seed, 50, calm=calm)

    one_by_one = await outcome(busy_house, story, [[each] for each in story.records])

    assert await outcome(busy_house, story, [story.records]) == one_by_one
    for _ in range(2):
        assert await outcome(busy_house, story, story.cut()) == one_by_one
