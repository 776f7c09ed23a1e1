"""The notices against what people received: one message each, unless a call was in doubt and may be repeated."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.notify.policy.model import may_repeat
from tests.faults.evidence import Evidence, Finding

_SIGNATURE = "【Frontdesk】"
_MESSAGE_ID = re.compile(r"<([0-9a-f-]{36})@")

_CALLS = (
    "SELECT m.id::text, m.channel, m.category, m.address, m.text, "
    "count(a.id) FILTER (WHERE a.result = 'accepted') AS accepted, "
    "count(a.id) FILTER (WHERE a.result = 'unknown') AS unknown, "
    "count(a.id) FILTER (WHERE a.result IS NULL) AS unanswered, count(a.id) FILTER (WHERE a.repeat) AS repeats, "
    # Given up for dead and answered after all: nobody knew when it was repeated, whatever the row says now.
    "count(a.id) FILTER (WHERE a.result IS DISTINCT FROM 'unknown' AND EXISTS (SELECT FROM attempt r "
    "WHERE r.message_id = a.message_id AND r.repeat AND r.number > a.number AND r.started_at < a.finished_at)) AS late "
    "FROM message m LEFT JOIN attempt a ON a.message_id = m.id WHERE m.address IS NOT NULL GROUP BY m.id"
)


@dataclass(slots=True)
class _Notice:
    """What was sent to one place in the same words: of a mail one message, of an SMS all with this text."""

    messages: int = 0
    accepted: int = 0
    in_doubt: int = 0
    late: int = 0
    """Accepted after it had been given up and repeated."""
    arrived: int = 0
    ids: list[str] = field(default_factory=list)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """I4: where more or fewer arrived than were sent, or a doubt was not treated as its category says."""
    notices, told = _notices(evidence)
    yield from told
    for notice in notices.values():
        name = ", ".join(notice.ids[:3])
        if notice.arrived > notice.accepted + notice.in_doubt:
            extra = notice.arrived - notice.accepted - notice.in_doubt
            yield Finding("I4", "doubled", f"message {name} arrived without a call", extra)
        elif notice.arrived > notice.messages + notice.in_doubt + notice.late:
            extra = notice.arrived - notice.messages - notice.in_doubt - notice.late
            yield Finding("I4", "doubled", f"message {name} was sent again without doubt", extra)
        elif notice.arrived < notice.accepted:
            yield Finding("I4", "lost", f"message {name} was accepted and did not arrive")


def sent_twice(evidence: Evidence) -> int:
    """How many messages people received once more because nobody knew whether they had the first."""
    notices, _ = _notices(evidence)
    return sum(max(0, notice.arrived - notice.messages) for notice in notices.values())


def _notices(evidence: Evidence) -> tuple[dict[tuple[str, str], _Notice], list[Finding]]:
    notices: defaultdict[tuple[str, str], _Notice] = defaultdict(_Notice)
    told: list[Finding] = []
    for row in evidence.stores.rows("notify", _CALLS):
        notice = notices[_key_of_row(row)]
        notice.messages += 1
        notice.accepted += row["accepted"]
        notice.in_doubt += row["unknown"] + row["unanswered"]
        notice.late += row["late"]
        notice.ids.append(row["id"])
        if row["repeats"] > 1 or (row["repeats"] and not may_repeat(row["category"])):
            told.append(
                Finding("I4", "doubled", f"message {row['id']} ({row['category']}) was repeated against its rule")
            )
        if row["repeats"] and not row["unknown"] and not row["late"]:
            told.append(Finding("I4", "doubled", f"message {row['id']} was repeated although nothing was in doubt"))
    strangers: Counter[str] = Counter()
    for message in evidence.received:
        key = _key_of_arrival(message)
        if key in notices:
            notices[key].arrived += 1
        else:
            strangers[message["channel"]] += 1
    told += [Finding("I4", "doubled", f"{channel} that no row knows", times) for channel, times in strangers.items()]
    return dict(notices), told


def _key_of_row(row: dict[str, Any]) -> tuple[str, str]:
    if row["channel"] == "email":
        return ("", row["id"])
    return (row["address"], row["text"].strip())


def _key_of_arrival(message: dict[str, Any]) -> tuple[str, str]:
    if message["channel"] == "email":
        found = _MESSAGE_ID.match(message["reference"])
        return ("", found[1] if found else message["reference"])
    return (message["to"], message["text"].removeprefix(_SIGNATURE).strip())
