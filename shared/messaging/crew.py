"""Who works on one topic: how many events a batch has, and how soon it follows the last one."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.contracts.topics import TOPICS, TopicClass
from shared.messaging.pace import Pace

BATCH_EVENTS, FEWEST_EVENTS, MOST_EVENTS = 200, 20, 500
LONG_SECONDS, SHORT_SECONDS = 0.25, 0.1
"""A batch is one transaction. One that took long is followed by half as many events, a short and full one by twice as
many: others wait for its locks, and what a transaction costs by itself is shared by its events.
"""
_PACE, _LONGEST_PACE, _LONGEST_STATE_PACE = 0.001, 0.2, 0.05
"""At 20 events a second nobody waits, at 100 ten share a batch. States come sooner, since facts wait for them."""


class Crew:
    """The tasks of one topic and what they have learnt about it."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.tasks: set[asyncio.Task[None] | None] = set()
        self.size = BATCH_EVENTS
        self.waiting = 0
        """Events that are fetched and not begun."""
        is_state = TOPICS[topic].kind is TopicClass.STATE
        self.pace = Pace(_PACE, _LONGEST_STATE_PACE if is_state else _LONGEST_PACE)
        self._enough = asyncio.Event()

    def put(self, events: int) -> None:
        """So many more wait."""
        self.waiting += events
        if self.waiting >= self.size:
            self._enough.set()

    def begin(self, events: int) -> None:
        """A batch of so many begins."""
        self.waiting -= events
        self.pace.begin(events)

    def learn(self, events: int, seconds: float) -> None:
        """Chooses the next batch's size by how long one of so many events took."""
        if seconds > LONG_SECONDS:
            self.size = max(FEWEST_EVENTS, self.size // 2)
        elif seconds < SHORT_SECONDS and events == self.size:
            self.size = min(MOST_EVENTS, self.size * 2)

    async def rest(self) -> None:
        """Until the next batch may begin, or is full."""
        ahead = self.pace.ahead
        if ahead <= 0 or not 0 < self.waiting < self.size:
            return
        self._enough.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(ahead):
                await self._enough.wait()

    def give_up(self) -> None:
        """Nothing waits any more, and nobody rests."""
        self.waiting = 0
        self._enough.set()
