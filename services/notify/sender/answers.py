"""Providers' answers on their way into the database: those that are ready at the same moment share a transaction."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.notify.attempts import commands as attempts
from services.notify.attempts.commands import Answer
from services.notify.settings import NotifySettings
from shared.store.cause import Cause
from shared.store.database import Database
from shared.telemetry import logs

log = logs.logger(__name__)

_STORING = Cause(correlation_id="sender")
_GATHERING = 0.02
_FIRST_REST = 0.05
_LONGEST_REST = 2.0
_MOST = 100


class Answers:
    """The answers to one channel's calls. While some are being stored, the next gather."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        self._database = database
        self._settings = settings
        self._many = max(1, settings.sender_concurrency // 2)
        self._enough = asyncio.Event()
        self._queue: deque[tuple[Answer, asyncio.Future[bool]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def store(self, answer: Answer) -> None:
        """Tries until the answer is stored: given up, it would have to be treated as a doubt.

        Raises what is a mistake of ours.
        """
        if not await self._together(answer):
            await self._alone(answer)

    async def _together(self, answer: Answer) -> bool:
        """Whether the answer was stored with its neighbours. A failure of one of them takes no other's with it."""
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((answer, stored))
        if len(self._queue) >= self._many:
            self._enough.set()
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await stored

    async def _work(self) -> None:
        """Group after group until nobody waits."""
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), _MOST))]
                done = await self._try([answer for answer, _ in group])
                for _, stored in group:
                    if not stored.done():
                        stored.set_result(done)
                await self._rest()
        finally:
            # Here, not when the task is seen to be done: who comes in between would wait for a worker that has left.
            self._worker = None

    async def _rest(self) -> None:
        """After a group: what comes right behind it is stored together. Many that wait keep places of calls taken."""
        self._enough.clear()
        if len(self._queue) < self._many:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHERING):
                    await self._enough.wait()

    async def _try(self, answers: Sequence[Answer]) -> bool:
        try:
            await self._write(answers)
        except Exception as error:  # noqa: BLE001 - each answer meets it again where it is stored alone
            log.warning("sender.answers_not_stored", count=len(answers), error=type(error).__name__)
            return False
        return True

    async def _alone(self, answer: Answer) -> None:
        rest = _FIRST_REST
        while True:
            try:
                await self._write([answer])
                return
            except (DBAPIError, PoolTimeout) as error:
                log.warning("sender.answer_not_stored", message_id=answer.message_id, error=type(error).__name__)
                await asyncio.sleep(rest)
                rest = min(rest * 2, _LONGEST_REST)

    async def _write(self, answers: Sequence[Answer]) -> None:
        async with self._database.transaction(_STORING) as uow:
            await attempts.finish(uow, answers, self._settings)
