"""The books of a house: what went in, what came of it, read from all four stores and from what people received.

`unfinished` tells what is lost, held or not there yet, `doubled_…` what has had more than one effect. Nobody's data is
in what they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import orjson

from deploy.local.layout import SERVICES
from shared.contracts.topics import TOPICS, Topic, TopicClass


class Stores(Protocol):
    """The four services' databases."""

    def rows(self, service: str, statement: str, **values: Any) -> list[dict[str, Any]]:
        """What a query (`%(name)s`) finds in a service's database."""
        ...


ONCE = frozenset(
    {
        "complaint-reported",
        "complaint-opened",
        "case-opened",
        "case-closed",
        "visit-requested",
        "visitor-arrived",
        "visit-departed",
        "visit-closed",
        "visit-cancelled",
        "visit-rejected",
        "callback-planned",
        "message-sent",
        "message-delivered",
    }
)
"""Events that a thing has at most once in its life."""


def events_of(stores: Stores, thing: object) -> dict[str, int]:
    """How many events of each name the thing has published, in all services."""
    counted: Counter[str] = Counter()
    for service in SERVICES:
        query = "SELECT type, count(*) AS times FROM outbox WHERE aggregateid = %(thing)s GROUP BY type"
        counted.update({row["type"]: row["times"] for row in stores.rows(service, query, thing=str(thing))})
    return dict(counted)


def unfinished(stores: Stores) -> Iterator[str]:
    """What is lost, held or not there yet; nothing where every event has had its effect everywhere."""
    for service in SERVICES:
        yield from waiting(stores, service)
        rows = stores.rows(service, "SELECT topic || ' ' || state || ' ' || reason AS what FROM held")
        if rows:
            told = sorted({str(row["what"]) for row in rows})
            yield f"{service}: {len(rows)} × held ({', '.join(told)})"
    yield from unread(stores)
    yield from owed(stores)


def waiting(stores: Stores, service: str) -> Iterator[str]:
    """What a service has still to publish or to fire."""
    for what, query in _WAITING.items():
        rows = stores.rows(service, query)
        if rows:
            told = sorted({str(row["what"]) for row in rows})
            yield f"{service}: {len(rows)} × {what} ({', '.join(told)})"


def unread(stores: Stores) -> Iterator[str]:
    """Events that some reader has not applied, or not from the first one on."""
    for topic in TOPICS.values():
        for producer in topic.producers:
            yield from _unread(stores, topic, producer)


def owed(stores: Stores) -> Iterator[str]:
    """What must follow from what has happened, and has not."""
    for service, queries in _OWED.items():
        for what, query in queries.items():
            rows = stores.rows(service, query)
            if rows:
                yield f"{service}: {len(rows)} × {what}"
    yield from _callbacks_owed(stores)


def doubled_in_stores(stores: Stores) -> Iterator[str]:
    """What has had more than one effect."""
    for service in SERVICES:
        query = "SELECT type, aggregateid FROM outbox WHERE type = ANY(%(once)s)"
        things = Counter((row["type"], row["aggregateid"]) for row in stores.rows(service, query, once=list(ONCE)))
        yield from (
            f"{service}: {name} {times} times for one thing" for (name, _), times in things.items() if times > 1
        )
        yield from _timers_fired_twice(stores, service)
    query = "SELECT aggregateid, payload FROM outbox WHERE type = 'callback-due'"
    due = Counter(
        (row["aggregateid"], orjson.loads(row["payload"])["attempt"]) for row in stores.rows("callbacks", query)
    )
    yield from (f"callbacks: an attempt fell due {times} times" for times in due.values() if times > 1)
    for what, query in _DOUBLED_MESSAGES.items():
        rows = stores.rows("notify", query)
        if rows:
            yield f"notify: {len(rows)} × {what}"


