"""The ledger against the stores: what was asked for, and what of it is there, once and whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from uuid import UUID

from tests.faults.entries import Entry
from tests.faults.evidence import Evidence, Finding

_TOLD_BY = {
    "complaints judge": "complaint-judged",
    "complaints assign": "complaint-assigned",
    "complaints investigate": "complaint-progressed",
    "complaints resolve": "ticket-resolved",
    "intake approve": "visit-approved",
    "intake confirm": "visit-progressed",
    "intake arrive": "visitor-arrived",
    "intake depart": "visit-departed",
}
"""The event by which a command of staff is known to have been done."""

_MESSAGES = "SELECT id::text, state, ticket_number, case_id::text FROM channel_message WHERE id = ANY(%(ids)s)"
_TICKETS = "SELECT message_id::text, id::text FROM ticket WHERE message_id = ANY(%(ids)s)"
_VISITS = "SELECT id::text FROM visit WHERE id = ANY(%(ids)s)"
_NOTICES = "SELECT DISTINCT subject_id::text FROM message WHERE subject_id = ANY(%(ids)s)"
_ANSWERED = (
    "SELECT DISTINCT t.message_id::text FROM inbound i JOIN thread t ON t.id = i.thread_id "
    "WHERE t.message_id = ANY(%(ids)s)"
)
_EVENTS = (
    "SELECT aggregateid, type, count(*) AS times FROM outbox WHERE aggregateid = ANY(%(ids)s) "
    "GROUP BY aggregateid, type"
)
# The key stands at the end of what the caller wrote, so that a request without an answer can be found as well.
_BY_KEY = {
    "message": "SELECT substring(text from '\\[([0-9a-f-]{36})\\]$') AS key, count(*) AS times FROM channel_message "
    "GROUP BY 1 HAVING count(*) > 1",
    "visit": "SELECT substring(purpose from '\\[([0-9a-f-]{36})\\]$') AS key, count(*) AS times FROM visit "
    "GROUP BY 1 HAVING count(*) > 1",
}
_PAIRS = {
    "intake": {
        "channel message": (
            "SELECT id::text FROM channel_message WHERE medium = 'http'",
            "SELECT aggregateid AS id FROM outbox WHERE type = 'channel-message-received'",
        ),
        "visit": ("SELECT id::text FROM visit", "SELECT aggregateid AS id FROM outbox WHERE type = 'visit-requested'"),
        "case": (
            "SELECT id::text FROM service_case",
            "SELECT aggregateid AS id FROM outbox WHERE type = 'case-opened'",
        ),
    },
    "complaints": {
        "ticket": (
            "SELECT id::text FROM ticket",
            "SELECT aggregateid AS id FROM outbox WHERE type = 'complaint-opened'",
        ),
    },
    "callbacks": {
        "callback": (
            "SELECT id::text FROM callback",
            "SELECT aggregateid AS id FROM outbox WHERE type = 'callback-planned'",
        ),
    },
}
"""Service → thing → the rows of it and the events that are written in the same transaction."""

_UNANSWERED = "SELECT count(*) AS times FROM idempotency WHERE status IS NULL"


def lost(evidence: Evidence) -> Iterator[Finding]:
    """What was taken on and is not there, or has gone no further."""
    written = [entry for entry in evidence.ledger.of("complaint", "enquiry", "outside") if entry.taken]
    there = {row["id"]: row for row in evidence.stores.rows("intake", _MESSAGES, ids=_ids(written))}
    tickets = dict(_pairs(evidence, "complaints", _TICKETS, _ids(written)))
    subjects: dict[str, Entry] = {}
    for entry in written:
        row = there.get(str(entry.thing))
        if row is None:
            yield Finding("I1", "lost", f"{entry.kind} {entry.thing} is not there")
        elif entry.kind == "enquiry":
            if row["case_id"] is None:
                yield Finding("I1", "lost", f"enquiry {entry.thing} has no case")
            else:
                subjects[row["case_id"]] = entry
        elif entry.thing not in tickets:
            yield Finding("I1", "lost", f"{entry.kind} {entry.thing} has no ticket")
        elif row["ticket_number"] is None:
            yield Finding("I1", "lost", f"{entry.kind} {entry.thing} never learnt its ticket's number")
        else:
            subjects[tickets[entry.thing]] = entry
    visits = [entry for entry in evidence.ledger.of("visit") if entry.taken]
    present = {row["id"] for row in evidence.stores.rows("intake", _VISITS, ids=_ids(visits))}
    for entry in visits:
        if entry.thing not in present:
            yield Finding("I1", "lost", f"visit {entry.thing} is not there")
        else:
            subjects[str(entry.thing)] = entry
    told = {row["subject_id"] for row in evidence.stores.rows("notify", _NOTICES, ids=list(map(UUID, subjects)))}
    for subject, entry in subjects.items():
        if subject not in told:
            yield Finding("I1", "lost", f"nobody was told of {entry.kind} {subject}")
    yield from _lost_acts(evidence)
    yield from _lost_answers(evidence)


def doubled(evidence: Evidence) -> Iterator[Finding]:
    """What one key has done more than once."""
    for thing, query in _BY_KEY.items():
        for row in evidence.stores.rows("intake", query):
            if row["key"] is not None:
                yield Finding("I2", "doubled", f"key {row['key']} made {row['times']} of {thing}", row["times"] - 1)
    asked = Counter((entry.thing, _TOLD_BY[entry.what]) for entry in evidence.ledger.of("act"))
    done = _events_of(evidence)
    for (thing, name), times in asked.items():
        if name != "complaint-progressed" and done[thing, name] > times:
            yield Finding("I2", "doubled", f"{name} of {thing} {done[thing, name]} times, asked for {times} times")


def half_done(evidence: Evidence) -> Iterator[Finding]:
    """Rows without their event, events without their row, keys without their answer."""
    for service, things in _PAIRS.items():
        for thing, (rows, events) in things.items():
            have = {row["id"] for row in evidence.stores.rows(service, rows)}
            tell = {row["id"] for row in evidence.stores.rows(service, events)}
            for one in sorted(have ^ tell):
                what = "has no event" if one in have else "has no row"
                yield Finding("I6", "half done", f"{thing} {one} {what}")
        (row,) = evidence.stores.rows(service, _UNANSWERED)
        if row["times"]:
            yield Finding("I6", "half done", f"{service} keeps keys without an answer", row["times"])


def _lost_acts(evidence: Evidence) -> Iterator[Finding]:
    taken = Counter((entry.thing, _TOLD_BY[entry.what]) for entry in evidence.ledger.of("act") if entry.taken)
    done = _events_of(evidence)
    for (thing, name), times in taken.items():
        if done[thing, name] < times:
            yield Finding("I1", "lost", f"{name} of {thing} {done[thing, name]} times, answered {times} times")


def _lost_answers(evidence: Evidence) -> Iterator[Finding]:
    taken = [entry for entry in evidence.ledger.of("answer") if entry.taken]
    heard = {row["message_id"] for row in evidence.stores.rows("notify", _ANSWERED, ids=_ids(taken))}
    for entry in taken:
        if entry.thing not in heard:
            yield Finding("I1", "lost", f"the answer to message {entry.thing} is not there")


def _events_of(evidence: Evidence) -> Counter[tuple[str | None, str]]:
    things = [str(entry.thing) for entry in evidence.ledger.of("act")]
    found: Counter[tuple[str | None, str]] = Counter()
    for service in ("complaints", "intake"):
        for row in evidence.stores.rows(service, _EVENTS, ids=things):
            found[row["aggregateid"], row["type"]] += row["times"]
    return found


def _pairs(evidence: Evidence, service: str, query: str, ids: list[UUID]) -> Iterator[tuple[str, str]]:
    for row in evidence.stores.rows(service, query, ids=ids):
        first, second = row.values()
        yield first, second


def _ids(entries: Iterable[Entry]) -> list[UUID]:
    return [UUID(entry.thing) for entry in entries if entry.thing is not None]
