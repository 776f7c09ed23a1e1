"""One record in a hundred is poison: unreadable, of a later version, a bomb, or one on which a reaction raises."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from deploy.local.demo.cast import WEB
from shared.kernel import clock
from shared.messaging import held_acts
from shared.messaging.held_admin import Choice
from shared.store.cause import Cause
from tests.faults import raising, witness
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.run import Run
from tests.faults.scene import Scene
from tests.support.bad_records import Raw, outside

_KINDS = ("noise", "no JSON", "text in halves", "a later version", "a bomb")
_RAISING = (("complaints", "consumer", ""), ("complaints", "clock", ""))
_SHARE = 0.01
_HELD_SECONDS = 1.0
"""The first retry of a held event comes no sooner."""


async def bad_build(scene: Scene) -> None:
    """complaints with reactions that raise on what is marked."""
    await deploy(scene, "tests.faults.raising", {"FAULTS_RAISE": "marked"})


async def deploy(scene: Scene, module: str | None, settings: dict[str, str]) -> None:
    """Consumer and clock of complaints in another build, from now on."""
    for part in _RAISING:
        await scene.deploy(part, module, settings)


async def mend(scene: Scene) -> None:
    """The fixed build, then an operator has tried again what was held."""
    await deploy(scene, None, {"FRONTDESK_CODE_VERSION": "fixed"})
    database = scene.house.database("complaints")
    try:
        async with database.transaction(Cause.of_person()) as uow:
            chosen = Choice(reason=raising.Broken.__name__, limit=10_000)
            scene.notes["redriven"] = len(await held_acts.retry(uow, chosen, by="faults"))
    finally:
        await database.close()


async def put_back(scene: Scene) -> None:
    """The usual processes."""
    scene.keeper.modules.clear()
    scene.keeper.settings.clear()
    await asyncio.to_thread(scene.house.mend)
    for service in ("intake", "complaints"):
        database = scene.house.database(service)
        async with database.connection() as connection:
            await connection.exec_driver_sql("DELETE FROM held")
        await database.close()


async def _poison(scene: Scene, _number: int) -> Injection:
    began, until = clock.now(), clock.monotonic() + scene.seconds(10.0, 100.0)
    kinds = {raw.name: raw for raw in outside() if raw.name in _KINDS}
    load = scene.load
    assert load is not None
    every = 1 / (_SHARE * scene.events_a_second)
    producer = AIOKafkaProducer(
        bootstrap_servers=scene.stage.kafka.bootstrap, compression_type="gzip", max_request_size=16_000_000
    )
    await producer.start()
    meant: dict[tuple[str, int, int], Raw] = {}
    number = 0
    try:
        while clock.monotonic() < until:
            number += 1
            match number % (len(_KINDS) + 2):
                case 0:
                    load.send_marked(f"{raising.ALWAYS} {uuid4()}", WEB)
                case 1:
                    load.send_marked(f"{raising.ONCE} {uuid4()}", WEB)
                case other:
                    raw = kinds[_KINDS[other - 2]]
                    told = await producer.send_and_wait(
                        "channel-messages", key=raw.key, value=raw.value, headers=_fresh(raw)
                    )
                    meant[told.topic, told.partition, told.offset] = raw
            await asyncio.sleep(every)
    finally:
        await producer.stop()
    scene.held_as_meant |= set(meant)
    scene.notes["meant"], scene.notes["marked"] = meant, number - len(meant)
    return Injection(began, clock.now())


def _fresh(raw: Raw) -> list[tuple[str, bytes | None]]:
    """The same record as another event: the same one twice would be held once."""
    return [(name, str(uuid4()).encode() if name == "ce_id" else value) for name, value in raw.headers]


def _seen_once(run: Run) -> list[Measure]:
    meant: dict[tuple[str, int, int], Raw] = run.scene.notes.get("meant", {})
    query = 'SELECT topic, "partition", "offset", reason FROM held'
    rows = run.scene.stores.rows("intake", query)
    held = [(row["topic"], row["partition"], row["offset"]) for row in rows]
    right = sum(
        1
        for row in rows
        if (raw := meant.get((row["topic"], row["partition"], row["offset"]))) and row["reason"].startswith(raw.reason)
    )
    (injection,) = run.injections
    before = witness.slowest(run.scene.stores, run.began, injection.began)
    during = witness.slowest(run.scene.stores, injection.began, injection.over, below=_HELD_SECONDS)
    return [
        Measure("poison written", len(meant), 1, at_most=False),
        Measure("poison not held once with its cause", len(meant) - right + len(held) - len(set(held)), 0),
        Measure("reports on which a reaction raised", run.scene.notes.get("marked"), 1, at_most=False),
        Measure("p99 of good events against before", _ratio(during, before), 1.2, judged=run.scene.long),
    ]


def _ratio(now: float | None, before: float | None) -> float | None:
    return round(now / before, 2) if now is not None and before else None


FAULTS = (
    Fault(
        "poison",
        "1 % of events unreadable, of a later version, bombs, or such that a reaction raises",
        events=20_000,
        injections=1,
        inject=_poison,
        prepare=bad_build,
        last_act=mend,
        repair=put_back,
        measured=_seen_once,
        own_house=True,
    ),
)
