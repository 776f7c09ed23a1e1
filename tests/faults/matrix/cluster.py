"""Three brokers, of which the leader is killed."""

from __future__ import annotations

import asyncio

from shared.kernel import clock
from tests.faults.cluster import Cluster
from tests.faults.fault import Fault, Injection
from tests.faults.matrix.broker import requests_refused
from tests.faults.scene import Scene

_TOPIC = "tickets"


async def _leader_killed(scene: Scene, _number: int) -> Injection:
    """Two of three are enough: over with the kill, since nothing has to come back for the house to go on."""
    cluster = scene.stage.kafka
    assert isinstance(cluster, Cluster)
    leader = await asyncio.to_thread(cluster.leader_of, _TOPIC)
    killed = clock.now()
    await asyncio.to_thread(leader.kill)
    await asyncio.sleep(scene.seconds(10.0, 30.0))
    leader.stop()
    await asyncio.to_thread(leader.prepare)
    leader.launch()  # by the main thread: a server ends with the thread that started it
    await asyncio.to_thread(cluster.wait_ready)
    return Injection(killed, killed)


FAULTS = (
    Fault(
        "leader-of-three-killed",
        "of three brokers the leader killed, and started again",
        events=20_000,
        injections=2,
        inject=_leader_killed,
        recovered=30.0,
        measured=requests_refused,
        brokers=3,
        long_only=True,
        own_house=True,
    ),
)
