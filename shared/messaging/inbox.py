"""The inbox: what each consumer has applied. Its rows change in the same transaction as what the events did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import text

from shared.messaging.record import Reading
from shared.store.unit_of_work import UnitOfWork

Thing = tuple[str, str]
"""(source, key)"""

# Locks and returns in one round trip. A row with first_seen 0 means: never seen before this transaction.
_LOCK = text(
    "INSERT INTO inbox AS i (consumer, source, topic, key, last, first_seen) "
    "SELECT :consumer, source, :topic, key, 0, 0 "
    "FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[])) AS things (source, key) ORDER BY source, key "
    "ON CONFLICT (consumer, source, topic, key) DO UPDATE SET last = i.last RETURNING source, key, last, first_seen"
)
# The rows are there, locked. An UPDATE joined with them would read the whole topic's rows where the planner has no
# statistics yet; a conflict is always found by the key.
_RAISE = text(
    "INSERT INTO inbox (consumer, source, topic, key, last, first_seen) "
    "SELECT :consumer, source, :topic, key, last, first_seen FROM unnest(CAST(:sources AS text[]), "
    "CAST(:keys AS text[]), CAST(:lasts AS bigint[]), CAST(:firsts AS bigint[])) "
    "AS seen (source, key, last, first_seen) ON CONFLICT (consumer, source, topic, key) "
    "DO UPDATE SET last = excluded.last, first_seen = excluded.first_seen"
)
_NEW_FACTS = text(
    "INSERT INTO inbox_fact (consumer, source, id, body_hash, received_at) "
    "SELECT :consumer, source, id, body_hash, :now FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[]), "
    "CAST(:hashes AS bytea[])) AS facts (source, id, body_hash) ORDER BY source, id "
    "ON CONFLICT DO NOTHING RETURNING source, id"
)
_KNOWN_FACTS = text(
    "SELECT source, id, body_hash FROM inbox_fact JOIN unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) "
    "AS facts (source, id) USING (source, id) WHERE consumer = :consumer"
)


class BeginningUnknown(Exception):
    """A new thing is met above number 1: whether the earlier ones are gone or still to come, only its topic tells."""

    def __init__(self, partition: int) -> None:
        super().__init__(partition)
        self.partition = partition


@dataclass(slots=True)
class Place:
    """How far a thing's story has been applied, and the number with which it begins for this consumer."""

    last: int
    first_seen: int

    @property
    def is_new(self) -> bool:
        """Whether this consumer never met the thing before."""
        return self.first_seen == 0

    def begin(self, met: int, shortened: bool) -> None:
        """Sets where the story of a new thing begins, whose number `met` is the first that came: at 1, unless its
        partition is `shortened`, has lost its first records by age.
        """
        self.first_seen = met if shortened else 1
        self.last = self.first_seen - 1


async def lock_places(uow: UnitOfWork, consumer: str, topic: str, things: Iterable[Thing]) -> dict[Thing, Place]:
    """Locks the inbox rows of `things` in their order, making missing ones."""
    ordered = sorted(set(things))
    result = await uow.execute(
        _LOCK,
        {"consumer": consumer, "topic": topic, "sources": [s for s, _ in ordered], "keys": [k for _, k in ordered]},
    )
    return {(source, key): Place(last, first) for source, key, last, first in result}


async def raise_places(uow: UnitOfWork, consumer: str, topic: str, places: Mapping[Thing, Place]) -> None:
    """Writes back how far each thing has been applied."""
    await uow.execute(
        _RAISE,
        {
            "consumer": consumer,
            "topic": topic,
            "sources": [source for source, _ in places],
            "keys": [key for _, key in places],
            "lasts": [place.last for place in places.values()],
            "firsts": [place.first_seen for place in places.values()],
        },
    )


def body_hash(reading: Reading) -> bytes:
    """SHA-256 of a fact's data."""
    return sha256(reading.value or b"").digest()


async def remember_facts(
    uow: UnitOfWork, consumer: str, facts: Mapping[Thing, bytes], now: datetime
) -> dict[Thing, bytes]:
    """Remembers the facts, (source, id) → hash; returns those that were known already, with the hash they had."""
    ordered = sorted(facts)
    sources, ids = [s for s, _ in ordered], [i for _, i in ordered]
    hashes = [facts[fact] for fact in ordered]
    result = await uow.execute(
        _NEW_FACTS, {"consumer": consumer, "sources": sources, "ids": ids, "hashes": hashes, "now": now}
    )
    new = {(source, fact_id) for source, fact_id in result}
    if len(new) == len(ordered):
        return {}
    known = [fact for fact in ordered if fact not in new]
    result = await uow.execute(
        _KNOWN_FACTS, {"consumer": consumer, "sources": [s for s, _ in known], "ids": [i for _, i in known]}
    )
    return {(source, fact_id): hashed for source, fact_id, hashed in result}
