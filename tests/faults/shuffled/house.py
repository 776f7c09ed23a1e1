"""All four services in this process, on real databases; topics are queues, and a scheduler says who reads what next.

Edges that are replaced: the broker, and the providers' answers (each message is accepted, each text delivered).
"""

from __future__ import annotations

import importlib
import os
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from deploy.local.demo.cast import DEPARTMENTS, STAFF_NAMES, WEB, Cast, staff_csv, staff_email
from deploy.local.environment import NUMBERS
from deploy.local.layout import SERVICES
from deploy.local.postgres import Postgres
from services.intake.channels.operator import channel_add
from services.intake.directory.operator import staff_import, token
from shared.contracts.topics import TOPICS
from shared.kernel import clock
from shared.messaging.applying import Applier
from shared.messaging.batch import Batches
from shared.messaging.held_retry import HeldRetry
from shared.messaging.record import Record
from shared.messaging.timers import Timers
from shared.runtime.health import Health
from shared.runtime.service import Service
from shared.store.database import Database
from shared.web.app import create_app
from tests.support.databases import Databases

SETTINGS = {
    "FRONTDESK_LAPTOP": "true",
    "FRONTDESK_NOTIFY_NUMBERS": str(list(NUMBERS)).replace("'", '"'),
    # What is due later is due at once; what is due in days is not part of a journey here.
    "FRONTDESK_CALLBACKS_COMPLAINT_DELAY": "PT0S",
    "FRONTDESK_CALLBACKS_VISIT_DELAY": "PT0S",
    "FRONTDESK_INTAKE_VISIT_HOME_AFTER": "PT0S",
}
_BUILD = "shuffled"
_UNPUBLISHED = text(
    "UPDATE outbox SET published_at = now() WHERE published_at IS NULL "
    "RETURNING position, aggregatetype, aggregateid, payload, headers"
)
Lane = tuple[str, str, str]
"""(reader, topic, key): whose order stands."""


@contextmanager
def told() -> Iterator[None]:
    """The environment of services that run here."""
    before = dict(os.environ)
    os.environ |= SETTINGS
    _read_anew()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _read_anew()


def _read_anew() -> None:
    for name in SERVICES:
        importlib.import_module(f"services.{name}.settings").settings.cache_clear()


@dataclass(slots=True)
class Member:
    """One service: what its api, consumer and clock would do."""

    service: Service
    app: FastAPI
    database: Database
    batches: Batches
    held: HeldRetry
    timers: Timers

    def move(self, url: str) -> None:
        """To another database."""
        service, health = replace(self.service, database_url=lambda: url), Health("shuffled")
        self.database = self.app.state.database = Database(url, service.name, pool_size=8)
        self.batches = Batches(self.database, Applier(service, _BUILD), health)
        self.held = HeldRetry(self.database, self.batches, service.group, _BUILD)
        self.timers = Timers(service, self.database)


class House:
    """`prepare` once, then `furnish` before each journey and `clear` after it."""

    def __init__(self, postgres: Postgres, databases: Databases) -> None:
        self._postgres = postgres
        self._databases = databases
        self._templates: dict[str, tuple[str, str]] = {}
        self._names: list[str] = []
        self.members: dict[str, Member] = {}
        self.waiting: dict[Lane, deque[tuple[int, Record]]] = defaultdict(deque)
        self.written = 0
        """Records so far; each reader's copy has the same number."""
        self.bearers: dict[str, str] = {}
        self.zone = Cast(clock.now()).day_zone

    async def prepare(self) -> None:
        """Migrated databases in which every service knows the staff; kept as templates."""
        for name in SERVICES:
            service: Service = importlib.import_module(f"services.{name}.service").service
            self._templates[name] = self._databases.fresh(name)
            nowhere: Any = None
            member = Member(service, create_app(service, nowhere), nowhere, nowhere, nowhere, nowhere)
            self.members[name] = member
            member.move(self._templates[name][1])
        intake = self.members["intake"].database
        await staff_import(intake, DEPARTMENTS, staff_csv(self.zone))
        self.bearers[WEB] = await channel_add(intake, WEB)
        await token(intake, staff_email("host"))  # with the first one comes the key that signs them
        await self._deliver_all()
        await self._close()

    async def furnish(self) -> None:
        """Fresh copies of the databases; staff that has signed in."""
        for name, member in self.members.items():
            copy = f"{self._templates[name][0]}_order"
            self._postgres.clone(self._templates[name][0], copy, owner=name)
            self._names.append(copy)
            member.move(self._templates[name][1].replace(self._templates[name][0], copy))
        for who in STAFF_NAMES:
            self.bearers[who] = (await token(self.members["intake"].database, staff_email(who))).token
        await self._deliver_all()

    async def clear(self) -> None:
        """The copies are gone."""
        await self._close()
        self.waiting.clear()
        for name in self._names:
            self._databases.drop(name)
        self._names.clear()

    async def rows(self, service: str, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        """What a query finds."""
        async with self.members[service].database.connection() as connection:
            return [dict(row) for row in (await connection.execute(text(statement), values)).mappings()]

    async def ask(self, who: str, service: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request to a service's api. Raises HTTPStatusError where it is not 2xx."""
        member = self.members[service]
        transport = httpx.ASGITransport(member.app)
        headers = {"Authorization": f"Bearer {self.bearers[who]}"}
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid5(UUID(int=0), f"{who} {service} {path} {body}"))
        async with httpx.AsyncClient(transport=transport, base_url="http://frontdesk.test", headers=headers) as client:
            answer = await client.request(method, path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        await self.relay(service)
        return found

    async def relay(self, service: str) -> None:
        """What is unpublished comes onto the topics, in order of position."""
        async with self.members[service].database.connection() as connection:
            rows = sorted(await connection.execute(_UNPUBLISHED), key=lambda row: row.position)
        for row in rows:
            self.written += 1
            headers = tuple((name, value.encode()) for name, value in row.headers.items())
            record = Record(
                row.aggregatetype, 0, self.written, row.aggregateid.encode(), row.payload, headers, written_at=0.0
            )
            for reader in sorted(TOPICS[row.aggregatetype].consumers):
                self.waiting[reader, row.aggregatetype, row.aggregateid].append((self.written, record))

    async def deliver(self, reader: str, records: list[Record]) -> None:
        """A batch of one topic, and at once what it releases, as the consumer does it."""
        member = self.members[reader]
        if await member.batches.process(records):
            await member.held.run_released()
        await self.relay(reader)

    async def _deliver_all(self) -> None:
        for name in self.members:
            await self.relay(name)
        while lanes := [lane for lane, queue in self.waiting.items() if queue]:
            lane = min(lanes, key=lambda lane: self.waiting[lane][0])
            await self.deliver(lane[0], [self.waiting[lane].popleft()[1]])

    async def _close(self) -> None:
        for member in self.members.values():
            if member.database is not None:
                await member.database.close()
