"""Publishes outbox rows again that are still kept, as they were: for a wiped broker, or a reader with a lost database.

The rows are marked as unpublished, some at a time, and go out through the relay: under its lease, in order of position.
Readers know them by their number or id and drop what they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.contracts.topics import TOPICS, TopicClass
from shared.messaging.long_work import Step
from shared.store.unit_of_work import UnitOfWork

WINDOW = 1_000
"""Positions of one transaction."""

# Of a state only the newest record: an older one would be the last on a compacted topic. What tells of somebody erased
# stays away; on topics that never hold personal data it goes, since a number that is left out would be a gap.
_FITS = (
    "published_at IS NOT NULL AND (CAST(:topic AS text) IS NULL OR aggregatetype = :topic) "
    "AND (CAST(:key AS text) IS NULL OR aggregateid = :key) "
    "AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since) "
    "AND (CAST(:until AS timestamptz) IS NULL OR created_at < :until) "
    "AND (NOT aggregatetype = ANY(:states) OR EXISTS (SELECT FROM sequence s WHERE s.topic = o.aggregatetype "
    "AND s.key = o.aggregateid AND s.last = o.sequence)) "
    "AND (payload IS NULL OR NOT aggregatetype = ANY(:personal) OR NOT EXISTS (SELECT FROM "
    "(SELECT o.aggregateid UNION ALL SELECT jsonb_array_elements_text(o.about)) AS named (id) "
    "JOIN copy c ON c.topic = ANY(:states) AND c.key = named.id WHERE c.gone))"
)
_COUNT = text(
    "SELECT aggregatetype AS topic, count(*) AS events, min(created_at) AS oldest, max(created_at) AS newest "
    f"FROM outbox o WHERE {_FITS} GROUP BY 1 ORDER BY 1"
)
_ENDS = text("SELECT coalesce(min(position) - 1, 0), coalesce(max(position), 0) FROM outbox")
_AGAIN = text(
    "UPDATE outbox o SET published_at = NULL, replayed_at = :now "
    f"WHERE position > :after AND position <= :end AND {_FITS}"
)
_STATES = sorted(name for name, topic in TOPICS.items() if topic.kind is TopicClass.STATE)
_PERSONAL = sorted(name for name, topic in TOPICS.items() if topic.personal)


@dataclass(frozen=True, slots=True)
class Which:
    """Which rows: of a topic, of a key, decided since and before an instant; None means all."""

    topic: str | None = None
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def name(self) -> str:
        """The work's name: the same rows are the same work."""
        parts = (self.topic, self.key, self.since and self.since.isoformat(), self.until and self.until.isoformat())
        return " ".join(["replay", *(part or "*" for part in parts)])

    def parameters(self) -> dict[str, Any]:
        """For the statements."""
        fits = {"topic": self.topic, "key": self.key, "since": self.since, "until": self.until}
        return {**fits, "states": _STATES, "personal": _PERSONAL}


@dataclass(frozen=True, slots=True)
class Kept:
    """What the outbox still holds of a topic that a replay would send."""

    topic: str
    events: int
    oldest: datetime
    newest: datetime


async def kept(uow: UnitOfWork, which: Which) -> list[Kept]:
    """What a replay would publish again, by topic."""
    return [Kept(**row._mapping) for row in await uow.execute(_COUNT, which.parameters())]


async def ends(uow: UnitOfWork) -> tuple[int, int]:
    """(the position before the first row, the last position) of the outbox."""
    first, last = (await uow.execute(_ENDS)).one()
    return int(first), int(last)


async def replay_some(uow: UnitOfWork, which: Which, after: str, last: int) -> Step:
    """Marks the rows of the next `WINDOW` positions behind `after`; `last` is where the replay ends."""
    low = int(after)
    high = min(low + WINDOW, last)
    marked = await uow.execute(_AGAIN, which.parameters() | {"after": low, "end": high, "now": uow.now})
    return Step(str(high), max(high - low, 0), marked.rowcount, high >= last)
