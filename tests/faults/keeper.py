"""Plays the supervisor: whatever role has died is started again, with the pauses of `shared/runtime/restarting.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from deploy.local.child import first_line
from shared.kernel import clock
from shared.runtime.plan import Plan
from shared.runtime.restarting import Restarting
from tests.support.house import House, RunningRole

_LOOK_SECONDS = 0.1
_USUAL = Plan(processes=(), run_dir=Path(), log_dir=Path())
"""Pauses as everywhere."""

Part = tuple[str, str, str]
"""(service, role, label)"""


class Keeper:
    """`run` until cancelled. `leave` keeps its hands off a role, `modules` says what to start in place of the usual."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._began: dict[int, float] = {}
        """When (monotonic) a process was first seen, by its pid."""
        self._due: dict[Part, float] = {}
        """When (monotonic) a role that is dead is started again."""
        self._restarting: dict[Part, Restarting] = {}
        self._left: set[Part] = set()
        self.modules: dict[Part, str] = {}
        self.settings: dict[Part, dict[str, str]] = {}
        self.expected: set[int] = set()
        """Pids that a fault has killed: no surprise."""
        self.crashes: list[str] = []
        """Names of roles that ended by themselves, once for each time."""
        self.last_words: set[str] = set()

    def leave(self, running: RunningRole) -> None:
        """Nobody but the fault itself starts this one again."""
        self._left.add(_part(running))

    def take_back(self, running: RunningRole) -> None:
        """From here on it is started again like the others, and at once: that a fault cut its life short, more than
        once, is no sign of a role that cannot live.
        """
        self._left.discard(_part(running))
        self._restarting.pop(_part(running), None)

    async def run(self) -> None:
        """Looks ten times a second."""
        while True:
            for running in self._house.roles:
                part = _part(running)
                self._began.setdefault(running.pid, clock.monotonic())
                if part in self._left or await asyncio.to_thread(lambda one=running: one.exit_code) is None:
                    continue
                if part in self._left or running not in self._house.roles:  # somebody has put another in its place
                    continue
                self._mourn(part, running)
            await asyncio.sleep(_LOOK_SECONDS)

    def start(self, part: Part, pause: str | None = None) -> RunningRole:
        """Starts a role as it is to be now, perhaps up to a named pause of its work."""
        service, role, label = part
        return self._house.start(
            service, role, pause, settings=self.settings.get(part), label=label, module=self.modules.get(part)
        )

    def _mourn(self, part: Part, running: RunningRole) -> None:
        now = clock.monotonic()
        if part not in self._due:
            restarting = self._restarting.setdefault(part, Restarting(_USUAL))
            self._due[part] = now + restarting.wait_after(now - self._began[running.pid])
            if running.pid not in self.expected:
                self.crashes.append(running.name)
                self.last_words.add(f"{running.name}: {first_line(running.log, 'critical', 'role crashed')[-400:]}")
        elif now >= self._due[part]:
            del self._due[part]
            self.start(part)


def _part(running: RunningRole) -> Part:
    return (running.service, running.role, running.label)
