"""200 requests a second for five minutes on the visits' API, two workers: nothing fails, nothing is lost."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import Any

import orjson

from shared.kernel import clock
from tests.bench.environment import Environment
from tests.bench.load import Answers, open_loop
from tests.limits.place import Place, console, place_of, show

RATE = 200.0
SECONDS = 300.0
_WORKERS = 2


async def measure(environment: Environment, *, rate: float = RATE, seconds: float = SECONDS) -> None:
    """Prints what each kind of request takes, and what is wrong."""
    async with place_of(environment, _WORKERS) as place:
        traffic = _Traffic(place)
        for port in place.ports:
            await open_loop(port, rate / 8, 8.0, traffic.request, first=(port + 1) * 10_000_000)
        console.print(f"{rate:g} requests a second for {seconds:g} s …")
        runs = (
            open_loop(port, rate / _WORKERS, seconds, traffic.request, first=number * 10_000_000)
            for number, port in enumerate(place.ports)
        )
        answers = Answers()
        for one in await asyncio.gather(*runs):
            answers.rows += one.rows
            answers.most_behind = max(answers.most_behind, one.most_behind)
        kinds: defaultdict[str, list[float]] = defaultdict(list)
        for number, _, _, taken in answers.rows:
            kinds[traffic.kinds[number]].append(taken)
        every = [row[3] for row in answers.rows]
        show(f"{rate:g} requests a second", [("all", every), *sorted(kinds.items())])
        made = {orjson.loads(body)["visit_id"] for number, status, body, _ in answers.good if status == 201}
        stored = {str(each) for each in await place.house.bench.rows("SELECT id FROM visit")}
        told = await place.house.bench.rows("SELECT aggregateid FROM outbox WHERE type = 'visit-requested'")
        console.print(
            f"{answers.errors} errors; {len(made)} visits answered, {len(made - stored)} lost, "
            f"{len(told) - len(set(told))} doubled, {len(made - set(told))} not told; "
            f"the client was {answers.most_behind * 1000:.0f} ms late at most."
        )


class _Traffic:
    """Of ten requests four ask for a visit, three look for a host's, one each lists, reads the desk, or one's own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.kinds: dict[int, str] = {}
        self._host = str(place.house.staff["tom"])

    def request(self, number: int) -> bytes:
        """The bytes of request `number`."""
        kind = ("ask", "look", "ask", "desk", "ask", "list", "ask", "look", "own", "look")[number % 10]
        self.kinds[number] = kind
        return getattr(self, f"_{kind}")(number)  # type: ignore[no-any-return]

    def _ask(self, number: int) -> bytes:
        arrival = clock.now() + timedelta(days=30, minutes=number % 10_000)
        body: dict[str, Any] = {
            "guest": {"name": f"Guest {number}", "phone": f"+86138{number % 10**8:08}"},
            "host_id": self._host,
            "arrival": arrival.isoformat(),
            "departure": (arrival + timedelta(hours=2)).isoformat(),
            "purpose": "to see the plant",
        }
        return self.place.request("POST", "/visits", "amy", orjson.dumps(body))

    def _look(self, number: int) -> bytes:
        return self.place.request("GET", f"/visits?host_id={self._host}&limit=10", "gina")

    def _list(self, number: int) -> bytes:
        return self.place.request("GET", "/visits?state=approving&limit=50", "hana")

    def _own(self, number: int) -> bytes:
        return self.place.request("GET", "/visits?limit=20", "tom")

    def _desk(self, number: int) -> bytes:
        return self.place.request("GET", "/desk", "rita")
