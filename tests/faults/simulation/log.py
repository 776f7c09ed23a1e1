"""The broker: topics with partitions and offsets, producers whose records are under way, compaction."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, MessageSizeTooLargeError

from tests.faults.simulation.loop import Loop, Process

SEND_SECONDS = 15.0
"""As the relay's `request_timeout_ms`."""

Headers = tuple[tuple[str, bytes], ...]
Place = tuple[str, int]


@dataclass(slots=True)
class Message:
    """A record on a topic, as aiokafka would hand it over."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = 0
    """Milliseconds since 1970, of the append."""

    def header(self, name: str) -> str:
        """One header's value."""
        return dict(self.headers).get(name, b"").decode()


@dataclass(slots=True)
class _Sent:
    """A record that a producer was given and the broker has not acknowledged."""

    message: Message
    answer: asyncio.Future[Any]
    until: float
    written: bool = False


class Broker:
    """What is on the topics. `away`: nobody reaches it, and what it has stays."""

    def __init__(self, loop: Loop, rng: random.Random, partitions: int) -> None:
        self.loop = loop
        self.rng = rng
        self.partitions = partitions
        self.topics: dict[str, list[list[Message]]] = {}
        self.ever: dict[str, list[Message]] = {}
        """Every record that was ever written, also those that compaction has taken away."""
        self.ends: dict[Place, int] = {}
        self.begins: dict[Place, int] = {}
        """The oldest offset of each partition: above 0 where age has taken records away."""
        self.away = False
        self.refuses: set[str] = set()
        """Ids of events that it will never take."""
        self.overtaking = 0.0
        self.late = 0
        """Records that are still to be overtaken."""
        self._watchers: list[asyncio.Future[None]] = []

    def create(self, topic: str) -> None:
        """A topic without records."""
        self.topics[topic] = [[] for _ in range(self.partitions)]
        self.ever[topic] = []
        self.ends |= {(topic, n): 0 for n in range(self.partitions)}
        self.begins |= {(topic, n): 0 for n in range(self.partitions)}

    def place_of(self, topic: str, key: bytes) -> Place:
        """Where records of a key go."""
        return topic, crc32(key) % self.partitions

    def append(self, message: Message) -> None:
        """Writes a record behind the others of its partition."""
        place = (message.topic, message.partition)
        message.offset = self.ends[place]
        message.timestamp = 1_772_442_000_000 + int(self.loop.now * 1000)
        self.ends[place] += 1
        self.topics[message.topic][message.partition].append(message)
        self.ever[message.topic].append(message)
        self.stir()

    def take(self, message: Message) -> None:
        """Writes what a producer sent; now and then only after what comes later."""
        if self.overtaking and self.rng.random() < self.overtaking:
            self.late += 1
            self.loop.at(self.loop.now + self.rng.random() * 2.0, lambda: self._append_late(message))
        else:
            self.append(message)

    def _append_late(self, message: Message) -> None:
        self.late -= 1
        self.append(message)

    def read(self, place: Place, offset: int, limit: int) -> list[Message]:
        """The records from an offset on."""
        topic, partition = place
        if self.away:
            return []
        found = [message for message in self.topics[topic][partition] if message.offset >= offset]
        return found[:limit]

    async def is_shortened(self, topic: str, partition: int) -> bool:
        """Whether the first records of a partition are gone by age. Raises ConnectionError while nobody answers."""
        await asyncio.sleep(self.rng.random() * 0.005)
        if self.away:
            raise ConnectionError("nobody there")
        return self.begins[topic, partition] > 0

    def compact(self, topic: str) -> None:
        """Keeps the last record of each key."""
        for records in self.topics[topic]:
            last = {message.key: message.offset for message in records}
            records[:] = [message for message in records if last[message.key] == message.offset]

    def wipe(self) -> None:
        """The data are gone, and with them every offset; the topics are there again, empty."""
        for topic, records in self.topics.items():
            self.topics[topic] = [[] for _ in records]
        self.ends = dict.fromkeys(self.ends, 0)
        self.begins = dict.fromkeys(self.begins, 0)

    async def changed(self) -> None:
        """Waits until something was written or somebody stirred."""
        watcher = asyncio.get_running_loop().create_future()
        self._watchers.append(watcher)
        await watcher

    def stir(self) -> None:
        """Lets everybody look again."""
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)

    def messages(self, topic: str) -> list[Message]:
        """Every record of a topic."""
        return [message for records in self.topics[topic] for message in records]


