"""The broker's data gone: what an operator does then, and that nothing is lost that an outbox still held."""

from __future__ import annotations

import asyncio
import shutil
from functools import partial

from deploy.local.layout import SERVICES
from shared.contracts.topics import TOPICS, TopicClass
from shared.kernel import clock
from shared.messaging import control
from shared.messaging.long_work import Work, run_in_steps
from shared.messaging.replaying import Which, ends, replay_some
from shared.messaging.republishing import republish_some
from shared.store.cause import Cause
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.matrix.broker import requests_refused
from tests.faults.run import Run
from tests.faults.scene import Scene
from tests.faults.stage import TwoDoors

_READERS = tuple((service, role, "") for service in SERVICES for role in ("consumer", "relay"))


async def _wiped(scene: Scene, _number: int) -> Injection:
    """Who reads stops first: a position in the old log would skip what comes into the new one."""
    kafka = scene.stage.kafka
    assert isinstance(kafka, TwoDoors)
    began = clock.now()
    stopped = [scene.house.role(*part) for part in _READERS]
    for running in stopped:
        scene.keeper.leave(running)
        scene.keeper.expected.add(running.pid)
    await asyncio.to_thread(kafka.stop)
    await asyncio.gather(*(asyncio.to_thread(running.stop) for running in stopped))
    shutil.rmtree(kafka.home / "data")
    await asyncio.to_thread(kafka.prepare)
    kafka.launch()  # by the main thread: a server ends with the thread that started it
    await asyncio.to_thread(kafka.wait_ready)
    await asyncio.to_thread(partial(control.declare, kafka.bootstrap, partitions=3, replication=1))
    for part in _READERS:
        scene.keeper.take_back(scene.keeper.start(part))
    over = clock.now()
    scene.notes["republished"] = sum([await _republish(scene, name) for name in _states()])
    scene.notes["replayed"] = sum([await _replay(scene, service) for service in SERVICES])
    return Injection(began, over)


def _states() -> list[str]:
    return [name for name, topic in TOPICS.items() if topic.kind is TopicClass.STATE]


async def _republish(scene: Scene, topic: str) -> int:
    (owner,) = TOPICS[topic].producers
    return await _work(scene, owner, f"republish {topic}", lambda uow, after: republish_some(uow, topic, after), "")


async def _replay(scene: Scene, service: str) -> int:
    which = Which()
    database = scene.house.database(service)
    try:
        async with database.transaction(Cause.of_person()) as uow:
            first, last = await ends(uow)
    finally:
        await database.close()
    return await _work(scene, service, which.name, lambda uow, after: replay_some(uow, which, after, last), str(first))


async def _work(scene: Scene, service: str, name: str, work: Work, start: str) -> int:
    database = scene.house.database(service)
    published = 0
    try:
        steps = run_in_steps(database, name, work, start=start, by="faults", action=name.partition(" ")[0])
        async for done in steps:
            published = done.published
    finally:
        await database.close()
    return published


def _again(run: Run) -> list[Measure]:
    return [
        *requests_refused(run),
        Measure("states published again", run.scene.notes.get("republished"), 1, at_most=False),
        Measure("events published again", run.scene.notes.get("replayed"), 1, at_most=False),
    ]


FAULTS = (
    Fault(
        "broker-wiped",
        "the broker's data deleted; states republished, outboxes replayed",
        events=10_000,
        injections=1,
        inject=_wiped,
        recovered=60.0,
        measured=_again,
        reorders=True,  # what happens before the replay lies before it
        outside=False,
        own_house=True,
    ),
)
