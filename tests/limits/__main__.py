"""`python -m tests.limits [visits] [requests] [bookings]`: measures the visits on this machine and prints tables."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from tests.bench.environment import Environment, bench_environment
from tests.limits import many_bookings, many_requests, many_visits

WHAT = ("visits", "requests", "bookings")


def main() -> None:
    """Everything that is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.limits", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*WHAT, []], help="what is measured; all if not given")
    parser.add_argument("--rate", type=float, default=many_requests.RATE, help="requests a second (200)")
    parser.add_argument("--seconds", type=float, default=many_requests.SECONDS, help="for how long (300)")
    given = parser.parse_args()
    measures: dict[str, Callable[[Environment], Awaitable[None]]] = {
        "visits": many_visits.measure,
        "requests": partial(many_requests.measure, rate=given.rate, seconds=given.seconds),
        "bookings": many_bookings.measure,
    }
    with bench_environment() as environment:
        for name in given.what or WHAT:
            asyncio.run(measures[name](environment))


if __name__ == "__main__":
    main()
