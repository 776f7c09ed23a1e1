"""Faust as group member and offset keeper: a topic's records come out as batches, each partition's in order.

`Transport.Fetcher` and `Transport.Consumer` are the class attributes that Faust offers for this. Offsets are committed
only for batches whose database transaction is committed. The names used are checked at start (`faust_names.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from shared.kernel import clock
from shared.messaging.crew import Crew
from shared.messaging.record import Record

CREW = 2
"""Batches of one topic in flight: one may wait for a lock or a commit while the next is worked on."""
BATCH_BYTES = 4 * 1024 * 1024
FULL_EVENTS, ROOM_EVENTS = 1000, 400
FULL_BYTES, ROOM_BYTES = 4 * 1024 * 1024, 1024 * 1024
GRACE_SECONDS = 3.0
"""How long a rebalance waits for batches in flight: far under the rebalance timeout. Longer ones are read again."""

Handle = Callable[[list[Record]], Awaitable[None]]


class BatchConsumer(driver.Consumer):  # type: ignore[misc]
    """Commits the lanes' offsets by Faust's commit timer, and on revocation and stop.

    Not by acknowledging event by event: that acknowledges what raised (faust-streaming #315), passes over a record that
    is missing at the head (#606), and waits for ever at a gap that compaction left (robinhood/faust #401).
    """

    def on_init(self) -> None:
        """Faust's hook: `done` is partition → next offset, set only after the database's commit."""
        self.done: dict[Any, int] = {}
        super().on_init()

    async def fetched(self, within: float) -> dict[TP, list[Any]]:
        """aiokafka's records of each partition, in order; none where the flow stopped meanwhile. `within` in seconds.

        Faust's `getmany` makes a message of each and asks after the flow before each: four times the work.
        """
        records, active = await self._wait_next_records(within)
        if not records or self.should_stop:
            return {}
        if not self.flow_active:
            await self.perform_seek()  # as Faust does: what was fetched is given up, so it must be fetched again
            return {}
        wanted = self._buffered_partitions if active is None else active | self._buffered_partitions
        # aiokafka names partitions by a class of its own; `on_buffer_*` asserts Faust's.
        return {tp: batch for key, batch in records.items() if (tp := TP(*key)) in wanted}

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002
        """Commits what is done, whatever topics are asked for: a lane's offset is right at any time."""
        done, self.done = self.done, {}
        if not done:
            return False
        committed = False
        try:
            committed = bool(await self._commit_offsets(done))
        finally:
            if not committed:
                # Asked again next time, unless the lane has gone on meanwhile: never backwards.
                mine = self.assignment()
                self.done = {tp: offset for tp, offset in done.items() if tp in mine} | self.done
        return committed

    def leave_at_stop(self) -> None:
        """A member with a name of its own does not say goodbye (aiokafka): its partitions would lie for a session."""
        if self._thread._consumer is not None:
            self._thread._consumer._coordinator._group_instance_id = None

    def verify_event_path(self, now: float, tp: Any) -> None:
        """The stock check reads stream sensors, which never see these records; lanes are watched by `Lanes.oldest`."""


@dataclass(slots=True)
class Lane:
    """What waits in one partition. `first` is the oldest record in flight, `taken_at` (monotonic) when it was taken."""

    waiting: deque[Record] = field(default_factory=deque)
    bytes: int = 0
    first: Record | None = None
    taken_at: float = 0.0

    @property
    def full(self) -> bool:
        """Whether fetching this partition must pause: bounds memory by count and by size."""
        return len(self.waiting) >= FULL_EVENTS or self.bytes >= FULL_BYTES

    @property
    def has_room(self) -> bool:
        """Whether fetching may go on."""
        return len(self.waiting) <= ROOM_EVENTS and self.bytes <= ROOM_BYTES

    def put(self, record: Record) -> None:
        """Adds a record behind the others."""
        self.waiting.append(record)
        self.bytes += record.size

    def take(self, events: int, size: int) -> list[Record]:
        """The next of its records: at least one, then as many as both bounds allow."""
        batch = [self.waiting.popleft()]
        size -= batch[0].size
        while self.waiting and len(batch) < events and self.waiting[0].size <= size:
            size -= self.waiting[0].size
            batch.append(self.waiting.popleft())
        self.bytes -= sum(record.size for record in batch)
        self.first, self.taken_at = batch[0], clock.monotonic()
        return batch


class Lanes(Service):  # type: ignore[misc]
    """In the place of Faust's Fetcher: a bounded buffer per partition, and batches that take from many partitions.

    No partition is in two batches at once, so its order stands; a batch that waits holds up only the partitions it took
    from, since a topic has `CREW` workers.
    """

    def __init__(self, app: Any, **kwargs: Any) -> None:
        self.app = app
        self.lanes: dict[TP, Lane] = {}
        self.crews: dict[str, Crew] = {}
        self.paused: set[TP] = set()
        self.room = asyncio.Event()
        self.handle: Handle = app.handle
        super().__init__(**kwargs)

    @property
    def oldest(self) -> float:
        """Seconds that the batch longest in flight has been worked on; 0 when none is."""
        taken = [lane.taken_at for lane in self.lanes.values() if lane.first is not None]
        return clock.monotonic() - min(taken) if taken else 0.0

    @property
    def unread(self) -> dict[TP, Record]:
        """The oldest unhandled record of each partition that has one."""
        return {tp: lane.first for tp, lane in self.lanes.items() if lane.first is not None}

    async def on_first_start(self) -> None:
        """Faust's hook: revocation must wait for what is in flight."""
        self.app.on_partitions_revoked.connect(self._on_revoked)

    async def on_stop(self) -> None:
        """Faust's hook; Consumer.on_stop commits afterwards."""
        await self.settle()

    async def _on_revoked(self, app: Any, revoked: Any, **kwargs: Any) -> None:  # noqa: ARG002
        # The flow has stopped and we are still in the old generation: what is done can be committed. A commit that is
        # running would be joined, not followed by ours; so wait for it first.
        await self.settle()
        consumer = self.app.consumer
        await consumer.maybe_wait_for_commit_to_finish()
        await consumer.commit()
        # A partition that comes back later must not be committed backwards.
        consumer.done.clear()

    async def settle(self) -> None:
        """Empties the buffers and waits for batches in flight; what takes too long is cancelled and read again."""
        for lane in self.lanes.values():
            lane.waiting.clear()
            lane.bytes = 0
        for crew in self.crews.values():
            crew.give_up()
        tasks = [task for crew in self.crews.values() for task in crew.tasks if task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for tp in self.paused:
            self.app.consumer.on_buffer_drop(tp)
        self.lanes, self.crews, self.paused = {}, {}, set()
        self.room.set()

    @Service.task  # type: ignore[untyped-decorator]
    async def _pull(self) -> None:
        consumer = self.app.consumer
        while not self.should_stop:
            # With nothing active to fetch, getmany would sleep for a whole second.
            if self.paused and self.paused >= consumer.assignment():
                self.room.clear()
                await self.wait(self.room)
                continue
            fetched = await consumer.fetched(within=0.05 if self.paused else 1.0)
            # No await between these: Faust says when the flow stops, and then nothing more may come in.
            for tp, messages in fetched.items():
                self._put(consumer, tp, messages)
            await asyncio.sleep(0)

    def _put(self, consumer: Any, tp: TP, messages: Sequence[Any]) -> None:
        lane = self.lanes.setdefault(tp, Lane())
        for message in messages:
            lane.put(record_of(message))
        crew = self.crews.setdefault(tp.topic, Crew(tp.topic))
        crew.put(len(messages))
        if lane.first is None and len(crew.tasks) < CREW:
            crew.tasks.add(self.loop.create_task(self._work(crew)))
        if lane.full and tp not in self.paused:
            # Never pause_partitions: getmany would throw away what was fetched of a partition paused meanwhile.
            self.paused.add(tp)
            consumer.on_buffer_full(tp)

    async def _work(self, crew: Crew) -> None:
        taken: list[tuple[TP, Lane, list[Record]]] = []
        try:
            while taken := await self._next(crew):
                began = clock.monotonic()
                records = [record for _, _, batch in taken for record in batch]
                crew.begin(len(records))
                await self.handle(records)
                crew.learn(len(records), clock.monotonic() - began)
                for tp, lane, batch in taken:
                    lane.first = None
                    self.app.consumer.done[tp] = batch[-1].offset + 1
                    self._make_room(tp, lane)
                taken = []  # others may have these lanes now
        except Exception as error:  # noqa: BLE001 - handle retries by itself; what comes out is a fault: start anew
            await self.crash(error)
        finally:
            for _, lane, _ in taken:
                lane.first = None
            crew.tasks.discard(asyncio.current_task())

    async def _next(self, crew: Crew) -> list[tuple[TP, Lane, list[Record]]]:
        await crew.rest()
        return self._take(crew.topic, crew.size)

    def _take(self, topic: str, events: int) -> list[tuple[TP, Lane, list[Record]]]:
        """The next batch: from the partitions that nobody works on, who waits longest first."""
        free = [(tp, lane) for tp, lane in self.lanes.items() if tp.topic == topic and lane.waiting and not lane.first]
        size, taken = BATCH_BYTES, []
        for tp, lane in sorted(free, key=lambda each: each[1].taken_at):
            if events <= 0 or size <= 0:
                break
            batch = lane.take(events, size)
            events -= len(batch)
            size -= sum(record.size for record in batch)
            taken.append((tp, lane, batch))
        return taken

    def _make_room(self, tp: TP, lane: Lane) -> None:
        if tp in self.paused and lane.has_room:
            self.paused.discard(tp)
            self.app.consumer.on_buffer_drop(tp)
            self.room.set()


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with our consumer and fetcher."""

    Consumer = BatchConsumer
    Fetcher = Lanes


def record_of(message: Any) -> Record:
    """aiokafka's message as a record."""
    return Record(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        tuple(message.headers),
        written_at=message.timestamp / 1000,
    )
