"""B5: a consumer works off a backlog: inbox, a domain row and an outbox row per event, committed.

The rate is taken from the clock in the rows, from the first effect to the last: start and rebalance are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import psycopg

from shared.kernel import clock
from tests.bench import ledger
from tests.bench.backlog import put_backlog
from tests.bench.environment import Environment
from tests.bench.pairing import Outcome, Sides
from tests.bench.payloads import Stored
from tests.bench.processes import Program, ProgramTrouble
from tests.bench.programs.effects import make_table
from tests.bench.scale import Scale

_PATIENCE = 600.0
_OURS, _P2, _PLAIN = "tests.bench.programs.effects", "tests.bench.peers.p2_effects", "tests.bench.limits.plain_aiokafka"
_GROUPS = {_OURS: "frontdesk-callbacks", _P2: "p2-callbacks", _PLAIN: "plain"}


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Each run is a process of its own with a fresh database; the peer is stopped when it has done its share."""
    events = await put_backlog(environment, scale.events)
    yield Sides(
        partial(_run, environment, _OURS, events, len(events)),
        partial(_run, environment, _P2, events, scale.peer_events),
        partial(_run, environment, _PLAIN, events, len(events)),
    )


async def _run(environment: Environment, module: str, events: Sequence[Stored], wanted: int) -> Outcome:
    url = environment.database("callbacks")
    make_table(url)
    environment.forget_group(_GROUPS[module])
    program = _start(environment, module, url)
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            seen, cpu_then = await _until(connection, program, 1)
            done, cpu_now = await _until(connection, program, wanted)
    finally:
        program.stop()
    wrong = ledger.effects_in_order(url, events, whole=wanted == len(events))
    (seconds,) = ledger.rows(url, "SELECT extract(epoch FROM max(at) - min(at))::float8 FROM effect WHERE id > 1")[0]
    (count,) = ledger.rows(url, "SELECT count(*) FROM effect")[0]
    environment.drop(url)
    # A short backlog may be done before anybody has looked once.
    cpu = (cpu_now - cpu_then) / (done - seen) * 1000 if done > seen else None
    return Outcome({"rate": count / seconds}, cpu=cpu, wrong=tuple(wrong))


def _start(environment: Environment, module: str, url: str) -> Program:
    scratch = environment.file("faust")
    arguments = {_OURS: ("consumer",), _P2: ("worker", "-l", "warn"), _PLAIN: ()}[module]
    return environment.program(module, *arguments, BENCH_DATABASE=url, BENCH_SCRATCH=str(scratch))


async def _until(connection: psycopg.Connection[tuple[int]], program: Program, count: int) -> tuple[int, float]:
    """Waits until so many effects are committed: (how many there are, CPU-seconds of the program so far)."""
    until = clock.monotonic() + _PATIENCE
    while True:
        # By the identity, read from the end of its index: counting the rows would be work for the server.
        row = connection.execute("SELECT coalesce(max(id), 0) FROM effect").fetchone()
        assert row is not None
        if row[0] >= count:
            counted = connection.execute("SELECT count(*) FROM effect").fetchone()
            assert counted is not None
            if counted[0] >= count:
                return counted[0], program.cpu
        program.check_alive()
        if clock.monotonic() > until:
            raise ProgramTrouble(f"{program.name}: {row[0]} of {count} effects after {_PATIENCE:.0f} s ({program.log})")
        await asyncio.sleep(0.05)
