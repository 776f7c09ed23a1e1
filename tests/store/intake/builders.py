"""A small house: its staff imported from CSV, its doors open, its own state topics read back as a broker would."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.intake.channels.operator import channel_add
from services.intake.directory.imports import Imported
from services.intake.directory.operator import staff_import
from services.intake.parties.model import Address, Claim
from services.intake.service import service
from services.intake.settings import settings
from services.intake.visits import requesting, store
from services.intake.visits.model import Visit
from services.intake.visits.requesting import Wish
from shared.contracts.event import Event
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.contracts.registry import event_types
from shared.contracts.topics import TOPICS, TopicClass
from shared.kernel import clock
from shared.messaging.reactions import Timer
from shared.messaging.record import Record
from shared.store.cause import Cause
from tests.support.core import Bench, record

DEPARTMENTS = """
    code,name,parent,head
    house,The house,,gina@example.com
    sales,Sales,house,hana@example.com
"""
STAFF = """
    email,name,department,manager,substitute,roles,phone
    gina@example.com,Gina,house,,,general-manager,
    hana@example.com,Hana,sales,gina@example.com,sid@example.com,department-manager,
    sid@example.com,Sid,sales,hana@example.com,,supervisor,
    tom@example.com,Tom,sales,hana@example.com,,liaison,+8613900000001
    amy@example.com,Amy,house,gina@example.com,,agent,
    rita@example.com,Rita,house,gina@example.com,,reception,
"""


def sheet(text: str) -> str:
    """CSV without the indentation of a test."""
    return textwrap.dedent(text).strip() + "\n"


def phone(number: str, *, verified: bool = False) -> Address:
    """A phone number as an address."""
    return Address.of(settings().address_secret.get_secret_value().encode(), "phone", number, verified=verified)


def claim(name: str | None, number: str = "+8613800000001", *, verified: bool = False, vouched: bool = False) -> Claim:
    """Somebody says to be `name`, from `number`."""
    return Claim(name, (phone(number, verified=verified),), vouched=vouched)


def message(**changes: Any) -> ChannelMessageReceived:
    """Somebody wrote over a channel."""
    values: dict[str, Any] = {
        "message_id": uuid4(),
        "channel": "web-form",
        "medium": "http",
        "purpose": "complaint",
        "sender": Sender(name="Li Na", phone="+8613800000001"),
        "text": "the tap drips",
        "received_at": clock.now(),
    }
    return ChannelMessageReceived(**{**values, **changes})


@dataclass
class House:
    """intake over a real database, without a broker. Staff are known by their first names."""

    url: str
    bench: Bench = field(init=False)
    staff: dict[str, UUID] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    key: str = ""
    _read_back: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bench = Bench(replace(service, database_url=lambda: self.url))

    async def open_doors(self) -> None:
        """Everybody of the two sheets works here; `web-form` is a channel."""
        imported = await self.hire(DEPARTMENTS, STAFF)
        self.passwords = {email.partition("@")[0]: word for email, word in imported.passwords.items()}
        self.key = await channel_add(self.bench.database, "web-form")

    async def hire(self, departments: str, staff: str) -> Imported:
        """Imports the sheets; what was published comes back."""
        imported = await staff_import(self.bench.database, sheet(departments), sheet(staff))
        rows = await self.bench.rows("SELECT split_part(email, '@', 1), id FROM staff")
        self.staff = dict(rows)
        await self.read_back()
        return imported

    async def read_back(self) -> None:
        """intake's own state topics arrive at its own consumer."""
        rows = await self.bench.rows(
            "SELECT position, aggregatetype, aggregateid, payload, headers FROM outbox "
            "WHERE position > :after ORDER BY position",
            after=self._read_back,
        )
        for position, topic, key, payload, headers in rows:
            self._read_back = position
            if TOPICS[topic].kind is TopicClass.STATE:
                raw = tuple((name, value.encode()) for name, value in headers.items())
                await self.again(Record(topic, 0, position, key.encode(), payload, raw))

    async def arrive(self, *events: Event, **how: Any) -> None:
        """The events come in, each under the next number of its thing."""
        for event in events:
            await self.again(self.numbered(event, **how))

    def numbered(self, event: Event, **how: Any) -> Record:
        """The record of an event, to be delivered as often as wanted."""
        if event.topic.kind is TopicClass.FACT:
            return record(event, **how)
        number = self._numbers[event.key_value] = self._numbers.get(event.key_value, 0) + 1
        return record(event, number, **how)

    async def again(self, *records: Record) -> None:
        """Records come in."""
        for one in records:
            await self.bench.batches.process([one])

    async def do(self, command: Any, *values: Any, **named: Any) -> Any:
        """A person's command, in a transaction of its own; the house then knows what it published."""
        async with self.bench.database.transaction(Cause.of_person()) as uow:
            result = await command(uow, *values, **named)
        await self.read_back()
        return result

    async def published(self, topic: str) -> list[Event]:
        """What was told on a topic, in order."""
        rows = await self.bench.rows(
            "SELECT type, convert_from(payload, 'UTF8') FROM outbox WHERE aggregatetype = :topic ORDER BY position",
            topic=topic,
        )
        return [event_types()[type_].decode(payload.encode()) for type_, payload in rows]

    async def told(self, topic: str) -> list[str]:
        """The types of what was told on a topic, in order."""
        return [event.type for event in await self.published(topic)]

    async def timers(self) -> dict[str, datetime]:
        """kind → due of every pending timer about a visit."""
        return dict(await self.bench.rows("SELECT kind, due FROM timer WHERE fired_at IS NULL AND kind LIKE 'visit-%'"))

    async def fire(self, kind: str, *, now: datetime | None = None) -> None:
        """The pending timer of that kind falls due."""
        handler = next(handler for handler in service.timers if handler.kind == kind)
        rows = await self.bench.rows(
            "UPDATE timer SET fired_at = now() WHERE kind = :kind AND fired_at IS NULL "
            "RETURNING id, subject, due, data",
            kind=kind,
        )
        for id_, subject, due, data in rows:
            async with self.bench.database.transaction(Cause.of_timer(id_, "test", None, 0)) as uow:
                uow.now = now or uow.now
                uow.permit.publishes = handler.publishes
                await handler.run(uow, Timer(id_, kind, subject, due, data))

    async def visit(self, visit_id: UUID) -> Visit:
        """The visit as it is now."""
        found = await self.do(store.get, visit_id)
        assert isinstance(found, Visit)
        return found

    async def ask(self, requester: str | None = "amy", host: str = "tom", **changes: Any) -> Visit:
        """A visit that somebody of the house, or a guest, asks for."""
        visit = await self.do(
            requesting.request,
            wish(**changes),
            kind="business",
            guest=claim("Wang Wei", vouched=requester is not None),
            host_id=self.staff[host],
            zone=None,
            requester_id=self.staff[requester] if requester else None,
        )
        assert isinstance(visit, Visit)
        return visit

    def ids(self, names: Sequence[str]) -> list[UUID]:
        """The staff ids of these people."""
        return [self.staff[name] for name in names]


def wish(days: float = 30, **changes: Any) -> Wish:
    """So many days from now, for three hours."""
    arrival = clock.now() + timedelta(days=days)
    values: dict[str, Any] = {
        "arrival": arrival,
        "departure": arrival + timedelta(hours=3),
        "purpose": "to see the plant",
        "head_count": 2,
    }
    return Wish(**{**values, **changes})
