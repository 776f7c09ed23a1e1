"""Where a fault happens: the running house and everything that a fault may lay hands on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.kernel import clock
from tests.faults.entries import Ledger
from tests.faults.evidence import Place
from tests.faults.keeper import Keeper, Part
from tests.faults.load import Load
from tests.faults.stage import Stage
from tests.faults.stores import OwnConnections
from tests.support.house import House, RunningRole

_PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Scene:
    """One run of one fault."""

    stage: Stage
    stores: OwnConnections
    ledger: Ledger
    keeper: Keeper
    random: random.Random
    long: bool
    began: datetime
    first_open: Callable[[], str | None]
    """Something that is still on its way, None at rest."""
    messages: Callable[[], int]
    """How many messages people have received so far."""
    events_a_second: float
    """As planned."""
    load: Load | None = None
    held_as_meant: set[Place] = field(default_factory=set)
    notes: dict[str, Any] = field(default_factory=dict)
    """What a fault keeps for its own figures."""

    @property
    def house(self) -> House:
        """The roles."""
        return self.stage.house

    def seconds(self, short: float, long: float) -> float:
        """How long something lasts in this form."""
        return long if self.long else short

    async def kill(self, service: str, role: str) -> datetime:
        """kill -9 of a role that works; the keeper starts it again. Returns when."""
        return self._end(await self._at_work(service, role))

    async def kill_at(self, service: str, role: str, pause: str) -> datetime:
        """Kills the role, then its successor at a named point of its work. Returns when the successor died."""
        part: Part = (service, role, "")
        running = await self._at_work(service, role)
        self.keeper.leave(running)
        try:
            self._end(running)
            await self.until(f"{running.name} dead", lambda: running.exit_code is not None)
            paused = self.keeper.start(part, pause)
            await self.until(f"{running.name} at {pause}", paused.pause_file.exists)
            died = self._end(paused)
            await self.until(f"{running.name} dead", lambda: paused.exit_code is not None)
        finally:
            self.keeper.take_back(running)
        return died

    async def deploy(self, part: Part, module: str | None, settings: dict[str, str]) -> None:
        """A role in another build from now on; without a module, its own."""
        self.keeper.modules.pop(part, None)
        if module is not None:
            self.keeper.modules[part] = module
        self.keeper.settings[part] = settings
        running = self.house.role(*part)
        self.keeper.leave(running)
        await asyncio.to_thread(running.stop)
        started = self.keeper.start(part)
        self.keeper.take_back(started)
        await self.until(f"{started.name} ready", lambda: started.ready)

    async def _at_work(self, service: str, role: str) -> RunningRole:
        """The role's process, once it is ready: after the last injection it may still wait to be started again."""

        def works() -> bool:
            running = self.house.role(service, role)
            return running.exit_code is None and running.ready

        await self.until(f"{service} {role} ready", works)
        return self.house.role(service, role)

    def _end(self, running: RunningRole) -> datetime:
        self.keeper.expected.add(running.pid)
        os.kill(running.pid, signal.SIGKILL)
        return clock.now()

    async def until(self, what: str, holds: Callable[[], bool], patience: float = _PATIENCE_SECONDS) -> float:
        """Waits without holding up the load; returns the seconds. Raises TimeoutError."""
        began = clock.monotonic()
        while not await asyncio.to_thread(holds):
            if clock.monotonic() - began > patience:
                raise TimeoutError(f"{what}: not within {patience:.0f} s")
            await asyncio.sleep(0.03)
        return clock.monotonic() - began
