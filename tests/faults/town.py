"""The four services on real databases with a broker of a few lines, for tests of the checker: it must find nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from deploy.local.demo.cast import DEPARTMENTS, WEB, staff_csv
from deploy.local.layout import SERVICES
from services.callbacks.service import service as callbacks
from services.complaints.service import service as complaints
from services.intake.channels.door import append_message
from services.intake.channels.operator import channel_add
from services.intake.directory.operator import staff_import
from services.intake.service import service as intake
from services.notify.attempts import commands as attempts
from services.notify.providers.result import Accepted, Receipt
from services.notify.receipts import commands as receipts
from services.notify.sender.claiming import claim_due
from services.notify.service import service as notify
from services.notify.settings import settings as notify_settings
from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.contracts.topics import TOPICS
from shared.kernel import clock
from shared.messaging.record import Record
from shared.store.cause import Cause
from tests.faults import witness
from tests.faults.entries import Ledger, Try
from tests.faults.evidence import Evidence
from tests.faults.stores import OwnConnections
from tests.support.core import Bench

_COMPOSITIONS = {"intake": intake, "complaints": complaints, "callbacks": callbacks, "notify": notify}
_UNPUBLISHED = "SELECT * FROM outbox WHERE published_at IS NULL ORDER BY position"


class Town:
    """Doors, consumers, relays and a sender, by hand."""

    def __init__(self, database_of: Callable[[str], str]) -> None:
        self._urls = {service: database_of(service) for service in SERVICES}
        self.benches = {
            service: Bench(replace(_COMPOSITIONS[service], database_url=lambda url=url: url))
            for service, url in self._urls.items()
        }
        self.stores = OwnConnections(self._urls.__getitem__)
        self.ledger = Ledger()
        self.received: list[dict[str, Any]] = []
        self._offset = 0

    async def open(self) -> Town:
        """With staff and a channel."""
        for url in self._urls.values():
            witness.install(url)
        await staff_import(self.benches["intake"].database, DEPARTMENTS, staff_csv("UTC"))
        await channel_add(self.benches["intake"].database, WEB)
        await self.pump()
        return self

    async def close(self) -> None:
        """Gives every connection back."""
        self.stores.close()
        for bench in self.benches.values():
            await bench.database.close()

    async def complain(self, *, mail: bool) -> UUID:
        """Somebody complains; everything that follows by itself has happened, and the person was told."""
        key, message_id, number = str(uuid4()), uuid4(), uuid4().int
        address = {"email": f"{number:032x}@example.org"} if mail else {"phone": f"+8613{number % 10**9:09}"}
        event = ChannelMessageReceived(
            message_id=message_id,
            channel=WEB,
            medium="http",
            purpose="complaint",
            sender=Sender(name="Ada Brook", **address),
            text=f"The tap drips. [{key}]",
            language="en",
            zone="UTC",
            received_at=clock.now(),
        )
        async with self.benches["intake"].database.transaction(Cause.of_person()) as uow:
            append_message(uow, event)
        entry = self.ledger.open("complaint", key)
        entry.thing = str(message_id)
        entry.tries.append(Try(clock.now(), 202, 0.01))
        await self.pump()
        await self.send()
        await self.pump()
        return message_id

    async def pump(self) -> None:
        """Carries every event to all its readers until there is none left."""
        moved = True
        while moved:
            moved = False
            for service in SERVICES:
                for row in self.stores.rows(service, _UNPUBLISHED):
                    moved = True
                    await self._carry(row)
                    statement = "UPDATE outbox SET published_at = now() WHERE position = :position"
                    await self.benches[service].rows(statement, position=row["position"])

    async def send(self) -> None:
        """Everything that is due goes out and is accepted."""
        database, settings = self.benches["notify"].database, notify_settings()
        for channel in ("sms", "email"):
            async with database.transaction(Cause("test")) as uow:
                calls = await claim_due(uow, channel, 500, uuid4(), settings)  # type: ignore[arg-type]
            for call in calls:
                taken = str(uuid4())
                async with database.transaction(Cause("test")) as uow:
                    await attempts.finish(uow, [call.answered(Accepted((taken,)))], settings)
                async with database.transaction(Cause.of_person()) as uow:
                    arrived = Receipt(taken, "delivered", "000", clock.now(), "")
                    await receipts.receive(uow, call.channel, arrived, settings)
                sms = call.channel == "sms"
                self.received.append(
                    {
                        "channel": call.channel,
                        "to": call.outbound.recipient,
                        "text": f"【Frontdesk】{call.outbound.text}" if sms else call.outbound.text,
                        "reference": taken if sms else f"<{call.outbound.message_id}@frontdesk.example>",
                    }
                )

    async def damage(self, service: str, statement: str) -> None:
        """What a broken core might have done."""
        await self.benches[service].rows(statement)

    @property
    def evidence(self) -> Evidence:
        """As a run would hand it to the checker."""
        return Evidence(self.stores, self.ledger, self.received)

    async def _carry(self, row: dict[str, Any]) -> None:
        self._offset += 1
        headers = tuple((name, value.encode()) for name, value in row["headers"].items())
        topic = TOPICS[row["aggregatetype"]]
        record = Record(topic.name, 0, self._offset, row["aggregateid"].encode(), row["payload"], headers)
        for reader in sorted(topic.consumers):
            bench = self.benches[reader]
            if await bench.batches.process([record]):
                await bench.held.look_for_needs()
                await bench.held.run_due()
