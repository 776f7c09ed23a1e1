"""Builders: the notify service on a real database, fed with events as its consumer would be, sending as its sender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text

from services.notify.attempts import commands as attempts
from services.notify.attempts import store as attempt_store
from services.notify.inbound import commands as inbound
from services.notify.providers.result import InboundSms, Receipt, ReceiptState, SendResult
from services.notify.receipts import commands as receipts
from services.notify.receiver.mail import InboundMail
from services.notify.sender.claiming import Call, claim_due, decide_overdue
from services.notify.service import service
from services.notify.settings import settings
from shared.contracts.event import Event
from shared.contracts.events.callback_due import CallbackDue
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.party_changed import PartyAddress, PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.contracts.events.visit_approved import VisitApproved
from shared.contracts.events.visit_changed import VisitChanged
from shared.contracts.topics import TopicClass
from shared.kernel import clock
from shared.kernel.ids import address_id
from shared.messaging.record import Record
from shared.store.cause import Cause
from tests.support.core import Bench, record, tombstone

SENDER = uuid4()


class World:
    """A service, its events numbered per thing, and what came of them."""

    def __init__(self, url: str) -> None:
        self.bench = Bench(replace(service, database_url=lambda: url))
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._offset = 0

    async def tell(self, *events: Event, age: timedelta = timedelta(0), event_id: str | None = None) -> None:
        """Hands events to the consumer, each the next about its thing."""
        for event in events:
            await self.bench.batches.process([self._record(event, age=age, event_id=event_id)])

    async def tell_at_once(self, *events: Event) -> None:
        """Hands events of one topic to the consumer as one batch."""
        await self.bench.batches.process([self._record(event) for event in events])

    def _record(self, event: Event, **more: Any) -> Record:
        number = None
        if event.topic.kind is not TopicClass.FACT:
            self._numbers[(event.topic.name, event.key_value)] += 1
            number = self._numbers[(event.topic.name, event.key_value)]
        self._offset += 1
        return record(event, number, offset=self._offset, **more)

    async def erase(self, party_id: UUID) -> None:
        """Hands the tombstone of a party to the consumer."""
        self._numbers[("parties", str(party_id))] += 1
        number = self._numbers[("parties", str(party_id))]
        await self.bench.batches.process([tombstone(PartyChanged, party_id, number)])

    async def party(self, *addresses: PartyAddress, zone: str | None = None, **changes: Any) -> PartyChanged:
        """A party that the service knows; by default with a phone, where it is morning."""
        known = PartyChanged(
            party_id=uuid4(),
            name=changes.pop("name", "李四"),
            addresses=addresses or (phone(),),
            zone=zone or zone_at(10),
            **changes,
        )
        await self.tell(known)
        return known

    async def staff(self, **changes: Any) -> StaffChanged:
        """A member of staff that the service knows."""
        staff_id = uuid4()
        known = StaffChanged(
            staff_id=staff_id,
            name=changes.pop("name", "王五"),
            email=f"s{staff_id.hex[:8]}@frontdesk.example",
            department_id=uuid4(),
            **changes,
        )
        await self.tell(known)
        return known

    async def claim(self, *channels: str, most: int = 50) -> list[Call]:
        """What a sender would bring out now, attempts written."""
        calls: list[Call] = []
        for channel in channels or ("sms", "email"):
            async with self.bench.database.transaction(Cause("test")) as uow:
                calls += await claim_due(uow, channel, most, SENDER, settings())  # type: ignore[arg-type]
        return calls

    async def decide(self) -> list[Call]:
        """Makes every doubt due and decides it; the repeats."""
        await self.bench.rows("UPDATE message SET decide_at = now() - interval '1 s' WHERE decide_at IS NOT NULL")
        async with self.bench.database.transaction(Cause("test")) as uow:
            return await decide_overdue(uow, 50, SENDER, settings())

    async def answer(self, call: Call, result: SendResult) -> None:
        """Stores what the provider answered to a call."""
        await self.answer_all({call: result})

    async def answer_all(self, results: Mapping[Call, SendResult]) -> None:
        """Stores what the provider answered to calls at the same moment."""
        async with self.bench.database.transaction(Cause("test")) as uow:
            await attempts.finish(uow, [call.answered(result) for call, result in results.items()], settings())

    async def receipt(
        self, provider_id: str, state: ReceiptState = "delivered", code: str = "000", *, about: str = ""
    ) -> None:
        """The SMSC brings a receipt."""
        async with self.bench.database.transaction(Cause.of_person()) as uow:
            await receipts.receive(uow, "sms", Receipt(provider_id, state, code, clock.now(), about), settings())

    async def sms(self, sender: str, recipient: str, words: str, provider_id: str | None = None) -> str | None:
        """A phone sends a text to one of our numbers."""
        async with self.bench.database.transaction(Cause.of_person()) as uow:
            return await inbound.receive_sms(
                uow, InboundSms(sender, recipient, words, provider_id or str(uuid4()), clock.now()), settings()
            )

    async def mail(self, **changes: Any) -> str | None:
        """A mail comes in."""
        values: dict[str, Any] = {
            "message_id": f"<{uuid4()}@example.org>",
            "from_address": "li@example.org",
            "to_address": "frontdesk@frontdesk.example",
            "token": None,
            "in_reply_to": None,
            "references": (),
            "subject": "Hello",
            "text": "Good day",
            "auto": False,
            "bulk": False,
            "report": None,
            "dkim_aligned": False,
            "received_at": clock.now(),
        }
        async with self.bench.database.transaction(Cause.of_person()) as uow:
            return await inbound.receive_mail(uow, InboundMail(**{**values, **changes}), settings())

    async def sender_dies(self) -> int:
        """Time passes until the sender of all open attempts counts as dead; how many were given up."""
        await self.bench.rows("UPDATE attempt SET started_at = started_at - interval '1 hour' WHERE result IS NULL")
        async with self.bench.database.transaction(Cause("test")) as uow:
            return await attempts.give_up_abandoned(uow, settings())

    async def sender_says_alive(self) -> None:
        """The sender's heartbeat."""
        async with self.bench.database.transaction(Cause("test")) as uow:
            await attempt_store.says_alive(uow, SENDER)

    async def messages(self, **where: Any) -> list[dict[str, Any]]:
        """Rows of `message`, oldest first."""
        rows = await self.bench.rows("SELECT to_jsonb(message) FROM message ORDER BY accepted_at, channel, rule")
        return [row for row in rows if all(str(row[name]) == str(value) for name, value in where.items())]

    async def message(self, **where: Any) -> dict[str, Any]:
        """The one row that fits."""
        (row,) = await self.messages(**where)
        return row

    async def told(self, type_: str) -> list[dict[str, Any]]:
        """What was published under this type, in order."""
        rows = await self.bench.rows("SELECT payload FROM outbox WHERE type = :type ORDER BY position", type=type_)
        return [orjson.loads(payload) for payload in rows]

    async def make_due(self) -> None:
        """What was deferred is due now."""
        async with self.bench.database.connection() as connection:
            await connection.execute(text("UPDATE message SET send_after = now() WHERE state = 'scheduled'"))


