"""Runs one seed: the core's clock, ids and clients are replaced for as long as it takes, then put back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import structlog

from shared.kernel import clock, ids
from shared.messaging import clock_role, lease, new_reader, relay
from tests.faults.simulation.checks import check
from tests.faults.simulation.log import Producer, Reader
from tests.faults.simulation.loop import PROCESS
from tests.faults.simulation.plan import plan
from tests.faults.simulation.world import World

_POLLS = ((relay, "_EAGER_POLL", 0.15), (relay, "_IDLE_POLL", 0.6), (clock_role, "POLL_SECONDS", 0.5))
"""Slower than in earnest, since every look at an empty table costs as much as one at a full one."""


def run_seed(seed: int, *, trace: bool = False) -> list[str]:
    """What does not hold after this seed; nothing, if all is well."""
    world = World(plan(seed), trace=trace)
    with _replaced(world):
        world.run()
        return check(world)


@contextmanager
def _replaced(world: World) -> Iterator[None]:
    loop, rng = world.loop, world.rng

    def now() -> datetime:
        skew = loop.current.skew if loop.current is not None else 0.0
        return world.now() + timedelta(seconds=skew)

    def monotonic() -> float:
        return loop.now + 1000.0

    def new_uuid() -> UUID:
        return UUID(int=rng.getrandbits(128), version=4)

    def producer(**_settings: Any) -> Producer:
        process = PROCESS.get()
        assert process is not None
        return Producer(world.broker, process)

    def reader(*topics: str, **_settings: Any) -> Reader:
        return Reader(world.broker, *topics)

    before = random.getstate()
    random.seed(world.plan.seed)
    patches = [
        mock.patch.object(clock, "now", now),
        mock.patch.object(clock, "monotonic", monotonic),
        mock.patch.object(ids.uuid_utils.compat, "uuid7", new_uuid),
        mock.patch.object(lease, "uuid4", new_uuid),
        mock.patch.object(relay, "AIOKafkaProducer", producer),
        mock.patch.object(new_reader, "AIOKafkaConsumer", reader),
        *(mock.patch.object(module, name, value) for module, name, value in _POLLS),
    ]
    try:
        for patch in patches:
            patch.start()
        yield
    finally:
        for patch in reversed(patches):
            patch.stop()
        random.setstate(before)


def be_quiet() -> None:
    """The core's log lines would drown everything; a replayed seed has its own trace."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=True)
