"""The relay role: outbox → Kafka, in order per key, one active relay per service.

The next batch is selected while one is being sent, and sent when that one is acknowledged. A row may be sent twice
(a crash between acknowledgement and mark, a lease lost in sleep); readers drop it by its number or id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidRequiredAcksError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from shared.contracts.access import principal_of
from shared.kernel import clock
from shared.kernel.pause import pause
from shared.messaging.batch import away_pause, is_away, will_pass
from shared.messaging.kafka_access import KafkaAccess, advice
from shared.messaging.lease import RELAYS, Lease
from shared.messaging.outbox import OutboxRow, any_stuck, mark_published, mark_stuck, unpublished
from shared.messaging.pace import Pace
from shared.runtime.service import RoleContext
from shared.store.database import Database
from shared.telemetry import metrics, spans

log = structlog.get_logger(__name__)

_REFUSED_FOR_EVER = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTopicError,
    InvalidRequiredAcksError,
)
_EAGER_POLL, _EAGER_FOR, _IDLE_POLL = 0.005, 1.0, 0.1
_MANY_ROWS = 50
"""A batch of so many is taken for part of a backlog."""
_PACE, _LONGEST_PACE = 0.000_02, 0.02
"""At 200 rows a second nobody waits, at 1,000 twenty are sent together."""

_LEAVE_SECONDS = 3.0
"""For the last answers, and again for the producer's goodbye: together less than a process may take to drain."""

Key = tuple[str, str]


class _Behind(Exception):
    """Not sent, because an earlier row of the same key was refused."""


async def run(context: RoleContext) -> None:
    """Works until `context.stopping` is set; stands by while another relay holds the lease."""
    lease = Lease(context.database, RELAYS)
    away = 0
    while not context.stopping.is_set():
        try:
            if not await lease.take():
                context.health.ready()
                await context.rest(1.0)
                continue
            producer = _producer(context)
            try:
                await asyncio.wait_for(producer.start(), 15)
                away = 0
                await Relay(context, producer, lease).work()
            finally:
                await _close(producer)
        except Exception as error:
            if not will_pass(error) and not isinstance(error, KafkaError):
                raise
            away += 1
            context.health.unready("database" if is_away(error) else "kafka")
            log.warning("relay waits", tries=away, error=type(error).__name__, **advice(error))
            await context.rest(away_pause(away))
    await _give_back(lease)


