"""The clock role: timers, held events, and what is purged in time. Any number may run beside each other."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import text

from shared.kernel import clock
from shared.messaging.applying import Applier
from shared.messaging.batch import Batches, away_pause, will_pass
from shared.messaging.brake import Brake
from shared.messaging.held_retry import HeldRetry
from shared.messaging.timers import CLAIM, Timers
from shared.messaging.watching import EVERY_SECONDS, Sayer, look_after
from shared.runtime.service import RoleContext
from shared.store.database import Database

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.1
_HELD_SECONDS = 1.0
_PURGE_SECONDS = 600.0
_PURGE_ROWS = 5000

PURGES = (
    # Longer than the longest retention of facts; as long as a replay may reach back.
    ("inbox_fact", "received_at", timedelta(days=30)),
    ("idempotency", "created_at", timedelta(hours=24)),
    ("outbox", "published_at", timedelta(days=7)),
    ("timer", "fired_at", timedelta(days=30)),
)
"""(table, column, age): rows older than this go."""


async def run(context: RoleContext) -> None:
    """Works until `context.stopping` is set. A database that is away makes the role unready, not dead."""
    settings, database = context.settings, context.database
    timers = Timers(context.service, database)
    batches = Batches(database, Applier(context.service, settings.code_version), context.health)
    brake = Brake(database, context.service.group, settings.code_version)
    held = HeldRetry(database, batches, context.service.group, settings.code_version, brake)
    sayer = Sayer()
    held_at = purge_at = look_at = clock.monotonic()
    away = 0
    while not context.stopping.is_set():
        try:
            context.health.busy()
            fired = await timers.fire_due() if await timers.any_due() else 0
            if clock.monotonic() >= held_at:
                await held.look_for_needs()
                await held.run_due()
                held_at = clock.monotonic() + _HELD_SECONDS
            if clock.monotonic() >= look_at:
                await look_after(database, sayer)
                look_at = clock.monotonic() + EVERY_SECONDS
            if clock.monotonic() >= purge_at:
                await held.age()
                await purge(database)
                purge_at = clock.monotonic() + _PURGE_SECONDS
            context.health.ready()
            away = 0
        except Exception as error:
            if not will_pass(error):
                raise
            away += 1
            fired = 0
            context.health.unready("database")
            log.warning("database away", tries=away)
            await context.rest(away_pause(away))
        finally:
            context.health.done()
        if fired < CLAIM:
            await context.rest(POLL_SECONDS)


async def purge(database: Database) -> None:
    """Takes rows away that nobody may ask for any more, a bounded number at a time so that no lock lasts."""
    for table, column, age in PURGES:
        statement = text(
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} "
            f"WHERE {column} < :before LIMIT {_PURGE_ROWS}))"
        )
        gone = _PURGE_ROWS
        while gone == _PURGE_ROWS:
            async with database.connection() as connection:
                gone = (await connection.execute(statement, {"before": clock.now() - age})).rowcount