class Producer:
    """An idempotent producer: in order per partition, without repeats of its own, until it is given up."""

    def __init__(self, broker: Broker, process: Process) -> None:
        self.broker = broker
        self.process = process
        self._queues: dict[Place, deque[_Sent]] = {}
        self._given_up = False

    async def start(self) -> None:
        """Raises KafkaConnectionError where no broker answers."""
        await asyncio.sleep(self.broker.rng.random() * 0.01)
        if self.broker.away:
            raise KafkaConnectionError("nobody there")

    async def stop(self) -> None:
        """Nothing leaves any more."""
        self._given_up = True

    async def send(
        self, topic: str, *, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> asyncio.Future[Any]:
        """The future acknowledgement. Raises MessageSizeTooLargeError for what is refused for ever."""
        place = self.broker.place_of(topic, key)
        message = Message(topic, place[1], -1, key, value, tuple(headers))
        if message.header("ce_id") in self.broker.refuses:
            raise MessageSizeTooLargeError("too large")
        loop = self.broker.loop
        answer = loop.create_future()
        queue = self._queues.setdefault(place, deque())
        queue.append(_Sent(message, answer, loop.now + SEND_SECONDS))
        if len(queue) == 1:
            self._later(place)
        return answer

    def _later(self, place: Place, seconds: float | None = None) -> None:
        loop = self.broker.loop
        wait = self.broker.rng.random() * 0.006 if seconds is None else seconds
        loop.at(loop.now + wait, lambda: self._deliver(place))

    def _deliver(self, place: Place) -> None:
        """The head of a partition's queue reaches the broker, or its time is over."""
        loop, queue = self.broker.loop, self._queues[place]
        if not queue or not self.process.alive or self._given_up:
            return
        if self.process.stopped_until > loop.now:
            self._later(place, self.process.stopped_until - loop.now)
            return
        sent = queue[0]
        if self.broker.away:
            if loop.now >= sent.until:
                queue.popleft()
                self._answer(sent, KafkaTimeoutError())
            elif not sent.written and self.broker.rng.random() < 0.1:
                # It had arrived just before the line broke; only the answer is missing.
                sent.written = True
                self.broker.take(sent.message)
            self._later(place, 0.5)
            return
        queue.popleft()
        if not sent.written:
            self.broker.take(sent.message)
        # The answer takes a while too; who dies before it comes never knows.
        delay = self.broker.rng.random() * 0.004
        loop.at(loop.now + delay, lambda: self._answer(sent, None))
        if queue:
            self._later(place, self.broker.rng.random() * 0.002)

    def _answer(self, sent: _Sent, error: Exception | None) -> None:
        if sent.answer.done() or not self.process.alive:
            return
        if error is None:
            sent.answer.set_result(None)
        else:
            sent.answer.set_exception(error)


class Reader:
    """A consumer without a group, as a new reader of state topics uses it."""

    def __init__(self, broker: Broker, *topics: str) -> None:
        self.broker = broker
        self._positions: dict[Any, int] = {
            (topic, number): 0 for topic in topics for number in range(broker.partitions)
        }

    async def start(self) -> None:
        """Raises KafkaConnectionError where no broker answers."""
        await asyncio.sleep(0.001)
        if self.broker.away:
            raise KafkaConnectionError("nobody there")

    async def stop(self) -> None:
        """Leaves."""

    def assignment(self) -> set[Place]:
        """Every partition of its topics."""
        return set(self._positions)

    async def end_offsets(self, places: set[Place]) -> dict[Place, int]:
        """Where each partition ends now."""
        await asyncio.sleep(0.001)
        return {place: self.broker.ends[place] for place in sorted(places)}

    async def position(self, place: Place) -> int:
        """The next offset to be read."""
        return self._positions[place]

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[Place, list[Message]]:
        """The next records of each partition."""
        await asyncio.sleep(0.002)
        found = {}
        for place in sorted(self._positions):
            if messages := self.broker.read(place, self._positions[place], max_records):
                found[place] = messages
            if not self.broker.away:
                self._positions[place] = messages[-1].offset + 1 if messages else self.broker.ends[place]
        return found
