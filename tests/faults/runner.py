"""Runs a fault: opens the load, injects, ends the load, waits for rest, checks, takes the figures."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
from kafka.errors import KafkaError

from shared.kernel import clock
from tests.faults import checker, messages
from tests.faults.acts import Acts
from tests.faults.entries import Ledger
from tests.faults.evidence import Evidence, Finding
from tests.faults.fault import Fault
from tests.faults.keeper import Keeper
from tests.faults.load import Load
from tests.faults.outside import OutsideChannel
from tests.faults.run import REST_PATIENCE_SECONDS, REST_SECONDS, Run, take_figures
from tests.faults.scene import Scene
from tests.faults.sending import Sender
from tests.faults.sink import Sink
from tests.faults.stage import Stage, known_everywhere
from tests.faults.stores import OwnConnections
from tests.faults.topics import TopicScan
from tests.support import books
from tests.support.stored import unacknowledged

SHORT_BEFORE_SECONDS, SHORT_AFTER_SECONDS = 7.0, 5.0
_LONG_MOST_SECONDS = 15 * 60.0
_ANSWERS_SECONDS = 20.0
_LOOKS = 2
"""What is amiss must be so at the second, too: a timer may send a message between the looks at phones and at stores."""

Tell = Callable[[str], None]


class Runner:
    """Runs faults one after the other in one house."""

    def __init__(self, stage: Stage, *, long: bool, rate: float, tell: Tell) -> None:
        self._stage = stage
        self._long = long
        self._rate = rate
        self._tell = tell
        self._stores = OwnConnections(stage.house.url)
        self._ledger = Ledger()
        """Of all runs in this house: what was begun in one may end in the next."""
        self._sink = Sink(stage.house.layout.inbox)
        self._scan = TopicScan(stage.kafka.bootstrap)

    def close(self) -> None:
        """Gives its connections back."""
        self._stores.close()

    async def run(self, fault: Fault, seed: int) -> Run:
        """One run. Never raises for what the house does; a mistake of the run itself is told in `trouble`."""
        scene = Scene(
            self._stage,
            self._stores,
            self._ledger,
            Keeper(self._stage.house),
            random.Random(seed),
            self._long,
            clock.now(),
            first_open=lambda: self._first_open(scene),
            messages=lambda: len(self._sink.received),
            events_a_second=self._rate * EVENTS_A_REQUEST,
        )
        run = Run(fault, scene, seed, clock.now())
        try:
            await self._play(run)
        except (TimeoutError, AssertionError, LookupError, OSError, psycopg.Error, KafkaError) as error:
            run.trouble = f"{type(error).__name__}: {error}"
        finally:
            await fault.repair(scene)  # not before the figures are taken: some are of what it removes
        return run

    async def _play(self, run: Run) -> None:
        scene, fault = run.scene, run.fault
        bearers = await self._stage.sign_in()
        await known_everywhere(self._stores)
        self._tell("preparing")
        await fault.prepare(scene)
        sender = Sender(bearers)
        outside = OutsideChannel(self._stage.kafka.bootstrap, sender.giving_up)
        await outside.open()
        load = Load(self._stage.house.layout, sender, outside, scene.ledger, run.seed)
        if not fault.outside:
            load.without("outside")
        scene.load = load
        acts = Acts(self._stage.house.layout, OwnConnections(self._stage.house.url), sender, scene.ledger)
        records = self._scan.records
        beside = [asyncio.create_task(each) for each in (scene.keeper.run(), self._sink.run(), acts.run())]
        try:
            run.began = scene.began = clock.now()
            loading = asyncio.create_task(load.run(self._rate))
            try:
                await self._inject(run)
            finally:
                load.stop()
                await loading
            run.ended = clock.now()
            run.requests, run.late_seconds = load.sent, load.latest
            if load.failure is not None:
                raise AssertionError(f"the load itself: {load.failure!r}")
            await fault.last_act(scene)
            self._tell("coming to rest")
            began = clock.monotonic()
            await load.finish(_ANSWERS_SECONDS)
            still_open = await self._rest(scene)
            run.rest_seconds = clock.monotonic() - began
        finally:
            await acts.finish(1.0)
            for task in beside:
                task.cancel()
            ended = await asyncio.gather(*beside, return_exceptions=True)
            await outside.close()
            await sender.close()
        for result in ended:
            if isinstance(result, Exception) and not isinstance(result, asyncio.CancelledError):
                raise AssertionError(f"a watcher ended: {result!r}")
        self._tell("checking")
        again = self._scan.again
        await asyncio.to_thread(self._scan.read_on)
        run.sent_again = self._scan.again - again
        for _ in range(_LOOKS):
            await self._sink.look()
            evidence = Evidence(
                self._stores,
                scene.ledger,
                self._sink.received,
                {} if fault.reorders else dict(self._scan.inverted),
                still_open,
                frozenset(scene.held_as_meant),
            )
            run.findings = await asyncio.to_thread(checker.check, evidence)
            if not run.findings:
                break
        if run.rest_seconds > REST_SECONDS and not still_open:
            run.findings.append(Finding("I5", "late", f"at rest only after {run.rest_seconds:.0f} s"))
        run.sent_twice = await asyncio.to_thread(messages.sent_twice, evidence)
        await asyncio.to_thread(take_figures, run)
        assert self._scan.records > records, "nothing was published at all"

    async def _inject(self, run: Run) -> None:
        """Spreads the injections over the load, which goes on for some time after the last."""
        fault, scene = run.fault, run.scene
        count = fault.injections if self._long else 1
        goal = fault.events / scene.events_a_second if self._long else 0.0
        pause = goal / (count + 1)
        last = clock.monotonic() + _LONG_MOST_SECONDS
        await asyncio.sleep(max(pause, SHORT_BEFORE_SECONDS))
        for number in range(count):
            self._tell(f"injection {number + 1} of {count}")
            injected = clock.monotonic()
            run.injections.append(await fault.inject(scene, number))
            if clock.monotonic() > last:
                break
            await asyncio.sleep(max(0.0, pause - (clock.monotonic() - injected)))
        if not self._long or pause < SHORT_AFTER_SECONDS:
            await asyncio.sleep(SHORT_AFTER_SECONDS)

    async def _rest(self, scene: Scene) -> list[str]:
        """Returns when nothing is on its way any more, or, after the time that it has, what still is."""
        last = clock.monotonic() + REST_PATIENCE_SECONDS
        while True:
            open_now = await asyncio.to_thread(self._first_open, scene)
            if not open_now or clock.monotonic() > last:
                break
            await asyncio.sleep(0.4)
        return [] if not open_now else await asyncio.to_thread(lambda: list(self._open(scene)))

    def _first_open(self, scene: Scene) -> str | None:
        with suppress(psycopg.OperationalError, KafkaError):
            return next(self._open(scene), None)
        return "no database or no broker"

    def _open(self, scene: Scene) -> Iterator[str]:
        for service in checker.SERVICES:
            yield from books.waiting(self._stores, service)
        yield from books.owed(self._stores)
        yield from books.unread(self._stores)
        evidence = Evidence(self._stores, scene.ledger, (), held_as_meant=frozenset(scene.held_as_meant))
        yield from (finding.what for finding in checker.unexpectedly_held(evidence))
        yield from unacknowledged(self._stage.house)


EVENTS_A_REQUEST = 25.0
"""Effects of one request of the load's mix in all services, as measured; only used to plan how long a run takes."""
