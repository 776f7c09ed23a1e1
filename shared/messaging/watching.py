"""What an operator should know without asking: how outbox and held events stand, and what stands for too long.

Levels go out as metrics; an alarm is also a line in the log when it begins and every ten minutes while it lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import text

from shared.contracts.topics import TOPICS
from shared.kernel import clock
from shared.messaging.record import HeldState, Record
from shared.store.database import Database
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0
_SAID_AGAIN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """One row: so many of these, older than `after`, are too many from the first on."""

    name: str
    where: str
    after: timedelta
    what: str


ALARMS = (
    Alarm(
        "gap", "held WHERE state = 'waiting' AND reason = 'gap' AND held_at", timedelta(minutes=1), "numbers missing"
    ),
    Alarm(
        "needs",
        "held WHERE state = 'waiting' AND needs <> '[]' AND held_at",
        timedelta(hours=1),
        "parties or staff that have not come",
    ),
    Alarm(
        "unknown-type",
        "held WHERE state = 'waiting' AND reason = 'unknown-type' AND held_at",
        timedelta(0),
        "events that this build cannot read: deploy readers first",
    ),
    Alarm("dead", "held WHERE state IN ('dead', 'refused') AND held_at", timedelta(0), "held until somebody decides"),
    Alarm(
        "stuck",
        "outbox WHERE published_at IS NULL AND stuck_reason IS NOT NULL AND created_at",
        timedelta(0),
        "outbox rows that the broker refuses",
    ),
    Alarm(
        "unpublished",
        "outbox WHERE published_at IS NULL AND stuck_reason IS NULL AND coalesce(replayed_at, created_at)",
        timedelta(minutes=1),
        "outbox rows that wait for the relay",
    ),
)

_COUNT = text(
    "SELECT "
    + ", ".join(
        f"(SELECT count(*) FROM {alarm.where} <= now() - make_interval(secs => {alarm.after.total_seconds()})) "
        f'AS "{alarm.name}"'
        for alarm in ALARMS
    )
)
_STATES = text("SELECT state, count(*) AS number FROM held GROUP BY state")
_OUTBOX = text(
    "SELECT coalesce(extract(epoch FROM now() - min(coalesce(replayed_at, created_at))), 0) AS oldest, "
    "count(*) FILTER (WHERE stuck_reason IS NOT NULL) AS stuck FROM outbox WHERE published_at IS NULL"
)


class Sayer:
    """Says an alarm when it begins, when it ends, and now and then while it lasts."""

    def __init__(self) -> None:
        self._said_at: dict[str, float] = {}

    def say(self, name: str, count: int, what: str, **more: str) -> None:
        """`count` 0 means that all is well."""
        metrics.ALARM.set(count, alarm=name.partition(" ")[0], **more)
        now = clock.monotonic()
        if count == 0:
            if self._said_at.pop(name, None) is not None:
                log.info("alarm over", alarm=name)
        elif now - self._said_at.get(name, float("-inf")) >= _SAID_AGAIN_SECONDS:
            self._said_at[name] = now
            log.error("alarm", alarm=name, count=count, what=what, **more)


async def look_after(database: Database, sayer: Sayer) -> dict[str, int]:
    """Measures what stands in the database and says the alarms; returns alarm → count."""
    async with database.connection() as connection:
        states = {row.state: row.number for row in await connection.execute(_STATES)}
        outbox = (await connection.execute(_OUTBOX)).one()
        counts: dict[str, int] = dict((await connection.execute(_COUNT)).one()._mapping)
    for state in HeldState:
        metrics.HELD_ROWS.set(states.get(state, 0), state=str(state))
    metrics.OUTBOX_AGE.set(float(outbox.oldest))
    metrics.OUTBOX_STUCK.set(outbox.stuck)
    for alarm in ALARMS:
        sayer.say(alarm.name, counts[alarm.name], alarm.what)
    return counts


def look_at_unread(oldest: Iterable[Record], sayer: Sayer) -> dict[str, float]:
    """Says an alarm for each topic whose oldest unread record has passed half of the topic's retention: it will be
    deleted unread. Returns topic → age of that record in seconds.
    """
    now = clock.now().timestamp()
    ages: dict[str, float] = {}
    for record in oldest:
        if record.written_at is not None:
            ages[record.topic] = max(ages.get(record.topic, 0.0), now - record.written_at)
    for name, topic in TOPICS.items():
        metrics.LAG_AGE.set(ages.get(name, 0.0), topic=name)
        if topic.retention is not None:
            late = ages.get(name, 0.0) > topic.retention.total_seconds() / 2
            sayer.say(f"retention {name}", int(late), "unread for half of the topic's retention", topic=name)
    return ages
