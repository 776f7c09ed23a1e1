"""B7: the highest rate of enquiries at which every one gets its mail within a second (p99), without an error.

P1 polls its outbox each second, twice on the way: it can never be that fast, so it counts what it keeps up with, p99
within five seconds. The limit is the slowest stage alone: what one intake worker, one relay and so on manage by
themselves is B1 to B9; here it is the rate at which the busiest of our processes would use a whole core.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench import houses
from tests.bench.environment import Environment
from tests.bench.houses import House, Walk
from tests.bench.mail_sink import MailSink
from tests.bench.pairing import Outcome, Sides
from tests.bench.processes import cpu_by_process
from tests.bench.scale import Scale

OURS_WITHIN_MS, PEER_WITHIN_MS = 1_000.0, 5_000.0
_STEP = 2.0
_FINER = 3
"""How often the gap between the last rate that was kept and the first that was not is halved."""


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Both houses stand all the time; one at a time has work."""
    sink = MailSink.start(environment)
    ours, peer = await houses.ours(environment, sink), await houses.peer(environment, sink)
    busiest: list[float] = []
    try:
        yield Sides(
            partial(_ours, ours, scale, busiest),
            partial(_highest, peer, scale.first_rate, scale.seconds, PEER_WITHIN_MS),
            partial(_limit, busiest),
        )
    finally:
        ours.stop()
        peer.stop()
        sink.program.stop()


async def _ours(house: House, scale: Scale, busiest: list[float]) -> Outcome:
    pids = [program.pid for program in house.programs]
    before = cpu_by_process(pids)
    outcome = await _highest(house, scale.first_rate, scale.seconds, OURS_WITHIN_MS)
    used = {pid: now - before.get(pid, now) for pid, now in cpu_by_process(pids).items()}
    enquiries = sum(point["offered"] for point in outcome.points) * scale.seconds
    busiest.append(enquiries / max(max(used.values()), 0.001))
    return outcome


async def _limit(busiest: list[float]) -> Outcome:
    return Outcome({"rate": busiest[-1]})


async def _highest(house: House, lowest: float, seconds: float, most_ms: float) -> Outcome:
    """Doubles the rate until it is not kept up with, then halves the gap some times."""
    walks: list[Walk] = []

    async def kept(rate: float) -> bool:
        walk = await house.walk(rate, seconds)
        walks.append(walk)
        await house.rest()
        return walk.keeps_up(most_ms)

    good, bad = 0.0, lowest
    while await kept(bad):
        good, bad = bad, bad * _STEP
    for _ in range(_FINER):
        middle = round((good + bad) / 2)
        good, bad = (middle, bad) if await kept(middle) else (good, middle)
    best = max((walk for walk in walks if walk.offered == good), key=lambda walk: walk.offered, default=walks[0])
    values = {"rate": good, "p50": best.within(0.5), "p99": best.within(0.99), "busy_mb": best.mb}
    points = tuple(walk.point for walk in sorted(walks, key=lambda walk: walk.offered))
    # What was late at too high a rate has come meanwhile: only loss and doubling count against the figure.
    return Outcome(values, cpu=best.cpu, wrong=house.check(), points=points)
