"""Everything delivered again: each record two to five times while the load runs, and a whole run replayed shuffled."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaConsumer, TopicPartition

from deploy.local.layout import SERVICES
from shared.contracts.topics import TOPICS
from shared.kernel import clock
from tests.faults import witness
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.run import Run
from tests.faults.scene import Scene
from tests.support.stored import BREATHING, picture

_COPY = ("x-faults-copy", b"1")
_CALM_SECONDS = 90.0
_STILL = timedelta(seconds=4)
_MAY_CHANGE = frozenset({"outbox", "sequence", "copy", "witness", *BREATHING})
"""An old state on a compacted topic makes its owner write the current one again, under a new number."""


def _read(bootstrap: str, since: datetime) -> list[Any]:
    """All that was written since, without what we put there."""
    reader = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    found: list[Any] = []
    try:
        places = [TopicPartition(name, each) for name in TOPICS for each in reader.partitions_for_topic(name) or ()]
        reader.assign(places)
        ends = reader.end_offsets(places)
        starts = reader.offsets_for_times(dict.fromkeys(places, int(since.timestamp() * 1000)))
        for place in places:
            begin = starts.get(place)
            reader.seek(place, ends[place] if begin is None else begin.offset)
        while any(reader.position(place) < ends[place] for place in places):
            for records in reader.poll(timeout_ms=500, max_records=5000).values():
                found += [record for record in records if _COPY not in record.headers]
    finally:
        reader.close()
    return found


async def _write(producer: AIOKafkaProducer, record: Any) -> None:
    await producer.send(
        record.topic,
        key=record.key,
        value=record.value,
        partition=record.partition,
        headers=[*record.headers, _COPY],
    )


async def _repeat_each(scene: Scene, _number: int) -> Injection:
    """What is written now comes again one to four times, up to three seconds later."""
    began = clock.now()
    bootstrap = scene.stage.kafka.bootstrap
    copies = 0
    reader = AIOKafkaConsumer(
        *TOPICS, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="latest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await reader.start()
    await producer.start()
    later: set[asyncio.Task[None]] = set()

    async def after(seconds: float, record: Any) -> None:
        await asyncio.sleep(seconds)
        await _write(producer, record)

    until = clock.monotonic() + scene.seconds(10.0, 100.0)
    try:
        while clock.monotonic() < until:
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    if _COPY in record.headers:
                        continue
                    for _ in range(scene.random.randint(1, 4)):
                        copies += 1
                        later.add(asyncio.create_task(after(scene.random.uniform(0.0, 3.0), record)))
        await asyncio.gather(*later)
        await producer.flush()
    finally:
        for task in later:
            task.cancel()
        await reader.stop()
        await producer.stop()
    scene.notes["copies"] = copies
    return Injection(began, clock.now())


def _copies(run: Run) -> list[Measure]:
    return [Measure("records delivered again", run.scene.notes.get("copies", 0), 1, at_most=False)]


async def _only_load(scene: Scene, _number: int) -> Injection:
    await asyncio.sleep(scene.seconds(1.0, 60.0))
    now = clock.now()
    return Injection(now, now)


async def _replay(scene: Scene) -> None:
    """At rest, everything since the beginning of the run again, in any order; then at rest again."""
    await scene.until("at rest before the replay", lambda: _still(scene), _CALM_SECONDS)
    before, told = {service: picture(scene.house, service) for service in SERVICES}, scene.messages()
    records = await asyncio.to_thread(_read, scene.stage.kafka.bootstrap, scene.began)
    scene.random.shuffle(records)
    producer = AIOKafkaProducer(bootstrap_servers=scene.stage.kafka.bootstrap, acks="all")
    await producer.start()
    try:
        for record in records:
            await _write(producer, record)
    finally:
        await producer.stop()
    await asyncio.sleep(1.0)
    await scene.until("at rest after the replay", lambda: _still(scene), _CALM_SECONDS)
    changed: dict[str, str] = {}
    for service in SERVICES:
        found = picture(scene.house, service).changed(before[service], beside=_MAY_CHANGE)
        changed |= {f"{service} {table}": how for table, how in found.items()}
    scene.notes |= {"copies": len(records), "changed": changed, "messages": scene.messages() - told}


def _still(scene: Scene) -> bool:
    """Whether nothing is on its way and nothing has happened for so long that no timer or answer can be to come."""
    now = clock.now()
    return not witness.handled(scene.stores, now - _STILL, now) and scene.first_open() is None


def _unchanged(run: Run) -> list[Measure]:
    changed = run.scene.notes.get("changed")
    told = ", ".join(f"{table}: {how}" for table, how in (changed or {}).items())
    return [
        *_copies(run),
        Measure(f"tables changed by the replay {told}".strip(), None if changed is None else len(changed), 0),
        Measure("messages sent by the replay", run.scene.notes.get("messages"), 0),
    ]


FAULTS = (
    Fault(
        "each-record-again",
        "every record delivered 2 to 5 times, late and out of order",
        events=20_000,
        injections=1,
        inject=_repeat_each,
        recovered=10.0,
        measured=_copies,
    ),
    Fault(
        "replay-shuffled",
        "all that was written in the run replayed in any order",
        events=20_000,
        injections=1,
        inject=_only_load,
        last_act=_replay,
        measured=_unchanged,
    ),
)
