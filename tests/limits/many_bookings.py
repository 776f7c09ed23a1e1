"""How many appointments of one offer are booked in a second: they go one after the other, whoever asks."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import uuid4

import orjson

from services.intake.appointments.model import MOST_OPEN
from tests.bench.environment import Environment
from tests.bench.load import closed_loop
from tests.limits.place import Place, console, place_of, show
from tests.store.intake.booking import SERVICE

_CONNECTIONS = 50
_SECONDS = 20.0


async def measure(environment: Environment) -> None:
    """Prints the rate and how long a browser waits."""
    async with place_of(environment) as place:
        starts = await _opened(place)

        def press(number: int) -> bytes:
            form = {
                "once": str(uuid4()),
                "starts": starts[number // 500 % len(starts)],
                "name": "Guest",
                "phone": f"+86138{number // MOST_OPEN:08}",
                "head_count": "1",
            }
            body = urlencode(form)
            return (
                f"POST /book/service HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()

        answers = await closed_loop(place.port, _CONNECTIONS, _SECONDS, press)
        booked = sum(1 for _, status, _, _ in answers.rows if status == 303)
        held = await place.house.bench.rows("SELECT count(*) FROM appointment WHERE held")
        show(f"{_CONNECTIONS} browsers book one offer", [("book", [row[3] for row in answers.rows])])
        console.print(f"{booked / answers.seconds:.0f} a second; {booked} booked, {held[0]} places held.")


async def _opened(place: Place) -> list[str]:
    """Sales works round the clock and has five hundred places; when the slots of the next weeks begin."""
    bench = place.house.bench
    (sales,) = await bench.rows("SELECT id FROM department WHERE code = 'sales'")
    week = {day: [["00:00", "00:00"]] for day in range(7)}
    await bench.rows(
        "INSERT INTO work_calendar (department_id, week, holidays, days, final_years, version) "
        "VALUES (:sales, CAST(:week AS jsonb), 'none', '{}', '[]', 1)",
        sales=sales,
        week=orjson.dumps(week, option=orjson.OPT_NON_STR_KEYS).decode(),
    )
    await bench.rows(
        "INSERT INTO appointment_offer VALUES "
        "('service', :sales, :tom, CAST(:names AS jsonb), 30, 500, 60, 60, false, false, 1)",
        sales=sales,
        tom=place.house.staff["tom"],
        names=orjson.dumps(SERVICE).decode(),
    )
    rows = await bench.rows(
        "SELECT to_char(date_trunc('day', now()) + interval '2 days' + n * interval '30 minutes', "
        '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\') FROM generate_series(0, 400) n'
    )
    return list(rows)
