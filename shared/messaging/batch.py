"""One transaction per batch of one topic: what was applied is skipped, reactions run in order, one commit.

A batch that fails is halved until the culprit is alone; that one is held and everything else goes on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.contracts.topics import TOPICS, TopicClass
from shared.kernel import clock
from shared.kernel.errors import Refused, Stale, Superseded
from shared.kernel.pause import pause
from shared.messaging.applying import Applier, NeedsMissing
from shared.messaging.brake import Brake
from shared.messaging.inbox import BeginningUnknown
from shared.messaging.reacting import ReactionRaised
from shared.messaging.record import HeldState, Hold, Record, Released, Verdict, read
from shared.runtime.health import Health
from shared.store.database import Database
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

TRIES = 3
"""How often a batch is run that the database refused for reasons that pass."""

_LONGEST_AWAY_PAUSE = 1.0

_PATIENCE_SECONDS = 0.15
"""How long a batch waits for states that its events name, before they are held. What a service publishes in one
transaction goes over several topics, and comes within milliseconds, but in any order.
"""
_YOUNG_SECONDS = 1.0

_PASSING = {"40001", "40P01", "55P03", "57014", "25P03"}
"""Serialization, deadlock, lock timeout, statement timeout, idle-in-transaction timeout."""

IsShortened = Callable[[str, int], Awaitable[bool]]
"""Whether a (topic, partition) has lost its first records by age. Raises OSError where the broker does not answer."""


class Batches:
    """Processes batches of one consumer. Returns only after the commit; cancelled, it leaves nothing half done."""

    def __init__(
        self,
        database: Database,
        applier: Applier,
        health: Health,
        brake: Brake | None = None,
        is_shortened: IsShortened | None = None,
    ) -> None:
        self._database = database
        self._applier = applier
        self._health = health
        self._brake = brake
        self._is_shortened = is_shortened
        self._state_came = asyncio.Event()
        self.worked_since = float("-inf")
        """When (monotonic) a batch last went on after it had waited for the database, the broker or the brake."""

    async def process(self, records: Sequence[Record]) -> list[Released]:
        """Applies `records` of one topic, each partition's in order. Waits for an absent database as long as it takes.

        With a brake it begins nothing while that is on. Who cannot ask whether a topic is shortened takes every new
        thing to begin at number 1. Returns the held things that became due by it.
        """
        began = clock.monotonic()
        released = await self._attempt(records, None, patient_until=_patience(records))
        await pause("consumer.after_commit")
        if TOPICS[records[0].topic].kind is TopicClass.STATE:
            self._state_came.set()
            self._state_came = asyncio.Event()
        metrics.CONSUMED.add(len(records), topic=records[0].topic, outcome="handled")
        metrics.CONSUME_BATCH.record(len(records), topic=records[0].topic)
        metrics.CONSUME_SECONDS.record(clock.monotonic() - began, topic=records[0].topic)
        return released

    async def _attempt(
        self, records: Sequence[Record], verdict: Verdict | None, *, patient_until: float = float("-inf")
    ) -> list[Released]:
        passing, away = 0, 0
        shortened: dict[int, bool] | None = None if self._is_shortened is None else {}
        while True:
            try:
                holding = verdict is not None and verdict.hold is not None
                if self._brake is not None and await self._brake.wait_until_off(for_sure=holding):
                    # What was found before the brake says nothing of the build or the data that go on now.
                    verdict, self.worked_since = None, clock.monotonic()
                async with self._database.transaction(self._applier.cause) as uow:
                    came = self._state_came
                    done = await self._applier.apply(
                        uow, records, verdict, patient=clock.monotonic() < patient_until, shortened=shortened
                    )
            except NeedsMissing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(patient_until - clock.monotonic()):
                        await came.wait()
                continue
            except BeginningUnknown as unknown:
                assert shortened is not None
                shortened[unknown.partition] = await self._ask(records[0].topic, unknown.partition)
                continue
            except (DBAPIError, PoolExhausted, OSError) as error:
                if is_away(error):
                    away += 1
                    await self._wait_for_database(away)
                    continue
                # A record that cannot even be held, because somebody has its rows locked, is waited for.
                if is_passing(error) and (passing < TRIES or verdict is not None):
                    passing += 1
                    metrics.BATCH_RETRIED.add(reason=sqlstate(error) or "unknown")
                    await asyncio.sleep(random.uniform(0.05, 0.5))
                    continue
                return await self._divide(records, verdict, error)
            except Exception as error:  # noqa: BLE001 - whatever a reaction raised; it is held with its class
                return await self._divide(records, verdict, error)
            if away:
                self.worked_since = clock.monotonic()
                self._health.ready()
            if self._brake is not None and done.reacted:
                self._brake.reacted(done.reacted)
            return done.released

    async def _divide(self, records: Sequence[Record], verdict: Verdict | None, error: Exception) -> list[Released]:
        if verdict is not None:
            # Holding itself failed: a fault of ours. Nothing is acknowledged; the process ends and starts again.
            raise error
        if len(records) > 1:
            middle = len(records) // 2
            first = await self._attempt(records[:middle], None)
            return first + await self._attempt(records[middle:], None)
        verdict = verdict_on(error)
        if verdict.hold is not None:
            log.warning(
                "event held",
                topic=records[0].topic,
                partition=records[0].partition,
                offset=records[0].offset,
                state=verdict.hold.state,
                reason=verdict.hold.reason,
                at=_where(error),
            )
        released = await self._attempt(records, verdict)
        if not is_passing(error):  # somebody's locks say nothing of this build
            await self._tell_brake(records[0], verdict)
        return released

    async def _tell_brake(self, record: Record, verdict: Verdict) -> None:
        """Counts a raise. Not the second of a record, nor those on what outsiders wrote: garbage is theirs.

        A record that was held because it waited for a party raises for the first time all the same: under load most do.
        """
        if self._brake is None or verdict.hold is None or verdict.hold.state is not HeldState.FAILED:
            return
        reading = read(record)
        if record.failed_before or not reading.is_ours:
            return
        try:
            await self._brake.raised((record.topic, reading.thing[1]), verdict.hold.reason)
        except (DBAPIError, PoolExhausted, OSError) as error:
            if not is_away(error):
                raise
            log.warning("database away; the brake is thought of again at the next raise")

    async def _ask(self, topic: str, partition: int) -> bool:
        """Whether a partition is shortened, asked outside any transaction and until the broker answers."""
        assert self._is_shortened is not None
        times = 0
        while True:
            try:
                return await self._is_shortened(topic, partition)
            except OSError:
                times += 1
                if times == 1:
                    log.warning("broker away; the batch is kept until it tells where a topic begins")
                await asyncio.sleep(away_pause(times) * random.uniform(0.5, 1.0))
                self.worked_since = clock.monotonic()

    async def _wait_for_database(self, times: int) -> None:
        self._health.unready("database")
        self._health.done()
        if times == 1:
            log.warning("database away; the batch is kept and tried again")
        await asyncio.sleep(away_pause(times) * random.uniform(0.5, 1.0))


def _patience(records: Sequence[Record]) -> float:
    """Until when (monotonic) a batch waits for states: only one that was written just now, a backlog does not stop."""
    newest = max(record.written_at or 0.0 for record in records)
    if clock.now().timestamp() - newest > _YOUNG_SECONDS:
        return float("-inf")
    return clock.monotonic() + _PATIENCE_SECONDS


def will_pass(error: BaseException) -> bool:
    """Whether it is the database's state and not a mistake of ours: away, or busy with somebody else's locks."""
    return is_away(error) or is_passing(error)


def away_pause(times: int) -> float:
    """Seconds before an absent server is asked for the next time: soon at first, then once a second.

    No longer, however long it is away: a server that is back is made use of within three seconds.
    """
    return min(_LONGEST_AWAY_PAUSE, 0.1 * 2.0 ** min(times, 6))


def verdict_on(error: Exception) -> Verdict:
    """What follows from what a reaction raised."""
    match error:
        case Superseded() | Stale():
            return Verdict(note=f"{type(error).__name__.lower()}:{error.reason}")
        case Refused():
            return Verdict(hold=Hold(HeldState.REFUSED, _reason(error.code, error.field)))
        case ReactionRaised():
            return Verdict(hold=Hold(HeldState.FAILED, type(error.__cause__).__name__))
        case DBAPIError():
            return Verdict(hold=Hold(HeldState.FAILED, _reason(type(error).__name__, sqlstate(error))))
        case _:
            return Verdict(hold=Hold(HeldState.FAILED, type(error).__name__))


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-letter code behind an exception, if it came from there."""
    origin = getattr(error, "orig", None) or error
    code = getattr(origin, "sqlstate", None)
    return code if isinstance(code, str) else None


def is_passing(error: BaseException) -> bool:
    """Whether the same batch may succeed when it is simply run again."""
    return sqlstate(error) in _PASSING


def is_away(error: BaseException) -> bool:
    """Whether there is no database to talk to: no connection to be had, or one that the server ended."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolExhausted | OSError)
    code = sqlstate(error)
    if code is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    # 08 connection exception, 53 out of resources, 57P the server is being stopped or started.
    return code[:2] in {"08", "53"} or code[:3] == "57P"


def _reason(code: str, detail: str | None) -> str:
    return f"{code} {detail}" if detail else code


def _where(error: BaseException) -> str:
    """File and line of the innermost frame: enough to find the fault, without a value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
