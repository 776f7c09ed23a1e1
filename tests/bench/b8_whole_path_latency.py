"""B8: how long it takes from HTTP to the mail at 20 enquiries a second, in quiet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench import houses
from tests.bench.b4_relay_latency import produce_and_read
from tests.bench.environment import Environment
from tests.bench.houses import House
from tests.bench.limits.one_statement import OneStatement
from tests.bench.mail_sink import MailSink
from tests.bench.pairing import Outcome, Sides
from tests.bench.scale import Scale

RATE = 20.0
_COMMITS, _PRODUCES = 4, 2
"""On the way: message, case, mail and attempt are committed; two events go over Kafka."""


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Both houses stand all the time; the limit is the sum of what each stage cannot do without."""
    sink = MailSink.start(environment)
    ours, peer = await houses.ours(environment, sink), await houses.peer(environment, sink)
    statement = await OneStatement.connect(environment.database("intake"))
    try:
        yield Sides(
            partial(_run, ours, scale.seconds * 2),
            partial(_run, peer, scale.seconds * 2),
            partial(_sum, environment, statement, scale),
        )
    finally:
        await statement.close()
        ours.stop()
        peer.stop()
        sink.program.stop()


async def _run(house: House, seconds: float) -> Outcome:
    walk = await house.walk(RATE, seconds)
    await house.rest()
    return Outcome({"p50": walk.within(0.5), "p99": walk.within(0.99)}, cpu=walk.cpu, wrong=walk.wrong)


async def _sum(environment: Environment, statement: OneStatement, scale: Scale) -> Outcome:
    commit = await statement.run(RATE, scale)
    produce = await produce_and_read(environment, scale, RATE)
    values = {name: _COMMITS * commit.values[name] + _PRODUCES * produce.values[name] for name in ("p50", "p99")}
    return Outcome(values, wrong=(*commit.wrong, *produce.wrong))
