"""The six invariants, each a check of its own. A check yields findings; none means that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.faults import doors, messages, witness
from tests.faults.evidence import Evidence, Finding
from tests.support import books

SERVICES = ("intake", "complaints", "callbacks", "notify")

_GAPS = (
    "SELECT aggregatetype AS topic, count(*) AS things FROM (SELECT aggregatetype, aggregateid FROM outbox "
    "WHERE sequence IS NOT NULL GROUP BY aggregatetype, aggregateid HAVING count(*) <> max(sequence)) AS t "
    "GROUP BY aggregatetype"
)
_BEGUN_LATE = "SELECT topic, count(*) AS things FROM inbox WHERE first_seen > 1 GROUP BY topic"
_HELD = 'SELECT id, topic, "partition", "offset", state, reason FROM held ORDER BY id'


def everything_arrives(evidence: Evidence) -> Iterator[Finding]:
    """I1: what was taken on has reached, in every service that must react, an end or a state that names its reason."""
    yield from doors.lost(evidence)
    for told in (*books.unread(evidence.stores), *books.owed(evidence.stores)):
        yield Finding("I1", "lost", told)


def once(evidence: Evidence) -> Iterator[Finding]:
    """I2: one effect per key and per (consumer, event); no gap in any reader."""
    yield from doors.doubled(evidence)
    for told in (*books.doubled_in_stores(evidence.stores), *witness.applied_twice(evidence.stores)):
        yield Finding("I2", "doubled", told)
    for service in SERVICES:
        for row in evidence.stores.rows(service, _GAPS):
            yield Finding("I2", "lost", f"{service} left gaps in {row['topic']}", row["things"])
        for row in evidence.stores.rows(service, _BEGUN_LATE):
            yield Finding("I2", "lost", f"{service} began in the middle of {row['topic']}", row["things"])


def in_order(evidence: Evidence) -> Iterator[Finding]:
    """I3: effects per thing never out of order, nor first records on the topics."""
    for told in witness.inverted(evidence.stores):
        yield Finding("I3", "inverted", told)
    for topic, times in evidence.inverted_on_topics.items():
        yield Finding("I3", "inverted", f"first records of {topic} out of order", times)


def one_message(evidence: Evidence) -> Iterator[Finding]:
    """I4: one message per notice, but for calls in doubt, which follow their category's rule."""
    yield from messages.findings(evidence)


def at_rest(evidence: Evidence) -> Iterator[Finding]:
    """I5: outbox empty, nothing unread, nothing overdue; held events by their id."""
    for told in evidence.still_open:
        yield Finding("I5", "late", told)
    yield from unexpectedly_held(evidence)


def unexpectedly_held(evidence: Evidence) -> Iterator[Finding]:
    """Held events that the fault does not explain."""
    for service in SERVICES:
        for row in evidence.stores.rows(service, _HELD):
            if (row["topic"], row["partition"], row["offset"]) not in evidence.held_as_meant:
                told = f"{service} holds {row['id']} of {row['topic']}: {row['state']} {row['reason']}"
                yield Finding("I5", "lost" if row["state"] in {"dead", "refused"} else "late", told)


def nothing_half_done(evidence: Evidence) -> Iterator[Finding]:
    """I6: what was not answered 2xx is there whole or not at all."""
    yield from doors.half_done(evidence)


Check = Callable[[Evidence], Iterator[Finding]]

INVARIANTS: dict[str, Check] = {
    "I1": everything_arrives,
    "I2": once,
    "I3": in_order,
    "I4": one_message,
    "I5": at_rest,
    "I6": nothing_half_done,
}


def check(evidence: Evidence) -> list[Finding]:
    """All findings of all invariants."""
    return [finding for holds in INVARIANTS.values() for finding in holds(evidence)]
