"""An independent witness in each database: triggers note which numbers a consumer applied, when and in which order.

Beside the product, not in it: the inbox says how far a thing's story has come, the witness how it came there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from deploy.local.layout import SERVICES
from shared.contracts.topics import TOPICS, TopicClass
from tests.support.books import Stores

_TABLES = """
CREATE TABLE witness (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    source text NOT NULL, topic text NOT NULL, key text NOT NULL, was bigint NOT NULL, now bigint NOT NULL
);
CREATE INDEX witness_at ON witness (at);
CREATE INDEX witness_key ON witness (topic, key);
CREATE FUNCTION witness_sees() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO witness (source, topic, key, was, now) VALUES (NEW.source, NEW.topic, NEW.key, OLD.last, NEW.last);
    RETURN NULL;
END $$;
CREATE TRIGGER witness_sees AFTER UPDATE ON inbox FOR EACH ROW WHEN (OLD.last IS DISTINCT FROM NEW.last)
    EXECUTE FUNCTION witness_sees();
CREATE INDEX witness_facts ON inbox_fact (received_at);
CREATE INDEX witness_created ON outbox (created_at);
"""

_HANDLED = (
    "SELECT (SELECT coalesce(sum(now - was), 0) FROM witness WHERE at > %(since)s AND at <= %(until)s) "
    "+ (SELECT count(*) FROM inbox_fact WHERE received_at > %(since)s AND received_at <= %(until)s) AS events"
)
_WRITTEN = (
    "SELECT id, aggregatetype AS topic, aggregateid AS key, sequence, created_at FROM outbox "
    "WHERE created_at > %(since)s AND created_at <= %(until)s"
)


def install(url: str) -> None:
    """Puts the witness into a service's database."""
    with psycopg.connect(url) as connection:
        connection.execute(_TABLES)


def handled(stores: Stores, since: datetime, until: datetime, readers: tuple[str, ...] = SERVICES) -> int:
    """How many events took effect in that span: each once for each of these services that reads its topic."""
    return sum(int(stores.rows(service, _HANDLED, since=since, until=until)[0]["events"]) for service in readers)


def inverted(stores: Stores) -> Iterator[str]:
    """Where a consumer went back in a thing's story."""
    for service in SERVICES:
        rows = stores.rows(service, "SELECT topic, count(*) AS times FROM witness WHERE now < was GROUP BY topic")
        yield from (f"{service} went back {row['times']} times in {row['topic']}" for row in rows)


def applied_twice(stores: Stores) -> Iterator[str]:
    """Numbers that a consumer applied more than once."""
    query = (
        "SELECT topic, count(*) AS times FROM (SELECT topic, was, max(now) OVER (PARTITION BY source, topic, key "
        "ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM witness) AS w "
        "WHERE was < before GROUP BY topic"
    )
    for service in SERVICES:
        rows = stores.rows(service, query)
        yield from (f"{service} applied events of {row['topic']} again {row['times']} times" for row in rows)


@dataclass(frozen=True, slots=True)
class Effect:
    """One event in one service that must react to it. `at` is None where it has not taken effect."""

    reader: str
    topic: str
    written: datetime
    at: datetime | None


def last_effect(
    stores: Stores, since: datetime, until: datetime, readers: tuple[str, ...] = SERVICES
) -> datetime | None:
    """When the last of the events written in that span took effect in these services; None where none was written.

    Raises LookupError where one has not yet.
    """
    latest: datetime | None = None
    for effect in effects(stores, since, until, readers):
        if effect.at is None:
            raise LookupError(f"{effect.reader} lacks an event of {effect.topic}")
        latest = effect.at if latest is None else max(latest, effect.at)
    return latest


def slowest(stores: Stores, since: datetime, until: datetime, *, below: float = float("inf")) -> float | None:
    """The 99th percentile of the seconds from an event's transaction to its effect, over what was written in that span.

    What took longer than `below` is left out: held events, which are no good events.
    """
    seconds = sorted(
        taken
        for effect in effects(stores, since, until)
        if effect.at is not None and (taken := (effect.at - effect.written).total_seconds()) < below
    )
    return seconds[max(0, round(0.99 * len(seconds)) - 1)] if seconds else None


def effects(stores: Stores, since: datetime, until: datetime, readers: tuple[str, ...] = SERVICES) -> Iterator[Effect]:
    """The events of things and the facts that were written in that span, once for each of these readers."""
    for producer in SERVICES:
        rows = stores.rows(producer, _WRITTEN, since=since, until=until)
        for name, topic in TOPICS.items():
            mine = [row for row in rows if row["topic"] == name]
            if not mine or topic.kind is TopicClass.STATE:
                continue
            find = _facts if topic.kind is TopicClass.FACT else _numbers
            for reader in sorted(topic.consumers & set(readers)):
                for row, at in find(stores, reader, f"/services/{producer}", name, mine):
                    yield Effect(reader, name, row["created_at"], at)


Found = Iterator[tuple[dict[str, Any], datetime | None]]


def _facts(stores: Stores, reader: str, source: str, _topic: str, rows: list[dict[str, Any]]) -> Found:
    query = "SELECT id, received_at FROM inbox_fact WHERE source = %(source)s AND id = ANY(%(ids)s)"
    found = stores.rows(reader, query, source=source, ids=[row["id"] for row in rows])
    at = {each["id"]: each["received_at"] for each in found}
    yield from ((row, at.get(row["id"])) for row in rows)


def _numbers(stores: Stores, reader: str, source: str, topic: str, rows: list[dict[str, Any]]) -> Found:
    query = (
        "SELECT key, now, at FROM witness WHERE source = %(source)s AND topic = %(topic)s AND key = ANY(%(keys)s) "
        "ORDER BY number"
    )
    steps: defaultdict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for each in stores.rows(reader, query, source=source, topic=topic, keys=list({row["key"] for row in rows})):
        steps[each["key"]].append((each["now"], each["at"]))
    for row in rows:
        yield row, next((at for number, at in steps[row["key"]] if number >= row["sequence"]), None)
