"""A consumer group: who has which partition, what is committed, and members that learn late that they are out.

The lanes are the real ones (`shared.messaging.lanes`); here is what Faust and the coordinator do around them.
"""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from shared.messaging.lanes import Handle, Lanes
from tests.faults.simulation.log import Broker, Place
from tests.faults.simulation.loop import Loop, Process

SESSION_SECONDS = 6.0
COMMIT_SECONDS = 1.0
_WATCH_SECONDS = 0.5


class Group:
    """The coordinator of one group."""

    def __init__(self, loop: Loop, rng: random.Random, broker: Broker, topics: list[str]) -> None:
        self.loop = loop
        self.rng = rng
        self.broker = broker
        self.places: list[Place] = [(topic, n) for topic in topics for n in range(broker.partitions)]
        self.committed: dict[Place, int] = dict.fromkeys(self.places, 0)
        self.members: list[Member] = []
        self.generation = 0
        self.unsettled = False

    def join(self, member: Member) -> None:
        """Somebody wants a share."""
        self.members.append(member)
        self.rebalance()

    def leave(self, member: Member) -> None:
        """Somebody goes, or has not been heard of for a session."""
        if member in self.members:
            self.members.remove(member)
            self.rebalance()

    def commit(self, member: Member, done: dict[Place, int]) -> bool:
        """Stores offsets; refuses those of a generation that is over."""
        if member not in self.members or member.generation != self.generation:
            return False
        self.committed.update({place: offset for place, offset in done.items() if place in member.assigned})
        return True

    def rebalance(self) -> None:
        """Everybody gives back and gets anew; who does not answer in time is left out."""
        if not self.unsettled:
            self.unsettled = True
            self.loop.world.start(self._rebalance())

    async def _rebalance(self) -> None:
        asked = self.loop.now
        while True:
            await asyncio.sleep(0.05 + self.rng.random() * 0.2)
            for member in list(self.members):
                silent = not member.process.alive or member.process.stopped_until > self.loop.now
                if silent and self.loop.now - max(asked, member.heard) > SESSION_SECONDS:
                    self.members.remove(member)
                elif not silent:
                    member.heard = self.loop.now
                    member.must_rejoin = True
                    self.broker.stir()
            if all(member.has_given_back for member in self.members):
                break
        self.generation += 1
        places = list(self.places)
        self.rng.shuffle(places)
        for number, member in enumerate(self.members):
            member.give(places[number :: len(self.members)], self.generation)
        self.unsettled = False
        self.broker.stir()

    async def watch(self) -> None:
        """Notices who has fallen silent."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            for member in list(self.members):
                if member.process.alive and member.process.stopped_until <= self.loop.now:
                    member.heard = self.loop.now
                elif self.loop.now - member.heard > SESSION_SECONDS:
                    self.leave(member)


class _Lanes(Lanes):
    """The real lanes without Faust's service around them."""

    def __init__(self, app: Any, handle: Handle) -> None:
        self.app = app
        self.lanes = {}
        self.crews = {}
        self.paused = set()
        self.room = asyncio.Event()
        self.handle = handle
        self.given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    loop = property(lambda _self: asyncio.get_running_loop())

    async def crash(self, reason: BaseException) -> None:
        """The process ends."""
        if not self.given_up.done():
            self.given_up.set_exception(reason)


class Member:
    """One consumer process in its group."""

    def __init__(self, group: Group, process: Process, handle: Handle) -> None:
        self.group = group
        self.process = process
        self.done: dict[Any, int] = {}
        self.assigned: set[Place] = set()
        self.positions: dict[Place, int] = {}
        self.generation = -1
        self.heard = group.loop.now
        self.must_rejoin = False
        self.has_given_back = True
        self.lanes = _Lanes(SimpleNamespace(consumer=self), handle)
        self._full: set[Place] = set()

    async def work(self) -> None:
        """Reads until the process dies. Raises what a lane has crashed with."""
        self.group.join(self)
        committing = asyncio.create_task(self._commit_often())
        pulling = asyncio.create_task(self._pull())
        await asyncio.wait((self.lanes.given_up, committing, pulling), return_when=asyncio.FIRST_COMPLETED)
        self.group.leave(self)
        for task in (committing, pulling):
            task.cancel()
        for each in (self.lanes.given_up, committing, pulling):
            if each.done() and not each.cancelled() and each.exception() is not None:
                raise each.exception()  # type: ignore[misc]

    def give(self, places: list[Place], generation: int) -> None:
        """A new assignment, read from what is committed."""
        self.assigned = set(places)
        self.generation = generation
        self.positions = {place: self.group.committed[place] for place in places}
        self.must_rejoin = False
        self.has_given_back = False

    async def _pull(self) -> None:
        group, rng = self.group, self.group.rng
        while True:
            if self.must_rejoin or self.generation != group.generation:
                await self._give_back()
            read = False
            for place in sorted(self.assigned):
                # Partitions are fetched at different times: what was written first is not always read first.
                if place in self._full or rng.random() < 0.3:
                    read = read or bool(group.broker.read(place, self.positions[place], 1))
                    continue
                if messages := group.broker.read(place, self.positions[place], 1 + int(rng.random() * 20)):
                    self.positions[place] = messages[-1].offset + 1
                    self.lanes._put(self, TP(*place), messages)
                    read = True
            if read:
                await asyncio.sleep(rng.random() * 0.02)
            else:
                await group.broker.changed()

    async def _give_back(self) -> None:
        await self.lanes._on_revoked(None, self.assigned)
        self.assigned, self.positions = set(), {}
        self._full.clear()
        self.has_given_back = True
        if self not in self.group.members:
            # Thrown out while it stood still: it comes back as a new member.
            self.heard = self.group.loop.now
            self.group.join(self)
        while self.has_given_back:
            await asyncio.sleep(0.05)

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self.commit()

    # What the lanes ask of Faust's consumer.

    async def commit(self) -> None:
        """Commits what is done, as Faust's `force_commit` does."""
        done, self.done = self.done, {}
        if done:
            await asyncio.sleep(self.group.rng.random() * 0.005)
            if self.group.broker.away:
                # aiokafka asks until the broker answers.
                self.done = {**done, **self.done}
            else:
                self.group.commit(self, {tuple(tp): offset for tp, offset in done.items()})

    async def maybe_wait_for_commit_to_finish(self) -> None:
        """Nothing else is committing."""

    def on_buffer_full(self, tp: Place) -> None:
        """Not to be fetched for a while."""
        self._full.add(tuple(tp))

    def on_buffer_drop(self, tp: Place) -> None:
        """To be fetched again."""
        self._full.discard(tuple(tp))
        self.group.broker.stir()
