"""What people and outside senders do, and the ledger of what was promised to them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from shared.contracts.events.complaint_reported import ComplaintReported
from shared.runtime.service import RoleContext
from shared.store.cause import Cause
from shared.store.group_commit import Entry, GroupCommit
from tests.faults.simulation import services
from tests.faults.simulation.log import Message

if TYPE_CHECKING:
    from tests.faults.simulation.plan import Act
    from tests.faults.simulation.roles import Role
    from tests.faults.simulation.world import World

_PATIENCE = 4.0
"""Seconds after which a caller hangs up and asks again."""


class Unanswered(Exception):
    """The process went away, or took too long; nobody knows whether it was done."""


class People:
    """Callers of the doors and commands. `ledger`: what was acknowledged."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.busy = 0
        self.reports: dict[str, UUID] = {}
        """Idempotency key → the report's id that was answered."""
        self.events: list[tuple[str, str]] = []
        """(service, event id) of commands that were answered."""
        self.erased: set[str] = set()
        """Parties whose erasure somebody has asked for."""
        self.written_after_erasure: set[str] = set()
        self.reused: set[str] = set()
        self.noise = 0
        self._names = 0
        self._doors: dict[RoleContext, GroupCommit[ComplaintReported]] = {}

    def begin(self, act: Act) -> None:
        """Somebody does something."""
        self.world.loop.world.start(self._act(act))

    async def _act(self, act: Act) -> None:
        self.busy += 1
        try:
            await getattr(self, f"_{act.kind}")(act.subject)
        finally:
            self.busy -= 1

    async def _report(self, number: int) -> None:
        """A door: asked with the same key until it answers."""
        world = self.world
        key = str(UUID(int=world.rng.getrandbits(128)))
        for attempt in range(30):
            report = ComplaintReported(
                report_id=UUID(int=world.rng.getrandbits(128)),
                channel="web-form",
                medium="http",
                party_id=world.plan.parties[number],
                text="the tap drips",
                reported_at=world.now(),
            )
            entry = Entry(
                report,
                {"id": str(report.report_id)},
                Cause.of_person(),
                scope=("caller", "POST /reports", key),
                body_hash=hashlib.sha256(key.encode()).digest(),
            )

            async def ask(context: RoleContext, entry: Entry[ComplaintReported] = entry) -> Any:
                return await self._door(context).submit(entry)

            try:
                answer = await self._call("intake", ask)
            except (Unanswered, DBAPIError):
                await asyncio.sleep(0.1 + world.rng.random())
                continue
            known = self.reports.setdefault(key, UUID(answer["id"]))
            if str(known) != answer["id"]:
                world.wrong(f"idempotency key {key} was answered twice, differently")
            if attempt or world.rng.random() < 0.8:
                return

    def _door(self, context: RoleContext) -> GroupCommit[ComplaintReported]:
        key = id(context.database)
        door = self._doors.get(key)  # type: ignore[call-overload]
        if door is None:
            door = GroupCommit(context.database, services.append_report)
            self._doors[key] = door  # type: ignore[index]
        return door

    async def _change(self, number: int) -> None:
        """A command that is asked until it has been done: nobody may wait for a party for ever."""
        party = self.world.plan.parties[number]
        if str(party) in self.erased:
            self.written_after_erasure.add(str(party))
        self._names += 1
        await self._party(party, f"name {self._names}", erase=False)

    async def _erase(self, number: int) -> None:
        party = self.world.plan.parties[number]
        self.erased.add(str(party))
        await self._party(party, "", erase=True)

    async def _party(self, party: UUID, name: str, *, erase: bool) -> None:
        async def ask(context: RoleContext) -> Any:
            async with context.database.transaction(Cause.of_person()) as uow:
                return await services.change_party(uow, party, name, erase=erase)

        for _ in range(30):
            try:
                await self._call("intake", ask)
            except (Unanswered, DBAPIError):
                await asyncio.sleep(0.1 + self.world.rng.random())
                continue
            return

    async def _step(self, number: int) -> None:
        """A command that is asked once."""
        known = self.world.servers["complaints"].storage.rows("thing")
        if not known:
            return
        ticket = known[number % len(known)]["id"]

        async def ask(context: RoleContext) -> Any:
            async with context.database.transaction(Cause.of_person()) as uow:
                return await services.step_by_person(uow, ticket)

        try:
            event_id = await self._call("complaints", ask)
        except (Unanswered, DBAPIError):
            return
        if event_id is not None:
            self.events.append(("complaints", event_id))

    async def _reuse(self, number: int) -> None:
        """Somebody sends other words under the id of a report that was sent before."""
        sent = [m for m in self.world.broker.messages("reports") if m.header("ce_id") not in {"", *self.reused}]
        if not sent:
            return
        old = sent[number % len(sent)]
        self.reused.add(old.header("ce_id"))
        value = (old.value or b"").replace(b"the tap drips", b"the roof leaks")
        self.world.broker.append(Message(old.topic, old.partition, -1, old.key, value, old.headers))

    async def _noise(self, _number: int) -> None:
        """Bytes that are no event."""
        self.noise += 1
        self.world.broker.append(Message("reports", 0, -1, b"k", b"\xff\xfe no event", ()))

    async def _call(self, service: str, ask: Callable[[RoleContext], Awaitable[Any]]) -> Any:
        """Runs in the api's process; the answer comes back, unless that dies or takes too long."""
        role: Role = self.world.role_of(service, "api")
        process = role.process
        if not process.alive:
            raise Unanswered
        answer = self.world.loop.create_future()

        async def serve() -> None:
            try:
                given = await ask(role.context)
            except Exception as error:  # noqa: BLE001 - told to the caller
                if not answer.done():
                    answer.set_exception(error)
                return
            await asyncio.sleep(self.world.rng.random() * 0.002)
            if not answer.done():
                answer.set_result(given)

        process.at_death.append(lambda: None if answer.done() else answer.set_exception(Unanswered()))
        process.start(serve())
        try:
            async with asyncio.timeout(_PATIENCE):
                return await answer
        except TimeoutError:
            raise Unanswered from None
