"""Visits are found for whom they belong to without reading all of them: 40,000 are there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from services.intake.visits import store
from services.intake.visits.store import Sought
from shared.kernel import clock
from shared.security.rows import Rows
from tests.store.intake.builders import House

_TODAY = clock.now()
_FILL = """
INSERT INTO visit (id, kind, state, revision, party_id, asked_by_guest, requester_id, host_id, department_id, purpose,
    head_count, arrival, departure, zone, departure_assumed, created_at, version, company, level)
SELECT gen_random_uuid(), CASE WHEN n % 50 = 0 THEN 'reception' ELSE 'business' END,
    CASE WHEN n % 5 = 0 THEN 'approved' ELSE 'closed' END, 1, v.party_id, false,
    people[1 + n % 2000], people[1 + n % 1999], departments[1 + n % 50], 'p', 1,
    now() + n * interval '1 minute', now() + (n + 60) * interval '1 minute', 'UTC', false, now(), 1,
    'Company ' || n % 900, CASE WHEN n % 50 = 0 THEN 'C' END
FROM generate_series(1, 40000) n, (SELECT party_id FROM visit LIMIT 1) v,
    (SELECT array_agg(gen_random_uuid()) people FROM generate_series(1, 2000)) p,
    (SELECT array_agg(gen_random_uuid()) departments FROM generate_series(1, 50)) d
"""


async def _plan(house: House, command: Any, *values: Any, **named: Any) -> str:
    """How PostgreSQL does what a function of the store asks."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    engine = house.bench.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await house.do(command, *values, **named)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    statement, parameters = next(each for each in asked if "FROM visit" in each[0])
    async with house.bench.database.connection() as connection:
        rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(row[0] for row in rows)


async def _filled(house: House) -> tuple[UUID, UUID]:
    """The house with many visits; a host and a department of some."""
    await house.ask()
    await house.bench.rows(_FILL)
    await house.bench.rows("ANALYZE visit")
    ((host, department),) = await house.bench.rows(
        "SELECT host_id, department_id FROM visit WHERE purpose = 'p' LIMIT 1"
    )
    return host, department


@pytest.mark.parametrize("reach", ["own", "department", "everything"])
async def test_a_page_of_visits_is_found_by_an_index(house: House, reach: str) -> None:
    host, department = await _filled(house)
    departments = frozenset({department}) if reach == "department" else frozenset()
    rows = Rows("visits.read", host, reach == "everything", departments)
    plan = await _plan(house, store.by_arrival, rows, Sought(), before=None, limit=50)
    assert not re.search(r"Seq Scan on visit\b", plan), plan


@pytest.mark.parametrize(
    "sought",
    [
        Sought(state="approved"),
        Sought(kind="reception"),
        Sought(level="C"),
        Sought(company="Öster"),
        Sought(since=_TODAY, until=_TODAY + timedelta(days=1)),
        Sought(state="closed", company="Companie", until=_TODAY + timedelta(days=9)),
    ],
    ids=("state", "kind", "level", "company", "dates", "several"),
)
async def test_what_is_looked_for_is_found_by_an_index(house: House, sought: Sought) -> None:
    host, _ = await _filled(house)
    rows = Rows("visits.read", host, True, frozenset())
    plan = await _plan(house, store.by_arrival, rows, sought, before=None, limit=50)
    assert not re.search(r"Seq Scan on visit\b", plan), plan


async def test_what_a_leaver_hosts_is_found_by_an_index(house: House) -> None:
    host, _ = await _filled(house)
    plan = await _plan(house, store.hosted, host, before=None, limit=20)
    assert not re.search(r"Seq Scan on visit\b", plan), plan
