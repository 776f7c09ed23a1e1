"""What one transaction does with one batch: inbox, copies, reactions, held events. It decides; `batch.py` retries."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.contracts.topics import TOPICS, Topic, TopicClass
from shared.messaging import holding, inbox
from shared.messaging.copying import apply_states, rewrite_late
from shared.messaging.reacting import Reactor
from shared.messaging.reactions import Need
from shared.messaging.record import HeldState, Hold, Reading, Record, Released, Verdict, read
from shared.runtime.service import Service
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from shared.telemetry import metrics

Shortened = Mapping[int, bool]
"""Partition → whether it has lost its first records by age."""


@dataclass(slots=True)
class Done:
    """What one transaction did: `reacted` counts events of our own services that reactions ran on."""

    holds: list[tuple[Reading, Hold]] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    reacted: int = 0


class NeedsMissing(Exception):
    """A state that an event names is not here, and the caller would rather wait a moment for it than have it held."""


class Applier:
    """Applies batches for one service. Holds no state of its own between batches."""

    cause = Cause(correlation_id="core")

    def __init__(self, service: Service, code_version: str) -> None:
        self.service = service
        self.code_version = code_version
        self._copies = {copy.event.topic.name: copy for copy in service.copies}
        self._reactor = Reactor(service)

    async def apply(
        self,
        uow: UnitOfWork,
        records: Sequence[Record],
        verdict: Verdict | None,
        *,
        patient: bool = False,
        shortened: Shortened | None = None,
    ) -> Done:
        """Applies records of one topic, each partition's in order. `verdict` is set for one record, the culprit.

        `shortened`: which partitions have lost their first records by age; None: none has. With nothing done it raises
        NeedsMissing, where a state is missing and the caller is `patient`, and inbox.BeginningUnknown, where
        `shortened` does not tell of a partition and that matters.
        """
        topic = TOPICS[records[0].topic]
        readings = await self._check_sources(uow, topic, [read(record) for record in records])
        missing = await self._reactor.missing(uow, readings)
        if missing and patient:
            raise NeedsMissing
        done = Done([(r, r.hold) for r in readings if r.envelope is None and r.hold is not None])
        legible = [r for r in readings if r.envelope is not None]
        again = [r.record.held_id for r in legible if r.record.held_id is not None]
        if again and topic.kind is not TopicClass.FACT:
            await holding.forget_unreadable(uow, again)
        if legible:
            match topic.kind:
                case TopicClass.SEQUENCED:
                    await self._sequenced(uow, topic, legible, done, verdict, missing, shortened)
                case TopicClass.STATE:
                    await self._states(uow, topic, legible, done, verdict)
                case TopicClass.FACT:
                    await self._facts(uow, legible, done, verdict, missing)
        uow.permit.publishes, uow.cause, uow.incoming = None, self.cause, None
        if done.holds:
            await uow.flush()
            await holding.hold(uow, self.service.group, done.holds, self.code_version)
            for reading, hold in done.holds:
                metrics.HELD.add(topic=reading.record.topic, state=hold.state, reason=hold.reason.partition(" ")[0])
            # What it needs may have come while this transaction ran, and then nobody else will wake it.
            done.released += [(r.record.topic, r.thing[1]) for r, hold in done.holds if hold.needs]
        return done

    async def _sequenced(
        self,
        uow: UnitOfWork,
        topic: Topic,
        readings: list[Reading],
        done: Done,
        verdict: Verdict | None,
        missing: frozenset[Need],
        shortened: Shortened | None,
    ) -> None:
        consumer = self.service.group
        places = await inbox.lock_places(uow, consumer, topic.name, (r.thing for r in readings))
        queued = await holding.queues(uow, consumer, topic.name, (key for _, key in places))
        blocked = set(queued)
        await self._reactor.gather(uow, readings, verdict)
        for reading in _by_number(readings):
            place = places[reading.thing]
            if not place.is_new and reading.number <= place.last:
                metrics.CONSUMED.add(topic=topic.name, outcome="duplicate")
                continue
            if place.is_new:
                place.begin(reading.number, _is_shortened(reading, shortened))
                if place.first_seen > 1:
                    metrics.SEEN_LATE.add(topic=topic.name)
            if reading.number > place.last + 1:
                reason = "queued" if reading.thing in blocked else "gap"
                hold: Hold | None = Hold(HeldState.WAITING, reason)
            else:
                hold = await self._apply_one(uow, reading, missing, verdict, done)
            if hold is None:
                place.last = reading.number
            else:
                done.holds.append((reading, hold))
                blocked.add(reading.thing)
        await inbox.raise_places(uow, consumer, topic.name, places)
        if queued:
            queues = {thing: places[thing] for thing in queued & set(places)}
            done.released += await holding.move_on(uow, consumer, topic.name, queues)

    async def _facts(
        self,
        uow: UnitOfWork,
        readings: list[Reading],
        done: Done,
        verdict: Verdict | None,
        missing: frozenset[Need],
    ) -> None:
        again = [r.record.held_id for r in readings if r.record.held_id is not None]
        standing = await holding.lock_held(uow, again) if again else set()
        fresh: dict[inbox.Thing, bytes] = {}
        for reading in readings:
            if reading.record.held_id is None:
                fresh.setdefault(_fact(reading), inbox.body_hash(reading))
        known = await inbox.remember_facts(uow, self.service.group, fresh, uow.now) if fresh else {}
        due: list[Reading] = []
        for reading in readings:
            if reading.record.held_id is not None:
                if reading.record.held_id in standing:
                    due.append(reading)
                continue
            seen = known.get(_fact(reading))
            known.setdefault(_fact(reading), fresh[_fact(reading)])
            if seen is None:
                due.append(reading)
            elif seen != inbox.body_hash(reading):
                done.holds.append((reading, Hold(HeldState.DEAD, "id-reused")))
        await self._reactor.gather(uow, due, verdict)
        freed: list[int] = []
        for reading in due:
            hold = await self._apply_one(uow, reading, missing, verdict, done)
            if hold is not None:
                done.holds.append((reading, hold))
            elif reading.record.held_id is not None:
                freed.append(reading.record.held_id)
        if freed:
            await holding.release(uow, freed)

    async def _states(
        self, uow: UnitOfWork, topic: Topic, readings: list[Reading], done: Done, verdict: Verdict | None
    ) -> None:
        copy = self._copies[topic.name]
        done.holds.extend((r, r.hold) for r in readings if r.hold is not None)
        applied = await apply_states(uow, copy, [r for r in readings if r.hold is None])
        for reading in applied.news:
            if reading.event is not None:
                hold = await self._apply_one(uow, reading, frozenset(), verdict, done)
                if hold is not None:
                    done.holds.append((reading, hold))
            elif copy.on_gone is not None:
                self._reactor.begin(uow, reading, copy.publishes)
                await copy.on_gone(uow, reading.thing[1])
        freed = [r.record.held_id for r in readings if r.record.held_id is not None and r.hold is None]
        if freed:
            await holding.release(uow, freed)
        uow.permit.publishes, uow.cause = None, self.cause
        await rewrite_late(uow, copy.event, applied.late)
        keys = sorted({reading.thing[1] for reading in applied.news})
        if keys:
            done.released += await holding.state_arrived(uow, self.service.group, topic.name, keys)

    async def _apply_one(
        self, uow: UnitOfWork, reading: Reading, missing: frozenset[Need], verdict: Verdict | None, done: Done
    ) -> Hold | None:
        hold = await self._reactor.apply(uow, reading, missing, verdict)
        done.reacted += int(hold is None and reading.is_ours and self._reactor.reacts_to(reading))
        return hold

    async def _check_sources(self, uow: UnitOfWork, topic: Topic, readings: list[Reading]) -> list[Reading]:
        """Records from nobody we know become dead, whatever else they say."""
        ours = {f"/services/{name}" for name in topic.producers}
        others = frozenset(r.envelope.source for r in readings if r.envelope is not None) - ours
        if not others:
            return readings
        known: frozenset[str] = frozenset()
        if topic.outside and self.service.known_sources is not None:
            known = await self.service.known_sources(uow, others)
        unknown = others - known
        return [
            replace(r, envelope=None, event=None, hold=Hold(HeldState.DEAD, "source-unknown"))
            if r.envelope is not None and r.envelope.source in unknown
            else r
            for r in readings
        ]


def _is_shortened(reading: Reading, shortened: Shortened | None) -> bool:
    if shortened is None or reading.number == 1:
        return False
    partition = reading.record.partition
    if partition not in shortened:
        raise inbox.BeginningUnknown(partition)
    return shortened[partition]


def _by_number(readings: Sequence[Reading]) -> list[Reading]:
    """Each thing's readings in the order of their numbers, in the places where it has some.

    A number that was overtaken on its topic comes first again: else what overtook it would be held in this very batch,
    after which nothing would make it due.
    """
    queues: dict[inbox.Thing, deque[Reading]] = {}
    for reading in sorted(readings, key=lambda reading: reading.number):
        queues.setdefault(reading.thing, deque()).append(reading)
    return [queues[reading.thing].popleft() for reading in readings]


def _fact(reading: Reading) -> inbox.Thing:
    assert reading.envelope is not None
    return (reading.envelope.source, reading.envelope.id)
