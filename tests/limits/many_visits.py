"""100,000 visits in the store, one client after the other question: lists, searches, one visit, a page far behind."""

from __future__ import annotations

from time import monotonic

from rich.progress import track

from tests.bench.environment import Environment
from tests.bench.load import connect
from tests.limits.place import Place, console, place_of, show

VISITS = 100_000
_TIMES = 300

_FILL = """
    INSERT INTO party (id, kind, name, language, zone, member, verified, liaison_ids, version, created_at)
    SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'person', 'Guest ' || n, 'en', 'Asia/Shanghai',
           false, true, '[]', 1, now()
    FROM generate_series(1, 2000) n;
    INSERT INTO visit (id, kind, state, revision, party_id, asked_by_guest, requester_id, host_id, department_id,
                       purpose, head_count, arrival, departure, zone, departure_assumed, created_at, version, company,
                       level)
    SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
           (ARRAY['business', 'reception', 'walk-in', 'appointment'])[1 + floor(random() * 4)],
           (ARRAY['closed', 'closed', 'approved', 'confirmed', 'cancelled', 'submitted'])[1 + floor(random() * 6)],
           1, ('00000000-0000-4000-8000-' || lpad((1 + n % 2000)::text, 12, '0'))::uuid, n % 3 = 0,
           people.ids[1 + floor(random() * 100)], people.ids[1 + floor(random() * 100)],
           rooms.ids[1 + floor(random() * 20)], 'to see the plant',
           1 + n % 9, now() + (n - 70000) * interval '7 minutes',
           now() + (n - 70000) * interval '7 minutes' + interval '3 hours', 'Asia/Shanghai', false, now(), 1,
           'Company ' || n % 500, (ARRAY['A', 'B', 'C', NULL])[1 + floor(random() * 4)]
    FROM generate_series(1, {visits}) n,
         (SELECT array_agg(id) AS ids FROM (SELECT id FROM staff UNION ALL SELECT gen_random_uuid()
            FROM generate_series(1, 100)) p) people,
         (SELECT array_agg(id) AS ids FROM (SELECT id FROM department UNION ALL SELECT gen_random_uuid()
            FROM generate_series(1, 20)) d) rooms;
    ANALYZE;
"""
"""A hundred hosts in twenty departments; of each of ours as many as of everybody else."""

_QUESTIONS = (
    ("list, everything", "gina", "/visits?limit=50"),
    ("list, one's department", "hana", "/visits?limit=50"),
    ("list, one's own", "tom", "/visits?limit=50"),
    ("a page in the middle", "gina", "/visits?limit=50&before=00000000-0000-7000-8000-000000050000"),
    ("by state", "gina", "/visits?state=submitted&limit=50"),
    ("by state, one's department", "hana", "/visits?state=approved&limit=50"),
    ("by host", "gina", "/visits?host_id={tom}&limit=50"),
    ("by department and level", "gina", "/visits?department_id={sales}&level=C&limit=50"),
    ("by company", "gina", "/visits?company=company%20499&limit=50"),
    ("by dates", "gina", "/visits?since={since}&until={until}&limit=50"),
    ("by nothing that exists", "gina", "/visits?company=nobody&limit=50"),
    ("the desk", "rita", "/desk"),
    ("one visit", "gina", "/visits/00000000-0000-7000-8000-000000070001"),
    ("its history", "gina", "/visits/00000000-0000-7000-8000-000000070001/history"),
)


async def measure(environment: Environment) -> None:
    """Prints what each question takes."""
    async with place_of(environment) as place:
        console.print(f"Writing {VISITS} visits …")
        await _fill(place)
        named = await _names(place)
        (connection,) = await connect(place.port, 1)
        found: list[tuple[str, list[float]]] = []
        for name, who, path in track(_QUESTIONS, "Asking …", console=console, transient=True):
            request = place.request("GET", path.format_map(named), who)
            seconds = []
            for _ in range(_TIMES):
                began = monotonic()
                status, body = await connection.ask(request)
                seconds.append(monotonic() - began)
                if status != 200:
                    raise RuntimeError(f"{name}: {status} {body[:200]!r}")
            found.append((name, seconds))
        connection.close()
        show(f"{VISITS} visits, one client", found)


async def _fill(place: Place) -> None:
    for statement in _FILL.format(visits=VISITS).split(";\n"):
        if statement.strip():
            await place.house.bench.rows(statement)


async def _names(place: Place) -> dict[str, str]:
    (sales,) = await place.house.bench.rows("SELECT id FROM department WHERE code = 'sales'")
    ((since, until),) = await place.house.bench.rows(
        'SELECT to_char(now(), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\'), '
        "to_char(now() + interval '7 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    )
    return {"tom": str(place.house.staff["tom"]), "sales": str(sales), "since": since, "until": until}
