"""A company of a few people, its complaints database, and events as they arrive."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from services.complaints.service import service
from services.complaints.tickets import commands, store
from services.complaints.tickets.model import Ticket
from shared.contracts.event import Event
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.party_changed import PartyAddress, PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.contracts.registry import event_types
from shared.contracts.topics import TopicClass
from shared.kernel import clock
from shared.kernel.ids import derived_id
from shared.messaging.record import Record
from shared.store.cause import Cause
from tests.support.core import Bench, record

ADDRESS = "0123456789abcdef0123456789abcdef"


@dataclass
class Company:
    """The complaints service over a real database, without a broker. Staff are known by their first names."""

    url: str
    bench: Bench = field(init=False)
    department: UUID = field(default_factory=uuid4)
    party: UUID = field(default_factory=uuid4)
    staff: dict[str, UUID] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bench = Bench(replace(service, database_url=lambda: self.url))

    async def arrive(self, *events: Event, event_id: str | None = None) -> None:
        """The events come in, each under the next number of its thing."""
        for event in events:
            await self.again(self.numbered(event, event_id=event_id))

    def numbered(self, event: Event, *, event_id: str | None = None) -> Record:
        """The record of an event, to be delivered as often as wanted."""
        if event.topic.kind is TopicClass.FACT:
            return record(event, event_id=event_id)
        number = self._numbers[event.key_value] = self._numbers.get(event.key_value, 0) + 1
        return record(event, number, event_id=event_id)

    async def again(self, *records: Record) -> None:
        """Records come in."""
        for one in records:
            await self.bench.batches.process([one])

    async def hire(self, name: str, *roles: str, department: UUID | None = None, **more: Any) -> UUID:
        """A member of staff; hired again under the same name, they change."""
        staff_id = self.staff.setdefault(name, uuid4())
        await self.arrive(
            StaffChanged(
                staff_id=staff_id,
                name=name,
                email=f"{name}@example.com",
                department_id=department or self.department,
                roles=roles,
                **more,
            )
        )
        return staff_id

    async def open_doors(self) -> None:
        """Hana heads the department, Sun supervises, Chen handles, Qiu does quality; a party is known."""
        hana = await self.hire("hana", "department-manager")
        await self.arrive(DepartmentChanged(department_id=self.department, code="aftersales", name="A", head_id=hana))
        await self.hire("sun", "supervisor")
        await self.hire("chen", "complaint-handler")
        await self.hire("qiu", "quality")
        await self.arrive(
            PartyChanged(
                party_id=self.party,
                name="Li Na",
                addresses=(PartyAddress(address_id=ADDRESS, kind="phone", value="+8613800000001", verified=True),),
            )
        )

    def report(self, **changes: Any) -> ComplaintReported:
        """Somebody complains."""
        values = {
            "report_id": uuid4(),
            "message_id": uuid4(),
            "channel": "web-form",
            "medium": "http",
            "party_id": self.party,
            "address_id": ADDRESS,
            "text": "the tap drips",
            "reported_at": clock.now(),
        }
        return ComplaintReported(**{**values, **changes})

    async def complaint(self, **changes: Any) -> UUID:
        """A registered ticket's id."""
        report = self.report(**changes)
        await self.arrive(report)
        return derived_id("ticket", report.report_id)

    async def resolved(self, **changes: Any) -> UUID:
        """A ticket that Chen has carried through to its first resolution."""
        ticket_id = await self.complaint(**changes)
        chen = self.staff["chen"]
        await self.do(commands.judge, ticket_id, valid=True, by=chen)
        await self.do(commands.assign, ticket_id, by=chen)
        await self.do(commands.investigate, ticket_id, by=chen)
        await self.do(commands.resolve, ticket_id, reason="replaced the seal", by=chen)
        return ticket_id

    async def do(self, command: Any, *values: Any, **named: Any) -> Ticket:
        """A person's command, in a transaction of its own."""
        async with self.bench.database.transaction(Cause.of_person()) as uow:
            ticket: Ticket = await command(uow, *values, **named)
            return ticket

    async def ticket(self, ticket_id: UUID) -> Ticket:
        """The ticket as it is now."""
        async with self.bench.database.transaction(Cause.of_person()) as uow:
            found = await store.get(uow, ticket_id)
        assert found is not None
        return found

    async def published(self, ticket_id: UUID) -> list[Event]:
        """What was told about the ticket, in order."""
        rows = await self.bench.rows(
            "SELECT type, convert_from(payload, 'UTF8') FROM outbox WHERE aggregateid = :id ORDER BY position",
            id=str(ticket_id),
        )
        return [event_types()[type_].decode(payload.encode()) for type_, payload in rows]

    async def told(self, ticket_id: UUID) -> list[str]:
        """The types of what was told about the ticket, in order."""
        return [event.type for event in await self.published(ticket_id)]


def answered(
    ticket_id: UUID, party: UUID, outcome: str, occasion: int = 1, at: datetime | None = None
) -> CallbackCompleted:
    """The party answered a callback."""
    return CallbackCompleted.model_validate(
        {
            "callback_id": uuid4(),
            "rule": "after-resolution",
            "subject_kind": "ticket",
            "subject_id": ticket_id,
            "occasion": occasion,
            "party_id": party,
            "outcome": outcome,
            "completed_at": at or clock.now(),
        }
    )


def given_up(ticket_id: UUID, party: UUID, reason: str = "no-answer", occasion: int = 1) -> CallbackGivenUp:
    """The party could not be asked."""
    return CallbackGivenUp.model_validate(
        {
            "callback_id": uuid4(),
            "rule": "after-resolution",
            "subject_kind": "ticket",
            "subject_id": ticket_id,
            "occasion": occasion,
            "party_id": party,
            "reason": reason,
            "at": clock.now(),
        }
    )
