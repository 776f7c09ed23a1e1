"""What an operator does about a broker whose data are gone: outboxes come again, of a state the newest record.

Relays and people go on meanwhile: what they publish comes onto an empty topic before what was there first. The
product's own statements (`replaying`) leave out the erased, and are shown on a real database; here all comes again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.topics import TOPICS, TopicClass
from shared.messaging.lease import RELAYS, take_away
from shared.store.cause import Cause
from tests.faults.simulation.database import SimulatedDatabase

if TYPE_CHECKING:
    from tests.faults.simulation.world import World

_AGAIN = text(
    "UPDATE outbox o SET published_at = NULL WHERE published_at IS NOT NULL AND (NOT aggregatetype = ANY(:states) "
    "OR EXISTS (SELECT FROM sequence s WHERE s.topic = o.aggregatetype AND s.key = o.aggregateid "
    "AND s.last = o.sequence))"
)
_STATES = sorted(name for name, topic in TOPICS.items() if topic.kind is TopicClass.STATE)


class Operator:
    """`busy`: how many lost logs are still to be mended."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.busy = 0

    def begin(self, at: float) -> None:
        """Mends what the broker lost, from an instant on."""
        self.busy += 1
        self.world.loop.at(at, self._begin)

    def _begin(self) -> None:
        self.world.loop.world.start(self._mend())

    async def _mend(self) -> None:
        for service in self.world.services:
            await self._replay(service)
        self.world.note("the operator has published everything again")
        self.busy -= 1

    async def _replay(self, service: str) -> None:
        """Until it is done: a database that is away comes back."""
        world = self.world
        database = SimulatedDatabase(world.servers[service], world.loop.world, service)
        while True:
            try:
                async with database.transaction(Cause.of_person()) as uow:
                    await take_away(uow.connection, RELAYS)
                    await uow.execute(_AGAIN, {"states": _STATES})
                return
            except DBAPIError:
                await asyncio.sleep(0.5)