def phone(number: str = "+8613900000001", *, verified: bool = True) -> PartyAddress:
    """A phone with the id that an inbound SMS from it gets."""
    return PartyAddress(address_id=_id("phone", number), kind="phone", value=number, verified=verified)


def email(address: str = "li@example.org", *, verified: bool = False) -> PartyAddress:
    """A mailbox with the id that an inbound mail from it gets."""
    return PartyAddress(address_id=_id("email", address), kind="email", value=address, verified=verified)


def _id(kind: Any, value: str) -> str:
    return address_id(settings().address_secret.get_secret_value().encode(), kind, value)


def zone_at(hour: int) -> str:
    """A zone where it is now about `hour` o'clock."""
    east = (hour - clock.now().hour + 36) % 24 - 12
    # POSIX signs: Etc/GMT-8 lies eight hours east of Greenwich.
    return "Etc/GMT" if east == 0 else f"Etc/GMT{-east:+d}"


def opened(party: PartyChanged, **changes: Any) -> ComplaintOpened:
    """A ticket of that party."""
    now = clock.now()
    values: dict[str, Any] = {
        "ticket_id": uuid4(),
        "report_id": uuid4(),
        "number": "T-7",
        "category": "other",
        "severity": "minor",
        "channel": "web-form",
        "party_id": party.party_id,
        "address_id": party.addresses[0].address_id,
        "opened_at": now,
        "first_reply_due": now + timedelta(hours=24),
        "solution_due": now + timedelta(hours=24),
    }
    return ComplaintOpened(**{**values, **changes})


def due(party: PartyChanged, **changes: Any) -> CallbackDue:
    """A callback that asks that party by message."""
    now = clock.now()
    values: dict[str, Any] = {
        "callback_id": uuid4(),
        "rule": "complaint-resolved",
        "subject_kind": "ticket",
        "subject_id": uuid4(),
        "subject_number": "T-7",
        "occasion": 1,
        "attempt": 1,
        "party_id": party.party_id,
        "mode": "message",
        "due": now,
        "answer_until": now + timedelta(days=7),
    }
    return CallbackDue(**{**values, **changes})


def approved(party: PartyChanged, host: StaffChanged, **changes: Any) -> VisitApproved:
    """A visit of that party to that host, the day after tomorrow."""
    arrival: datetime = changes.pop("arrival", clock.now() + timedelta(days=2))
    values: dict[str, Any] = {
        "visit_id": uuid4(),
        "revision": 1,
        "party_id": party.party_id,
        "host_id": host.staff_id,
        "arrival": arrival,
        "departure": arrival + timedelta(hours=3),
    }
    return VisitApproved(**{**values, **changes})


def a_day_later(visit: VisitApproved) -> VisitChanged:
    """The same visit, rescheduled."""
    return VisitChanged(
        visit_id=visit.visit_id,
        revision=visit.revision + 1,
        change="rescheduled",
        party_id=visit.party_id,
        host_id=visit.host_id,
        arrival=visit.arrival + timedelta(days=1),
        departure=visit.departure + timedelta(days=1),
    )