class Relay:
    """One producer's life: a failed send ends it, and a new producer goes on from what is not marked.

    A producer whose numbers the broker finds out of order never sends again by itself (aiokafka #1017).
    """

    def __init__(self, context: RoleContext, producer: AIOKafkaProducer, lease: Lease) -> None:
        self._context = context
        self._database: Database = context.database
        self._producer = producer
        self._lease = lease
        self._stuck = False

    async def work(self) -> None:
        """Sends until asked to stop or the lease is lost."""
        self._stuck = await self._look_for_stuck()
        sending: asyncio.Task[set[Key]] | None = None
        in_flight: list[int] = []
        many, pace = False, Pace(_PACE, _LONGEST_PACE)
        quiet_since, poll = clock.monotonic(), _EAGER_POLL
        try:
            while not self._context.stopping.is_set():
                if self._lease.due and not await self._lease.take():
                    break
                # The next of a backlog are read while these are sent. Else they would be read too early: what comes
                # during the sending would wait for one more round.
                batch = await self._select(in_flight) if sending is None or many else []
                if sending is not None:
                    if not await self._answered(sending):
                        sending = None
                        break
                    failed, sending, in_flight = await sending, None, []
                    batch = [row for row in batch if _key(row) not in failed]
                    if not batch:
                        await self._context.rest(max(0.0, pace.ahead))
                        batch = await self._select(())
                if batch:
                    if not self._lease.held:
                        continue
                    pace.begin(len(batch))
                    self._context.health.busy()
                    in_flight, many = [row.position for row in batch], len(batch) >= _MANY_ROWS
                    sending = asyncio.create_task(self._send(batch))
                    quiet_since, poll = clock.monotonic(), _EAGER_POLL
                    continue
                self._context.health.done()
                self._context.health.ready()
                await self._context.rest(poll)
                if clock.monotonic() - quiet_since > _EAGER_FOR:
                    poll = min(_IDLE_POLL, poll * 2)
        finally:
            if sending is not None and await self._answered(sending):
                await sending
            self._context.health.done()

    async def _answered(self, sending: asyncio.Task[set[Key]]) -> bool:
        """Whether a batch's answers came. An absent broker gives none: that is waited out, but not by who must leave.

        What is in flight then is given up and not marked, so the next relay sends it again.
        """
        leaving = asyncio.create_task(self._context.stopping.wait())
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((sending,), timeout=_LEAVE_SECONDS)
        finally:
            leaving.cancel()
        if not sending.done():
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            return False
        return True

    async def _select(self, in_flight: Sequence[int]) -> list[OutboxRow]:
        async with self._database.connection() as connection:
            return await unpublished(connection, in_flight, self._stuck)

    async def _look_for_stuck(self) -> bool:
        async with self._database.connection() as connection:
            return await any_stuck(connection)

    async def _send(self, batch: Sequence[OutboxRow]) -> set[Key]:
        """Sends and marks; returns the keys that failed. Raises KafkaError when the producer is of no more use."""
        began = clock.monotonic()
        topics = {row.aggregatetype for row in batch}
        name = topics.pop() if len(topics) == 1 else "outbox"
        with spans.sending(name, (row.headers.get("ce_traceparent") for row in batch), len(batch)):
            outcomes = await self._deliver(batch)
        await pause("relay.after_send")
        sent = [row.position for row, error in zip(batch, outcomes, strict=True) if error is None]
        now = clock.now()
        async with self._database.connection() as connection:
            if sent and not await mark_published(connection, sent, now, self._lease.holder):
                self._lease.lose()
        metrics.RELAY_BATCH.record(len(batch))
        metrics.RELAYED.add(len(sent))
        metrics.RELAY_SECONDS.record(clock.monotonic() - began)
        failed = {_key(row) for row, error in zip(batch, outcomes, strict=True) if error is not None}
        for row, error in zip(batch, outcomes, strict=True):
            if isinstance(error, _REFUSED_FOR_EVER):
                await self._set_aside(row, error)
            elif error is not None and not isinstance(error, _Behind):
                raise error
        return failed

    async def _deliver(self, batch: Sequence[OutboxRow]) -> list[BaseException | None]:
        """Hands the rows over in order and waits for every answer; after a key's first failure its rows wait."""
        answers: list[asyncio.Future[object] | BaseException] = []
        refused: set[Key] = set()
        for row in batch:
            if _key(row) in refused:
                answers.append(_Behind())
                continue
            try:
                answers.append(
                    await self._producer.send(
                        row.aggregatetype,
                        key=row.aggregateid.encode(),
                        value=row.payload,
                        headers=[(name, value.encode()) for name, value in row.headers.items()],
                    )
                )
            except _REFUSED_FOR_EVER as error:
                answers.append(error)
                refused.add(_key(row))
            except KafkaError as error:
                # No more can be handed over now; what was is waited for and marked, or it would be sent at every try.
                answers += [error, *[_Behind()] * (len(batch) - len(answers) - 1)]
                break
        waiting = [answer for answer in answers if isinstance(answer, asyncio.Future)]
        await asyncio.gather(*waiting, return_exceptions=True)
        return [a.exception() if isinstance(a, asyncio.Future) else a for a in answers]

    async def _set_aside(self, row: OutboxRow, error: BaseException) -> None:
        self._stuck = True
        log.error("outbox row refused by the broker", position=row.position, error=type(error).__name__)
        metrics.RELAY_FAILED.add(topic=row.aggregatetype, error=type(error).__name__)
        async with self._database.connection() as connection:
            await mark_stuck(connection, row.position, type(error).__name__)


def _producer(context: RoleContext) -> AIOKafkaProducer:
    access = KafkaAccess.of(context.settings, principal_of(context.service.name))
    return new_producer(access, f"frontdesk-{context.service.name}-relay")


def new_producer(access: KafkaAccess, client_id: str) -> AIOKafkaProducer:
    """The relay's producer, not yet started: nothing counts as sent before all replicas in sync have it."""
    return AIOKafkaProducer(
        **access.options(),
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=256 * 1024,
        max_request_size=1024 * 1024,
        request_timeout_ms=15_000,
    )


def _key(row: OutboxRow) -> Key:
    return (row.aggregatetype, row.aggregateid)


async def _close(producer: AIOKafkaProducer) -> None:
    # It would wait for an absent broker to take what it still has; an idempotent producer gives nothing up by itself.
    try:
        await asyncio.wait_for(producer.stop(), _LEAVE_SECONDS)
    except TimeoutError:
        log.warning("producer left without a goodbye: the broker does not answer")


async def _give_back(lease: Lease) -> None:
    try:
        await lease.give_back()
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("lease not given back; it runs out by itself")
