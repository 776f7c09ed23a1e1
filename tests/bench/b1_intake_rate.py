"""B1: how many messages a second one worker stores for good before it answers 202, at 32 connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench import intake_servers
from tests.bench.environment import Environment
from tests.bench.intake_servers import Server
from tests.bench.load import closed_loop
from tests.bench.pairing import Outcome, Sides
from tests.bench.scale import Scale

CONNECTIONS = 32


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """All three servers run all the time; one at a time has work."""
    servers = [
        await intake_servers.ours(environment),
        await intake_servers.peer(environment),
        await intake_servers.no_database(environment),
    ]
    try:
        yield Sides(*(partial(_run, server, scale.seconds) for server in servers))
    finally:
        for server in servers:
            server.program.stop()


async def _run(server: Server, seconds: float) -> Outcome:
    server.empty()
    before = server.program.cpu
    answers = await closed_loop(server.port, CONNECTIONS, seconds, server.request)
    used = server.program.cpu - before
    stored = len(answers.good)
    return Outcome(
        {"rate": stored / answers.seconds, "p50": answers.percentile(0.5), "p99": answers.percentile(0.99)},
        cpu=used / max(stored, 1) * 1000,
        wrong=server.check(answers),
    )
