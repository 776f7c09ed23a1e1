"""B6: a backlog through reactions that do nothing: what the way to a reaction costs by itself.

Ours still keeps its inbox; the peer and the limit keep nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench import ledger
from tests.bench.backlog import put_backlog
from tests.bench.environment import Environment
from tests.bench.pairing import Outcome, Sides
from tests.bench.scale import Scale

_OURS, _P2, _PLAIN = "tests.bench.programs.no_op", "tests.bench.peers.p2_no_op", "tests.bench.limits.no_op_aiokafka"
_GROUPS = {_OURS: "frontdesk-callbacks", _P2: "p2-no-op", _PLAIN: "plain-no-op"}
_ARGUMENTS: dict[str, tuple[str, ...]] = {_OURS: ("consumer",), _P2: ("worker", "-l", "warn"), _PLAIN: ()}


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Each run is a process of its own."""
    await put_backlog(environment, scale.events)
    yield Sides(*(partial(_run, environment, module, scale.events) for module in _GROUPS))


async def _run(environment: Environment, module: str, events: int) -> Outcome:
    url = environment.database("callbacks") if module == _OURS else ""
    result = environment.file("result")
    environment.forget_group(_GROUPS[module])
    program = environment.program(
        module,
        *_ARGUMENTS[module],
        BENCH_DATABASE=url,
        BENCH_SCRATCH=str(environment.file("faust")),
        BENCH_RESULT=str(result),
        BENCH_EVENTS=str(events),
    )
    try:
        told = await program.result(result)
    finally:
        program.stop()
    wrong = [] if told["count"] == events else [f"{told['count']:.0f} reactions for {events} events"]
    if module == _OURS:
        (applied,) = ledger.rows(url, "SELECT coalesce(sum(last), 0)::bigint FROM inbox")[0]
        wrong += [] if applied == events else [f"the inbox holds {applied} of {events} events"]
        environment.drop(url)
    return Outcome({"rate": events / told["seconds"]}, cpu=told["cpu"] / events * 1000, wrong=tuple(wrong))
