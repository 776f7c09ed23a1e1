"""One seed's world: servers, broker, processes, people, faults; runs until everything has come to rest."""

from __future__ import annotations

import asyncio
import traceback
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts.topics import TOPICS
from shared.messaging.consumer import subscribed
from tests.faults.simulation import services
from tests.faults.simulation.database import IDLE_SECONDS, Server
from tests.faults.simulation.group import Group
from tests.faults.simulation.log import Broker, Message
from tests.faults.simulation.loop import Loop
from tests.faults.simulation.mending import Operator
from tests.faults.simulation.people import People
from tests.faults.simulation.plan import FAULT_SECONDS, LONGEST, Fault, Plan
from tests.faults.simulation.postgres.schema import Shape, read_ddl
from tests.faults.simulation.postgres.select import complete
from tests.faults.simulation.roles import Role, api_main, clock_main, consumer_main, relay_main

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
_CORE = Path(__file__).parents[3] / "shared" / "store"


@cache
def shapes() -> dict[str, Shape]:
    """The core's tables and the scenario's, by their own SQL."""
    files = sorted(_CORE.glob("core_*.sql"))
    made = {shape.name: shape for shape in read_ddl("\n".join(file.read_text() for file in files) + services.DDL)}
    complete(made)
    return made


class World:
    """Everything of one run."""

    def __init__(self, plan: Plan, *, trace: bool = False) -> None:
        self.plan = plan
        self.rng = plan.rng
        self.trace = trace
        self.troubles: list[str] = []
        self.over = False
        self.loop = Loop(self.rng, plan.haste)
        self.broker = Broker(self.loop, self.rng, plan.partitions)
        self.broker.overtaking = plan.overtaking
        for topic in TOPICS:
            self.broker.create(topic)
        self.moods = services.Moods(plan.seed, plan.share_raising)
        self.services = services.services(self.moods)
        self.servers = {name: Server(shapes(), self.rng, self.now) for name in self.services}
        for server in self.servers.values():
            server.slow = plan.slow
        self.groups = {name: Group(self.loop, self.rng, self.broker, subscribed(name)) for name in self.services}
        self.roles: list[Role] = []
        self.people = People(self)
        self.operator = Operator(self)
        self.seen = self.broker.ever

    def now(self) -> datetime:
        """True time, which the databases have."""
        return BEGIN + timedelta(seconds=self.loop.now)

    def note(self, what: str) -> None:
        """One line of the trace."""
        if self.trace:
            print(f"{self.loop.now:9.4f}  {what}")  # noqa: T201 - asked for

    def wrong(self, what: str, error: BaseException | None = None) -> None:
        """Something that must not be."""
        self.troubles.append(what)
        self.note(f"WRONG: {what}")
        if self.trace and error is not None:
            traceback.print_exception(error)

    def run(self) -> None:
        """Until everything rests, or for `LONGEST`."""
        asyncio.events._set_running_loop(self.loop)
        try:
            self._populate()
        finally:
            asyncio.events._set_running_loop(None)
        rested = False

        def look() -> None:
            nonlocal rested
            rested = self.rests()
            if not rested:
                self.loop.at(self.loop.now + 0.7, look)

        self.loop.at(FAULT_SECONDS, self._mend)
        self.loop.at(FAULT_SECONDS + 1.5, look)
        self.loop.run(LONGEST, lambda: rested)
        self.over = True
        if not rested:
            self.wrong(f"no rest after {LONGEST:.0f} s: {self.unrest()}")
        self.loop.close()
        for trouble in self.loop.trouble:
            self.wrong(trouble)

    def _populate(self) -> None:
        mains = {"api": api_main, "relay": relay_main, "clock": clock_main}
        for (service, role), count in self.plan.counts.items():
            main = consumer_main(self.groups[service]) if role == "consumer" else mains[role]
            for number in range(count):
                self.roles.append(Role(self, self.services[service], role, number, main))
        for group in self.groups.values():
            self.loop.world.start(group.watch())
        for act in self.plan.acts:
            self.loop.at(act.at, lambda act=act: self.people.begin(act))  # type: ignore[misc]
        for fault in self.plan.faults:
            self.loop.at(fault.at, lambda fault=fault: self._strike(fault))  # type: ignore[misc]

    def role_of(self, service: str, role: str, number: int = 0) -> Role:
        """A role by its place."""
        found = [each for each in self.roles if each.service.name == service and each.name == role]
        return found[number % len(found)]

    def _strike(self, fault: Fault) -> None:
        self.note(f"fault: {fault}")
        role = self.role_of(fault.service, fault.role, fault.number)
        process, server = role.process, self.servers[fault.service]
        match fault.kind:
            case "kill":
                process.in_steps(fault.steps, process.kill)
            case "stop":
                process.in_steps(fault.steps, lambda: self._stop(role, fault.seconds))
            case "leave":
                role.context.stopping.set()
            case "terminate":
                server.terminate()
            case "database":
                server.stop()
                self.loop.at(self.loop.now + min(fault.seconds, 6.0), server.start)
            case "broker":
                self.broker.away = True
                self.loop.at(self.loop.now + fault.seconds, self._broker_back)
            case "rebalance":
                self.groups[fault.service].rebalance()
            case "replay":
                self._replay(fault.service)
            case "repeat":
                self._repeat()
            case "compact":
                self.broker.compact("parties")
            case "wipe":
                self._wipe(fault.seconds)

    def _wipe(self, seconds: float) -> None:
        """The broker's data are lost. Readers are started anew, relays go on; an operator comes after a while."""
        for role in self.roles:
            if role.name == "consumer":
                role.process.kill()
        self.broker.wipe()
        for group in self.groups.values():
            group.committed = dict.fromkeys(group.places, 0)
            group.rebalance()
        self.operator.begin(self.loop.now + min(seconds, 6.0))

    def _stop(self, role: Role, seconds: float) -> None:
        process = role.process
        if process.alive:
            self.note(f"{process.name} stands still for {seconds:.1f} s")
            process.stop(seconds)
            engine: Any = role.context.database.engine
            self.loop.at(self.loop.now + IDLE_SECONDS, lambda: self._check_idle(role, engine))

    def _check_idle(self, role: Role, engine: Any) -> None:
        if engine.process.alive and engine.process.stopped_until > self.loop.now:
            engine.idle_for_too_long()

    def _broker_back(self) -> None:
        self.broker.away = False
        self.broker.stir()

    def _replay(self, service: str) -> None:
        """Offsets are lost: a part of everything is read again."""
        group = self.groups[service]
        for place in group.places:
            group.committed[place] = int(group.committed[place] * self.rng.random())
        group.rebalance()

    def _repeat(self) -> None:
        """A relay that had slept sends some of what was sent once more, in order."""
        sent = [m for topic in ("parties", "reports", "tickets") for m in self.broker.messages(topic) if m.headers]
        if not sent:
            return
        begin = self.rng.randrange(len(sent))
        for old in sent[begin : begin + 4]:
            self.broker.append(Message(old.topic, old.partition, -1, old.key, old.value, old.headers))

    def _mend(self) -> None:
        """The faults are over."""
        self.note("faults are over")
        self.moods.mended = True
        for server in self.servers.values():
            server.start()
        self._broker_back()
        for role in self.roles:
            role.process.steps_left = None

    def rests(self) -> bool:
        """Whether nothing more is to be expected."""
        return self.unrest() is None

    def unrest(self) -> str | None:
        """What is still going on."""
        if self.people.busy:
            return "people are waiting for answers"
        if self.operator.busy:
            return "the operator is at work"
        if self.broker.late:
            return "records are under way"
        if any(role.process.stopped_until > self.loop.now or not role.process.alive for role in self.roles):
            return "a process stands still"
        for name, server in self.servers.items():
            waiting = [row for row in server.storage.rows("outbox") if row["published_at"] is None]
            stuck = {row["aggregateid"] for row in waiting if row["stuck_reason"] is not None}
            if any(row["aggregateid"] not in stuck for row in waiting):
                return f"{name}'s outbox is not empty"
            if any(row["fired_at"] is None for row in server.storage.rows("timer")):
                return f"{name} has timers to fire"
            if any(row["next_try"] is not None for row in server.storage.rows("held")):
                return f"{name} has held events to try"
        for name, group in self.groups.items():
            if any(group.committed[place] < self.broker.ends[place] for place in group.places):
                return f"{name}'s consumer has not read everything"
        return None
