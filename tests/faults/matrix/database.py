"""PostgreSQL stopped at once, its sessions ended, its connections used up, its rows locked by somebody who sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import timedelta

import psycopg

from deploy.local.layout import SERVICES
from shared.kernel import clock
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.run import Run
from tests.faults.scene import Scene

_OURS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY(%s) AND pid <> pg_backend_pid()"
_LOCKS = (
    "SELECT 1 FROM inbox WHERE (topic, key) IN (SELECT topic, key FROM witness ORDER BY number DESC LIMIT 30) "
    "ORDER BY source, key FOR UPDATE",
    "SELECT 1 FROM sequence WHERE (topic, key) IN (SELECT aggregatetype, aggregateid FROM outbox "
    "ORDER BY position DESC LIMIT 30) ORDER BY topic, key FOR UPDATE",
    "SELECT 1 FROM outbox WHERE published_at IS NULL ORDER BY position FOR UPDATE",
)
"""What is in motion just now: the things that a service applied and wrote about last."""
_HANDLES = ("complaint", "enquiry", "visit")


async def _immediate_stop(scene: Scene, _number: int) -> Injection:
    postgres = scene.stage.postgres
    pid = postgres.pid
    assert pid is not None
    began = clock.now()
    signal_at_once(pid)
    await scene.until("PostgreSQL gone", lambda: postgres.exit_code is not None)
    await asyncio.sleep(scene.seconds(3.0, 10.0))
    postgres.launch()  # by the main thread: a server ends with the thread that started it
    await asyncio.to_thread(postgres.wait_ready)
    return Injection(began, clock.now())


def signal_at_once(pid: int) -> None:
    """SIGQUIT: PostgreSQL's immediate shutdown, without a checkpoint; it recovers from its log."""
    os.kill(pid, signal.SIGQUIT)


async def _backends_terminated(scene: Scene, _number: int) -> Injection:
    began = clock.now()
    async with await _superuser(scene) as connection:
        await connection.execute(_OURS, (list(SERVICES),))
    return Injection(began, clock.now())


async def _connections_used_up(scene: Scene, _number: int) -> Injection:
    """Every connection that the server has left is taken, then those of the services are ended."""
    began = clock.now()
    taken: list[psycopg.AsyncConnection[tuple[object, ...]]] = []
    url = scene.stage.postgres.superuser_url()
    async with await _superuser(scene) as ender:
        try:
            until = clock.monotonic() + scene.seconds(6.0, 30.0)
            while clock.monotonic() < until:
                with contextlib.suppress(psycopg.OperationalError):
                    while True:
                        taken.append(await psycopg.AsyncConnection.connect(url))
                await ender.execute(_OURS, (list(SERVICES),))
                await asyncio.sleep(0.2)
        finally:
            for connection in taken:
                await connection.close()
    return Injection(began, clock.now())


async def _blocker(scene: Scene, _number: int) -> Injection:
    """In each service somebody has locked rows of the things of today, and sleeps in the transaction."""
    began = clock.now()
    seconds = scene.seconds(8.0, 60.0)
    async with contextlib.AsyncExitStack() as stack:
        for service in SERVICES:
            name = scene.house.url(service).rpartition("/")[2]
            url = scene.stage.postgres.superuser_url(name)
            connection = await stack.enter_async_context(await psycopg.AsyncConnection.connect(url))
            for statement in _LOCKS:
                await connection.execute(statement)
        await asyncio.sleep(seconds)
    return Injection(began, clock.now())


async def _superuser(scene: Scene) -> psycopg.AsyncConnection[tuple[object, ...]]:
    return await psycopg.AsyncConnection.connect(scene.stage.postgres.superuser_url(), autocommit=True)


def _answers_again(run: Run) -> list[Measure]:
    """Until a caller gets a good answer again, after the database is back."""
    longest = 0.0
    for injection in run.injections:
        good = [
            each.at + timedelta(seconds=each.seconds)
            for entry in run.scene.ledger.of(*_HANDLES)
            for each in entry.tries
            if each.good and each.at >= injection.over
        ]
        longest = max(longest, (min(good) - injection.over).total_seconds() if good else float("inf"))
    return [Measure("a good answer again after (s)", round(longest, 2), 3.0)]


FAULTS = (
    Fault(
        "postgres-immediate-stop",
        "PostgreSQL's immediate stop, and its recovery",
        events=20_000,
        injections=3,
        inject=_immediate_stop,
        recovered=3.0,
        measured=_answers_again,
    ),
    Fault(
        "postgres-backends-ended",
        "every session of the services ended",
        events=20_000,
        injections=5,
        inject=_backends_terminated,
        recovered=3.0,
        measured=_answers_again,
    ),
    Fault(
        "postgres-connections-used-up",
        "no connection is to be had",
        events=20_000,
        injections=2,
        inject=_connections_used_up,
        recovered=3.0,
        measured=_answers_again,
    ),
    Fault(
        "postgres-blocker",
        "rows locked by somebody idle in transaction",
        events=20_000,
        injections=2,
        inject=_blocker,
        recovered=35.0,
        measured=_answers_again,
    ),
)
