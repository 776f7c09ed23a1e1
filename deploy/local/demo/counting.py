"""What one day left in the four databases. Only that day's people count, whatever else went on meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from sqlalchemy import text

from deploy.local.demo.report import DemoReport
from shared.store.cause import Cause
from shared.store.database import Database

Rows = list[tuple[Any, ...]]

_PARTIES = "SELECT DISTINCT party_id FROM party_address WHERE address_id = ANY(:of)"
_THINGS = "SELECT id, state FROM {table} WHERE party_id = ANY(CAST(:of AS uuid[]))"
_CHANNEL_MESSAGES = "SELECT id, state FROM channel_message WHERE party_id = ANY(CAST(:of AS uuid[]))"
_REPORTS = "SELECT report_id, state FROM ticket WHERE party_id = ANY(CAST(:of AS uuid[]))"
_SENT = (
    "SELECT id, channel, state, extract(epoch FROM ended_at - caused_at), thread_id FROM message "
    "WHERE subject_id = ANY(CAST(:of AS uuid[]))"
)
_EVENTS = "SELECT type, count(*) FROM outbox WHERE aggregateid = ANY(:of) GROUP BY type"
_HELD = "SELECT state, count(*) FROM held WHERE key = ANY(:of) OR about ?| CAST(:of AS text[]) GROUP BY state"


@dataclass(frozen=True, slots=True)
class Stores:
    """The four services' databases."""

    databases: Mapping[str, Database]

    async def rows(self, service: str, statement: str, of: Collection[str]) -> Rows:
        """Plain rows of a query about these ids."""
        async with self.databases[service].transaction(Cause.of_person()) as uow:
            return [tuple(row) for row in await uow.execute(text(statement), {"of": sorted(of)})]

    async def states(self, service: str, table: str, parties: Collection[str]) -> dict[str, str]:
        """id → state of everything in `table` that is these parties'."""
        found = await self.rows(service, _THINGS.format(table=table), parties)
        return {str(thing): state for thing, state in found}


async def count(stores: Stores, address_ids: Collection[str]) -> DemoReport:
    """What became of the people behind these addresses."""
    parties = {str(party) for (party,) in await stores.rows("intake", _PARTIES, address_ids)}
    tickets = await stores.states("complaints", "ticket", parties)
    visits = await stores.states("intake", "visit", parties)
    cases = await stores.states("intake", "service_case", parties)
    callbacks = await stores.states("callbacks", "callback", parties)
    inbound = {str(one) for one, _ in await stores.rows("intake", _CHANNEL_MESSAGES, parties)}
    reports = {str(one) for one, _ in await stores.rows("complaints", _REPORTS, parties)}
    subjects = {*tickets, *visits, *cases, *callbacks}
    sent = await stores.rows("notify", _SENT, subjects)
    threads = {str(thread) for *_, thread in sent if thread is not None}
    things = {*subjects, *parties, *inbound, *reports, *(str(row[0]) for row in sent), *threads}
    events = await _summed(stores, _EVENTS, things)
    held = await _summed(stores, _HELD, things)
    messages: dict[str, Counter[str]] = {}
    for _, channel, state, _, _ in sent:
        messages.setdefault(channel, Counter())[state] += 1
    seconds = [float(row[3]) for row in sent if row[2] == "delivered"]
    return DemoReport(
        events=dict(sorted(events.items())),
        tickets=_by_state(tickets),
        visits=_by_state(visits),
        callbacks=_by_state(callbacks),
        messages={channel: dict(sorted(states.items())) for channel, states in sorted(messages.items())},
        seconds_to_delivered={"p50": _quantile(seconds, 50), "p99": _quantile(seconds, 99)},
        deferred=sum(1 for row in sent if row[2] == "scheduled"),
        held=sum(number for state, number in held.items() if state != "dead"),
        dead=held["dead"],
    )


async def _summed(stores: Stores, statement: str, things: Collection[str]) -> Counter[str]:
    total: Counter[str] = Counter()
    for service in stores.databases:
        total.update(dict(await stores.rows(service, statement, things)))
    return total


def _by_state(things: Mapping[str, str]) -> dict[str, int]:
    return dict(sorted(Counter(things.values()).items()))


def _quantile(seconds: list[float], percent: int) -> float:
    """The percentile; the one value where there is one, 0 where there is none."""
    if len(seconds) < 2:
        return round(sum(seconds), 3)
    return round(quantiles(seconds, n=100, method="inclusive")[percent - 1], 3)


Told = Callable[[int, int], None]
"""(steps done, of how many)"""
