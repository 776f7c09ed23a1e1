"""What a sender does beside sending: says that it lives, decides doubts, closes what is over, forgets what is old."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.notify.attempts import commands as attempts
from services.notify.attempts import store as attempt_store
from services.notify.providers.result import Channel
from services.notify.providers.smpp.provider import SmppProvider
from services.notify.receipts import store as receipts
from services.notify.sender.claiming import decide_overdue
from services.notify.sender.delivery import Delivery
from services.notify.settings import NotifySettings
from services.notify.threads import commands as threads
from shared.kernel import clock
from shared.runtime.service import RoleContext
from shared.store.cause import Cause
from shared.telemetry import logs

log = logs.logger(__name__)

_UPKEEP = Cause(correlation_id="sender")
_ROUND_SECONDS = 0.25
_FORGET_EVERY = timedelta(minutes=10)
_BATCH = 50


class Upkeep:
    """One sender process's chores. Every sender does them; rows that another has locked are passed over."""

    def __init__(
        self,
        context: RoleContext,
        smpp: SmppProvider,
        deliveries: Mapping[Channel, Delivery],
        sender_id: UUID,
        settings: NotifySettings,
    ) -> None:
        self._context = context
        self._smpp = smpp
        self._deliveries = deliveries
        self._sender_id = sender_id
        self._settings = settings
        self._said_alive = self._forgot = float("-inf")

    async def run(self) -> None:
        """Works until the role is to stop."""
        while not self._context.stopping.is_set():
            self._context.health.busy()
            try:
                await self.once()
            except (DBAPIError, PoolTimeout) as error:
                log.warning("sender.upkeep", error=type(error).__name__)
                self._context.health.unready("database")
            else:
                self._tell_readiness()
            self._context.health.done()
            await self._context.rest(_ROUND_SECONDS)

    async def once(self) -> None:
        """One round."""
        now = clock.monotonic()
        if now - self._said_alive >= self._settings.sender_heartbeat.total_seconds():
            await self.say_alive()
            self._said_alive = now
        async with self._context.database.transaction(_UPKEEP) as uow:
            given_up = await attempts.give_up_abandoned(uow, self._settings, _BATCH)
        if given_up:
            log.warning("sender.attempts_in_doubt", count=given_up)
        async with self._context.database.transaction(_UPKEEP) as uow:
            calls = await decide_overdue(uow, _BATCH, self._sender_id, self._settings)
        for call in calls:
            self._deliveries[call.channel].start([call])
        async with self._context.database.transaction(_UPKEEP) as uow:
            await threads.close_over(uow)
            if now - self._forgot >= _FORGET_EVERY.total_seconds():
                await receipts.forget_unmatched(uow, uow.now - self._settings.unmatched_receipts_kept)
                self._forgot = now

    def _tell_readiness(self) -> None:
        if self._smpp.bound:
            self._context.health.ready()
        else:
            self._context.health.unready(f"smsc {self._smpp.problem}")

    async def say_alive(self) -> None:
        """Without this for `sender_dead_after`, others take this process's open attempts for abandoned."""
        async with self._context.database.transaction(_UPKEEP) as uow:
            await attempt_store.says_alive(uow, self._sender_id)

    async def say_goodbye(self) -> None:
        """The process leaves of its own will: what it could not finish need not wait until it counts as dead."""
        async with self._context.database.transaction(_UPKEEP) as uow:
            await attempt_store.says_goodbye(uow, self._sender_id, uow.now - timedelta(days=1))
