"""Processes of the services: the real roles, started again when they die."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError

from shared.messaging import clock_role, relay
from shared.messaging.applying import Applier
from shared.messaging.batch import Batches, is_away
from shared.messaging.brake import Brake
from shared.messaging.held_retry import HeldRetry
from shared.messaging.new_reader import read_states
from shared.messaging.record import Record
from shared.runtime.health import Health
from shared.runtime.service import RoleContext, Service
from shared.runtime.settings import CommonSettings
from tests.faults.simulation.database import SimulatedDatabase
from tests.faults.simulation.group import Group, Member
from tests.faults.simulation.loop import Process

if TYPE_CHECKING:
    from tests.faults.simulation.world import World

Main = Callable[[RoleContext], Awaitable[None]]


@cache
def settings() -> CommonSettings:
    """Read once: it costs more than a whole transaction."""
    return CommonSettings(code_version="simulated")


class Role:
    """One role of one service, for as long as the world stands: process after process."""

    def __init__(self, world: World, service: Service, name: str, number: int, main: Main) -> None:
        self.world = world
        self.service = service
        self.name = name
        self.number = number
        self.main = main
        self.deaths = 0
        self.process: Process
        self.context: RoleContext
        self.start()

    def start(self) -> None:
        """A fresh process."""
        world = self.world
        title = f"{self.service.name}-{self.name}-{self.number}.{self.deaths}"
        skew = (world.rng.random() - 0.5) * 2 * world.plan.skew
        self.process = process = world.loop.process(title, skew)
        database = SimulatedDatabase(world.servers[self.service.name], process, self.service.name)
        self.context = RoleContext(self.service, database, settings(), Health(self.name), asyncio.Event())
        process.at_death.append(self._died)
        task = process.start(self._run())  # type: ignore[arg-type]
        task.add_done_callback(lambda done: self._ended(process, done))

    async def _run(self) -> None:
        await self.main(self.context)

    def _ended(self, process: Process, task: asyncio.Task[None]) -> None:
        if not process.alive or task.cancelled():
            return
        error = task.exception()
        if error is not None and not (is_away(error) or isinstance(error, KafkaError | TimeoutError)):
            self.world.wrong(f"{process.name} ended by {type(error).__name__}: {error}", error)
        process.kill()

    def _died(self) -> None:
        self.deaths += 1
        loop = self.world.loop
        self.world.note(f"{self.process.name} is gone")
        if not self.world.over:
            loop.at(loop.now + 0.3 + self.world.rng.random(), self._again)

    def _again(self) -> None:
        if not self.world.over:
            self.start()


async def relay_main(context: RoleContext) -> None:
    """The real relay role."""
    await relay.run(context)


async def clock_main(context: RoleContext) -> None:
    """The real clock role."""
    await clock_role.run(context)


async def api_main(context: RoleContext) -> None:
    """Stands there; what it is asked runs as tasks of its process."""
    await context.stopping.wait()


def consumer_main(group: Group) -> Main:
    """The consumer role, with the simulated group around the real lanes, batches and held events."""

    async def run(context: RoleContext) -> None:
        settings, group_name = context.settings, context.service.group
        build = settings.code_version
        brake = Brake(context.database, group_name, build, things=settings.brake_things, window=settings.brake_window)
        broker = group.broker
        batches = Batches(context.database, Applier(context.service, build), context.health, brake, broker.is_shortened)
        held = HeldRetry(context.database, batches, group_name, build, brake)

        async def handle(records: list[Record]) -> None:
            released = await batches.process(records)
            if released:
                await held.look_for_needs()
                await held.run_due()

        await read_states(context, batches)
        process = _own_process(context)
        await Member(group, process, handle).work()

    return run


def _own_process(context: RoleContext) -> Process:
    engine: Any = context.database.engine
    process: Process = engine.process
    return process
