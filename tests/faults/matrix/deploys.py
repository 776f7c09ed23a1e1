"""A bad deploy: every reaction to one type raises. The brake stops that consumer, and the fixed build goes on."""

from __future__ import annotations

import asyncio

from shared.kernel import clock
from tests.faults import witness
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.matrix.poison import deploy, mend, put_back
from tests.faults.run import Run
from tests.faults.scene import Scene

_BRAKES = "SELECT count(*) AS braked FROM brake WHERE consumer = 'frontdesk-complaints' AND code_version = 'bad'"
_HELD = "SELECT count(*) AS held FROM held WHERE reason = 'Broken'"


async def _bad_deploy(scene: Scene, _number: int) -> Injection:
    began = clock.now()
    await deploy(scene, "tests.faults.raising", {"FAULTS_RAISE": "all", "FRONTDESK_CODE_VERSION": "bad"})
    running = clock.monotonic()
    try:
        await scene.until("the brake on", lambda: bool(scene.stores.rows("complaints", _BRAKES)[0]["braked"]))
        scene.notes["braked_after"] = round(clock.monotonic() - running, 1)
    except TimeoutError:  # a finding, not the end of the run: whether anything was lost is of interest all the same
        scene.notes["braked_after"] = None
    now = clock.now()
    scene.notes["reacted"] = witness.handled(scene.stores, began, now, ("complaints",))
    held = _held(scene)
    await asyncio.sleep(scene.seconds(5.0, 30.0))
    scene.notes["held"], scene.notes["held_since"] = held, _held(scene) - held
    await mend(scene)
    return Injection(began, clock.now())


def _held(scene: Scene) -> int:
    return int(scene.stores.rows("complaints", _HELD)[0]["held"])


def _braked(run: Run) -> list[Measure]:
    notes = run.scene.notes
    return [
        Measure("the brake on after (s)", notes.get("braked_after"), 60.0),
        Measure("events of complaints meanwhile", notes.get("reacted"), 0, at_most=False, judged=False),
        Measure("held until the brake was on", notes.get("held"), 100),
        # Batches that were being halved when the brake went on may still come to their end.
        Measure("held although the brake was on", notes.get("held_since"), 20),
        # The fixed build tries what the storm held at once and by itself; mostly nothing is left for an operator.
        Measure("left for an operator to redrive", notes.get("redriven"), 0, judged=False),
    ]


FAULTS = (
    Fault(
        "bad-deploy",
        "a build of complaints in which every reaction to a report raises, then the fixed one",
        events=20_000,
        injections=1,
        inject=_bad_deploy,
        recovered=30.0,
        repair=put_back,
        measured=_braked,
        own_house=True,
    ),
)