def doubled_at_people(stores: Stores, received: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Where people received more than was sent; a message in doubt may come once more for each such call."""
    arrived = Counter(message["to"] for message in received)
    query = (
        "SELECT m.address, count(*) FILTER (WHERE a.result = 'accepted') AS taken, "
        "count(*) FILTER (WHERE a.result = 'unknown') AS unknown "
        "FROM message m JOIN attempt a ON a.message_id = m.id WHERE m.address IS NOT NULL GROUP BY m.address"
    )
    for row in stores.rows("notify", query):
        there = arrived[row["address"]]
        if there > row["taken"] + row["unknown"]:
            yield f"a person has {there} messages where {row['taken']} were taken and {row['unknown']} in doubt"
        if there < row["taken"]:
            yield f"a person has {there} messages where {row['taken']} were taken"


_WAITING = {
    "unpublished": "SELECT type AS what FROM outbox WHERE published_at IS NULL",
    "timer due": "SELECT kind AS what FROM timer WHERE fired_at IS NULL AND next_try <= now()",
}

_OWED = {
    "intake": {
        "message without report or case": "SELECT 1 FROM channel_message WHERE state = 'received'",
        "report without a ticket number": "SELECT 1 FROM channel_message WHERE report_id IS NOT NULL "
        "AND ticket_number IS NULL",
    },
    "notify": {
        # Only quiet hours and caps may keep a message waiting.
        "message on its way": "SELECT 1 FROM message WHERE state IN ('accepted', 'sending', 'submitted', 'in_doubt') "
        "OR (state = 'scheduled' AND waits_for NOT IN ('quiet-hours', 'cap'))",
        "call without an answer": "SELECT 1 FROM attempt WHERE result IS NULL",
    },
}

_DOUBLED_MESSAGES = {
    "same notice to the same person twice": "SELECT 1 FROM message WHERE NOT fallback "
    "GROUP BY rule, subject_kind, subject_id, occasion, recipient_id HAVING count(*) > 1",
    "sent again without doubt or refusal": "SELECT 1 FROM attempt GROUP BY message_id "
    "HAVING count(*) FILTER (WHERE result = 'accepted') > 1 AND NOT bool_or(repeat)",
    "sent a third time": "SELECT 1 FROM attempt WHERE repeat GROUP BY message_id HAVING count(*) > 1",
}


def _unread(stores: Stores, topic: Topic, producer: str) -> Iterator[str]:
    """Events of a service that some reader has not applied, or not from the first one on."""
    if topic.kind is TopicClass.FACT:
        query = "SELECT id FROM outbox WHERE aggregatetype = %(topic)s"
        written = {row["id"]: 1 for row in stores.rows(producer, query, topic=topic.name)}
    else:
        query = "SELECT key AS id, last FROM sequence WHERE topic = %(topic)s"
        written = {row["id"]: row["last"] for row in stores.rows(producer, query, topic=topic.name)}
    for reader in topic.consumers:
        rows = stores.rows(reader, _APPLIED[topic.kind], topic=topic.name, source=f"/services/{producer}")
        read = {row["id"]: row["last"] for row in rows}
        behind = sum(1 for key, last in written.items() if read.get(key, 0) != last)
        if behind:
            yield f"{reader} has not applied {behind} of {len(written)} things of {topic.name}"


_APPLIED = {
    TopicClass.FACT: "SELECT id, 1 AS last FROM inbox_fact WHERE source = %(source)s AND %(topic)s <> ''",
    # Met from its first event on: whoever begins in the middle has lost the beginning.
    TopicClass.SEQUENCED: "SELECT key AS id, last FROM inbox WHERE source = %(source)s AND topic = %(topic)s "
    "AND first_seen = 1",
    TopicClass.STATE: "SELECT key AS id, sequence AS last FROM copy WHERE source = %(source)s AND topic = %(topic)s",
}


def _callbacks_owed(stores: Stores) -> Iterator[str]:
    """Resolutions and departures without their callback, except of people who were erased or are not to be asked."""
    gone = {row["key"] for row in stores.rows("callbacks", "SELECT key FROM copy WHERE topic = 'parties' AND gone")}
    planned = {
        (row["subject_id"], row["occasion"])
        for row in stores.rows("callbacks", "SELECT subject_id::text, occasion FROM callback")
    }
    for service, name, occasion in (
        ("complaints", "ticket-resolved", "resolution_no"),
        ("intake", "visit-departed", "revision"),
    ):
        rows = stores.rows(service, "SELECT aggregateid, payload FROM outbox WHERE type = %(name)s", name=name)
        told = [(row["aggregateid"], orjson.loads(row["payload"])) for row in rows if row["payload"] is not None]
        owed = [
            1
            for thing, body in told
            if body["party_id"] not in gone and body.get("ask_guest", True) and (thing, body[occasion]) not in planned
        ]
        if owed:
            yield f"callbacks: {len(owed)} × {name} without a callback"


def _timers_fired_twice(stores: Stores, service: str) -> Iterator[str]:
    query = (
        "SELECT kind FROM timer WHERE fired_at IS NOT NULL AND reason IS NULL GROUP BY kind, subject, data "
        "HAVING count(*) > 1"
    )
    yield from (f"{service}: timer {row['kind']} fired twice" for row in stores.rows(service, query))
