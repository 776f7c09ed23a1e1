"""Workers that come and go: a consumer is added or taken away every five seconds."""

from __future__ import annotations

import asyncio

from shared.kernel import clock
from tests.faults import witness
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.run import Run
from tests.faults.scene import Scene

_SERVICE, _LABEL = "complaints", "-beside"
_EVERY_SECONDS = 5.0


async def _come_and_go(scene: Scene, _number: int) -> Injection:
    began, until = clock.now(), clock.monotonic() + scene.seconds(15.0, 180.0)
    another = None
    changes = 0
    while clock.monotonic() < until:
        if another is None:
            another = scene.house.start(_SERVICE, "consumer", label=_LABEL)
            scene.keeper.leave(another)
        else:
            await asyncio.to_thread(another.stop)
            scene.house.forget(another)
            another = None
        changes += 1
        await asyncio.sleep(_EVERY_SECONDS)
    if another is not None:
        await asyncio.to_thread(another.stop)
        scene.house.forget(another)
    scene.notes["changes"] = changes
    return Injection(began, clock.now())


def _rates(run: Run) -> list[Measure]:
    (injection,) = run.injections
    stores = run.scene.stores
    before = (injection.began - run.began).total_seconds()
    during = (injection.over - injection.began).total_seconds()
    rate_before = witness.handled(stores, run.began, injection.began, (_SERVICE,)) / before
    rate_during = witness.handled(stores, injection.began, injection.over, (_SERVICE,)) / during
    share = round(rate_during / rate_before, 3) if rate_before else None
    return [
        Measure("rate during", share, 0.7, at_most=False, judged=run.scene.long),
        Measure("workers added or taken away", run.scene.notes["changes"], 3, at_most=False),
    ]


FAULTS = (
    Fault(
        "workers-come-and-go",
        "a consumer of complaints added or taken away every 5 s",
        events=20_000,
        injections=1,
        inject=_come_and_go,
        recovered=10.0,
        readers=(_SERVICE,),
        rate_after=0.95,
        measured=_rates,
    ),
)
