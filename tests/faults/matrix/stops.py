"""Roles that stand still for longer than session and lease, while another works in their place, and then go on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from shared.kernel import clock
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.run import Run
from tests.faults.scene import Scene

BESIDE = "-beside"
"""Label of the one that works meanwhile."""

_SHORT_SECONDS, _LONG_SECONDS = 12.0, 90.0
"""Both longer than a session (6 s), a lease (3 s) and what a silent sender is given (4 s)."""


def _with_another(service: str, role: str) -> Callable[[Scene], Awaitable[None]]:
    async def prepare(scene: Scene) -> None:
        another = scene.house.start(service, role, label=BESIDE)
        await scene.until(f"{another.name} ready", lambda: another.ready)

    return prepare


def _without(service: str, role: str) -> Callable[[Scene], Awaitable[None]]:
    async def repair(scene: Scene) -> None:
        another = scene.house.role(service, role, BESIDE)
        scene.keeper.leave(another)
        await asyncio.to_thread(another.stop)
        scene.house.forget(another)

    return repair


def _stand_still(service: str, role: str) -> Callable[[Scene, int], Awaitable[Injection]]:
    async def inject(scene: Scene, _number: int) -> Injection:
        running = scene.house.role(service, role)
        began = clock.now()
        os.kill(running.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(scene.seconds(_SHORT_SECONDS, _LONG_SECONDS))
        finally:
            os.kill(running.pid, signal.SIGCONT)
        return Injection(began, clock.now())

    return inject


def _beside_worked(run: Run) -> list[Measure]:
    return [Measure("records sent again", run.sent_again, 500, judged=False)]


def _row(service: str, role: str) -> Fault:
    return Fault(
        f"stop-{role}",
        f"SIGSTOP the {role} of {service}, later SIGCONT, with another beside it",
        events=10_000,
        injections=1,
        inject=_stand_still(service, role),
        recovered=10.0,
        prepare=_with_another(service, role),
        repair=_without(service, role),
        measured=_beside_worked,
    )


FAULTS = (
    _row("complaints", "consumer"),
    _row("intake", "relay"),
    _row("notify", "sender"),
    _row("callbacks", "clock"),
)
