"""From the queue to a provider and back: claims in small batches, calls beside each other, stores each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.notify.messages import store
from services.notify.providers.result import Accepted, Rejected, SendResult
from services.notify.sender.answers import Answers
from services.notify.sender.claiming import Call, claim_due
from services.notify.sender.outlets import Outlet
from services.notify.settings import NotifySettings
from shared.kernel import clock
from shared.kernel.pause import pause
from shared.runtime.service import RoleContext
from shared.store.cause import Cause
from shared.telemetry import logs, metrics, spans

log = logs.logger(__name__)

_CLAIMING = Cause(correlation_id="sender")
# What comes right behind a claim is claimed together: the more comes, the longer that is waited for.
_ROUNDS_TO_GATHER, _ROUNDS_WHEN_BUSY = 2, 5
_BUSY = 5
# Less than a stopping role may take: there is still a goodbye to be said.
_DRAIN_SECONDS = 7.0
_LONGEST_REST = 2.0
_ROUNDS_TO_CALM = 200


class Delivery:
    """One channel's queue worked off by one sender process."""

    def __init__(self, context: RoleContext, outlet: Outlet, sender_id: UUID, settings: NotifySettings) -> None:
        self._context = context
        self._outlet = outlet
        self._sender_id = sender_id
        self._settings = settings
        self._answers = Answers(context.database, settings)
        self._in_flight: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None

    async def run(self) -> None:
        """Claims until the role is to stop. Raises what a call raised, which only a mistake of ours can."""
        poll = self._settings.sender_poll.total_seconds()
        idle, full = 0, False
        while not self._context.stopping.is_set():
            if self._broken is not None:
                raise self._broken
            limit = await self._room()
            try:
                claimed = await self._claim(limit, sure=full)
            except (DBAPIError, PoolTimeout) as error:
                # The queue is in the database: while that is away there is nothing to do but to ask again.
                log.warning("sender.database", error=type(error).__name__)
                await self._context.rest(_LONGEST_REST)
                continue
            idle, full = 0 if claimed else idle + 1, claimed == limit
            if not full:
                await self._context.rest(poll * _rounds(claimed, idle))

    async def drain(self) -> None:
        """Waits for the calls in flight; what takes too long is in doubt."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=_DRAIN_SECONDS)

    def start(self, calls: Iterable[Call]) -> None:
        """Makes calls whose attempts are written down; each ends by storing its answer."""
        for call in calls:
            task = asyncio.create_task(self._call(call))
            self._in_flight.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """A call that raised is our own mistake: the process ends, and its open attempts become doubts."""
        self._in_flight.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = task.exception()

    async def _room(self) -> int:
        """How many calls may be begun, once there may be any."""
        while len(self._in_flight) >= self._outlet.concurrency:
            await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
        return min(self._outlet.concurrency - len(self._in_flight), self._settings.sender_batch)

    async def _claim(self, limit: int, *, sure: bool) -> int:
        """Begins up to `limit` calls; returns how many. Looks first without a transaction where it is not `sure`."""
        if not sure:
            async with self._context.database.connection() as connection:
                if not await store.any_due(connection, self._outlet.channel, clock.now()):
                    return 0
        async with self._context.database.transaction(_CLAIMING) as uow:
            calls = await claim_due(uow, self._outlet.channel, limit, self._sender_id, self._settings)
        self.start(calls)
        return len(calls)

    async def _call(self, call: Call) -> None:
        begun = clock.monotonic()
        with spans.delivering(call.traceparent, call.channel, self._outlet.name):
            result = await self._outlet.send(call.outbound)
            metrics.PROVIDER_SECONDS.record(clock.monotonic() - begun, provider=self._outlet.name)
            metrics.ATTEMPTS.add(channel=call.channel, provider=self._outlet.name, outcome=_word(result))
            await pause("sender.after_call")
            with spans.answered(call.channel, self._outlet.name, _word(result)):
                await self._answers.store(call.answered(result))


def _rounds(claimed: int, idle: int) -> int:
    """How long to rest: least while work may come at any moment, longer when there was none for some seconds."""
    if claimed:
        return _ROUNDS_WHEN_BUSY if claimed >= _BUSY else _ROUNDS_TO_GATHER
    return 1 if idle < _ROUNDS_TO_CALM else 4


def _word(result: SendResult) -> str:
    if isinstance(result, Accepted):
        return "accepted"
    return "rejected" if isinstance(result, Rejected) else "unknown"
