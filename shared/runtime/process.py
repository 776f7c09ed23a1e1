"""One process: its roles side by side in one event loop, from the first to the drained last."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from functools import partial

from shared.runtime.health import Health
from shared.runtime.roles import DRAIN_SECONDS, pool_size, runner
from shared.runtime.service import RoleContext, RunRole, Service
from shared.runtime.settings import CommonSettings
from shared.runtime.state import StateFile, beat
from shared.store.database import Database
from shared.telemetry.logs import in_role, logger, uncaught_in_loop
from shared.telemetry.tracing import Telemetry

CLEAN = 0
CRASHED = 1

_COLLECT_AFTER = 20_000
"""Objects made and not yet freed before the collector looks at them: some megabytes at most; the default is 700."""

_GOODBYE_SECONDS = 2.0
"""For a role that was told to give up; then the process ends however it stands. Less than a supervisor waits."""

log = logger(__name__)


def state_file(service: Service, roles: tuple[str, ...], settings: CommonSettings) -> StateFile | None:
    """Where this process tells its health, if anywhere."""
    if settings.run_dir is None:
        return None
    return StateFile(settings.run_dir, settings.process_name or "-".join((service.name, *roles)))


async def run_roles(service: Service, roles: tuple[str, ...], telemetry: Telemetry) -> int:
    """Runs until SIGTERM or SIGINT, then: not ready → stop taking → finish what is in flight → leave.

    Returns 0; 1 where a role crashed, ended by itself, or did not drain within 10 s. What it left undone is not lost:
    nothing is acknowledged before it is committed.
    """
    settings = service.settings()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(uncaught_in_loop)
    stopping = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(asked, stopping.set)
    database = Database(service.database_url(), service.name, pool_size=pool_size(roles))
    if telemetry.on:
        from shared.telemetry.instrumenting import instrument_database

        instrument_database(database)
    healths = [Health(role) for role in roles]
    file = state_file(service, roles, settings)
    beating = asyncio.create_task(beat(service.name, roles, healths, stopping, file, settings.supervisor))
    tasks = []
    for health in healths:
        context = RoleContext(service, database, settings, health, stopping)
        run = _api(healths, telemetry) if health.role == "api" else runner(service, health.role)
        tasks.append(asyncio.create_task(_run(run, context), name=health.role))
    if settings.health_port is not None and "api" not in roles:
        from shared.runtime.http import serve_health

        serving = serve_health(settings.health_host, settings.health_port, healths, stopping)
        tasks.append(asyncio.create_task(serving, name="health"))
    _calm_collector()
    try:
        return await _until_drained(tasks, healths, stopping)
    finally:
        beating.cancel()
        await database.close()
        if file is not None:
            file.remove()


def _calm_collector() -> None:
    """By its defaults Python's cyclic collector walks over all that is loaded, many times a second: a third of a busy
    role's time. What is loaded stays, and is looked at no more; what comes is looked at less often.
    """
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 10, 10)


def _api(healths: list[Health], telemetry: Telemetry) -> RunRole:
    from shared.runtime.http import run_api

    return partial(run_api, healths=healths, traced=telemetry.on)


async def _run(run: RunRole, context: RoleContext) -> None:
    in_role(context.health.role)
    log.info("role starts")
    await run(context)


async def _until_drained(tasks: list[asyncio.Task[None]], healths: list[Health], stopping: asyncio.Event) -> int:
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait((stopped, *tasks), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    code = CLEAN if stopping.is_set() else CRASHED
    for task in tasks:
        if task.done() and code == CRASHED and task.exception() is None:
            log.error("role ended although nobody asked it to", role=task.get_name())
    for health in healths:
        health.leave()
    stopping.set()
    by_force = threading.Timer(DRAIN_SECONDS + _GOODBYE_SECONDS, _leave_by_force)
    by_force.daemon = True
    by_force.start()
    _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
    for task in late:
        log.error("role did not finish what was in flight", role=task.get_name(), seconds=DRAIN_SECONDS)
        task.cancel()
        code = CRASHED
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for task, result in zip(tasks, ended, strict=True):
        if isinstance(result, BaseException) and task not in late:
            log.error("role crashed", role=task.get_name(), exc_info=result)
            code = CRASHED
    if not late:
        by_force.cancel()
    log.info("leaving", code=code)
    return code


def _leave_by_force() -> None:
    """Faust's thread asks an absent broker for ever to take an offset; no loop and no interpreter gets past it."""
    log.error("process ends as it stands")
    os._exit(CRASHED)
