"""`python -m tests.limits [visits] [requests] [bookings]`: measures the visits on this machine and prints tables."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from tests.bench.environment import Environment, bench_environment
from tests.limits import many_bookings, many_requests, many_visits

_MEASURES: dict[str, Callable[[Environment], Awaitable[None]]] = {
    "visits": many_visits.measure,
    "bookings": many_bookings.measure,
}


def main() -> None:
    """Everything that is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.limits", description=__doc__)
    parser.add_argument(
        "what", nargs="*", choices=["visits", "requests", "bookings", []], help="what is measured; all if not given"
    )
    parser.add_argument("--rate", type=float, default=many_requests.RATE, help="requests a second (200)")
    parser.add_argument("--seconds", type=float, default=many_requests.SECONDS, help="for how long (300)")
    given = parser.parse_args()
    with bench_environment() as environment:
        for name in given.what or ["visits", "requests", "bookings"]:
            if name == "requests":
                asyncio.run(many_requests.measure(environment, rate=given.rate, seconds=given.seconds))
            else:
                asyncio.run(_MEASURES[name](environment))


if __name__ == "__main__":
    main()
