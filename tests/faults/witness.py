"""An independent witness in each database: triggers note which numbers a consumer applied, when and in which order.

Beside the product, not in it: the inbox says how far a thing's story has come, the witness how it came there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

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
    "SELECT id, aggregatetype AS topic, aggregateid AS key, sequence FROM outbox "
    "WHERE created_at > %(since)s AND created_at <= %(until)s"
)


def install(url: str) -> None:
    """Puts the witness into a service's database."""
    with psycopg.connect(url) as connection:
        connection.execute(_TABLES)


def handled(stores: Stores, since: datetime, until: datetime) -> int:
    """How many events took effect in that span: each once for each service that reads its topic."""
    return sum(int(stores.rows(service, _HANDLED, since=since, until=until)[0]["events"]) for service in SERVICES)


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


def last_effect(
    stores: Stores, since: datetime, until: datetime, readers: tuple[str, ...] = SERVICES
) -> datetime | None:
    """When the last of the events written in that span took effect in these services; None where none was written.

    Raises LookupError where one has not yet.
    """
    latest: list[datetime] = []
    for producer in SERVICES:
        rows = stores.rows(producer, _WRITTEN, since=since, until=until)
        for name, topic in TOPICS.items():
            mine = [row for row in rows if row["topic"] == name]
            for reader in topic.consumers & set(readers) if mine else ():
                if topic.kind is TopicClass.FACT:
                    latest += _facts(stores, reader, producer, [row["id"] for row in mine])
                elif topic.kind is TopicClass.SEQUENCED:
                    wanted = defaultdict(int)
                    for row in mine:
                        wanted[row["key"]] = max(wanted[row["key"]], row["sequence"])
                    latest += _sequenced(stores, reader, producer, name, dict(wanted))
    return max(latest, default=None)


def _facts(stores: Stores, reader: str, producer: str, ids: list[str]) -> list[datetime]:
    query = "SELECT received_at AS at FROM inbox_fact WHERE source = %(source)s AND id = ANY(%(ids)s)"
    found = [row["at"] for row in stores.rows(reader, query, source=f"/services/{producer}", ids=ids)]
    if len(found) < len(ids):
        raise LookupError(f"{reader} lacks {len(ids) - len(found)} facts of {producer}")
    return found


def _sequenced(stores: Stores, reader: str, producer: str, topic: str, wanted: dict[str, int]) -> list[datetime]:
    query = (
        "SELECT key, now, at FROM witness WHERE source = %(source)s AND topic = %(topic)s AND key = ANY(%(keys)s) "
        "ORDER BY number"
    )
    rows = stores.rows(reader, query, source=f"/services/{producer}", topic=topic, keys=list(wanted))
    reached: dict[str, datetime] = {}
    for row in rows:
        if row["now"] >= wanted[row["key"]]:
            reached.setdefault(row["key"], row["at"])
    if len(reached) < len(wanted):
        raise LookupError(f"{reader} has not applied {len(wanted) - len(reached)} things of {topic}")
    return list(reached.values())
