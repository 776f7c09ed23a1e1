"""Fires timers that are due: claimed with SKIP LOCKED, in the transaction that changes what they are about."""

from __future__ import annotations

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from shared.kernel.errors import Stale, Superseded
from shared.kernel.pause import pause
from shared.messaging.batch import is_away
from shared.messaging.holding import RETRY_AFTER
from shared.messaging.reactions import Timer, TimerHandler
from shared.runtime.service import Service
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork
from shared.telemetry import metrics, spans

log = structlog.get_logger(__name__)

CLAIM = 20
"""Timers of one transaction: few, since their locks are held until the commit."""

_CLAIM = text(
    "SELECT * FROM timer WHERE fired_at IS NULL AND next_try <= now() AND kind = ANY(:kinds) "
    "ORDER BY next_try, id LIMIT :limit FOR UPDATE SKIP LOCKED"
)
_ANY_DUE = text("SELECT EXISTS (SELECT FROM timer WHERE fired_at IS NULL AND next_try <= now() AND kind = ANY(:kinds))")
_CLAIM_ONE = text("SELECT * FROM timer WHERE fired_at IS NULL AND id = :id FOR UPDATE SKIP LOCKED")
_FIRED = text("UPDATE timer SET fired_at = :now, reason = :reason WHERE id = ANY(:ids)")
_AGAIN = text("UPDATE timer SET tries = tries + 1, next_try = :next_try, reason = :reason WHERE id = :id")


class Timers:
    """The due timers of one service. Any number of these may run."""

    def __init__(self, service: Service, database: Database) -> None:
        self._database = database
        self._handlers = {handler.kind: handler for handler in service.timers}

    async def any_due(self) -> bool:
        """Whether a timer is due: one round trip, so that an idle clock costs next to nothing."""
        async with self._database.connection() as connection:
            return bool((await connection.execute(_ANY_DUE, {"kinds": list(self._handlers)})).scalar_one())

    async def fire_due(self) -> int:
        """Fires up to `CLAIM` timers and returns how many it claimed. Where one fails, each runs on its own."""
        claimed: list[Row[tuple[object, ...]]] = []
        try:
            async with self._database.transaction(Cause(correlation_id="clock")) as uow:
                result = await uow.execute(_CLAIM, {"kinds": list(self._handlers), "limit": CLAIM})
                claimed = list(result)
                for row in claimed:
                    await self._fire(uow, row)
                if claimed:
                    await uow.execute(_FIRED, {"now": uow.now, "reason": None, "ids": [row.id for row in claimed]})
                    await uow.flush()
                    await pause("clock.firing")
        except Exception as error:
            if is_away(error):
                raise
            for row in claimed:
                await self._fire_alone(row.id)
        return len(claimed)

    async def _fire_alone(self, timer_id: int) -> None:
        try:
            async with self._database.transaction(Cause(correlation_id="clock")) as uow:
                row = (await uow.execute(_CLAIM_ONE, {"id": timer_id})).one_or_none()
                if row is None:
                    return
                await self._fire(uow, row)
                await uow.execute(_FIRED, {"now": uow.now, "reason": None, "ids": [timer_id]})
        except (Superseded, Stale) as answer:
            await self._close(timer_id, f"{type(answer).__name__.lower()}:{answer.reason}")
        except (OperationalError, InterfaceError) as error:
            if is_away(error):
                raise
            await self._postpone(timer_id, error)
        except Exception as error:  # noqa: BLE001 - whatever a handler raised: tried again later, with its class
            await self._postpone(timer_id, error)

    async def _fire(self, uow: UnitOfWork, row: Row[tuple[object, ...]]) -> None:
        handler: TimerHandler = self._handlers[row.kind]
        timer = Timer(row.id, row.kind, row.subject, row.due, row.data)
        uow.cause = Cause.of_timer(row.id, row.correlation_id, row.causation_id, row.hops)
        uow.permit.publishes = handler.publishes
        with spans.firing(row.kind, row.traceparent, row.correlation_id):
            await handler.run(uow, timer)
        metrics.TIMERS_FIRED.add(kind=row.kind, outcome="fired")
        metrics.TIMER_LATENESS.record((uow.now - row.due).total_seconds(), kind=row.kind)

    async def _close(self, timer_id: int, reason: str) -> None:
        async with self._database.transaction(Cause(correlation_id="clock")) as uow:
            await uow.execute(_FIRED, {"now": uow.now, "reason": reason, "ids": [timer_id]})

    async def _postpone(self, timer_id: int, error: Exception) -> None:
        reason = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
        async with self._database.transaction(Cause(correlation_id="clock")) as uow:
            row = (await uow.execute(_CLAIM_ONE, {"id": timer_id})).one_or_none()
            if row is None:
                return
            pause_before_next = RETRY_AFTER[min(row.tries, len(RETRY_AFTER) - 1)]
            await uow.execute(_AGAIN, {"id": timer_id, "next_try": uow.now + pause_before_next, "reason": reason})
            log.warning("timer failed", kind=row.kind, tries=row.tries + 1, reason=reason)
