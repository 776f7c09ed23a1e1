"""B2: how long a durable 202 takes at 200 a second, from the instant at which the request should have left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench import intake_servers
from tests.bench.environment import Environment
from tests.bench.intake_servers import Server
from tests.bench.limits.one_statement import OneStatement
from tests.bench.load import open_loop
from tests.bench.pairing import Outcome, Sides
from tests.bench.scale import Scale

RATE = 200.0


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Both servers run all the time; the limit is a client of PostgreSQL."""
    servers = [await intake_servers.ours(environment), await intake_servers.peer(environment)]
    limit = await OneStatement.connect(environment.database("intake"))
    try:
        yield Sides(*(partial(_run, server, scale.seconds) for server in servers), partial(limit.run, RATE, scale))
    finally:
        await limit.close()
        for server in servers:
            server.program.stop()


async def _run(server: Server, seconds: float) -> Outcome:
    server.empty()
    before = server.program.cpu
    answers = await open_loop(server.port, RATE, seconds, server.request)
    used = server.program.cpu - before
    return Outcome(
        {"p50": answers.percentile(0.5), "p99": answers.percentile(0.99)},
        cpu=used / max(len(answers.good), 1) * 1000,
        wrong=server.check(answers),
    )
