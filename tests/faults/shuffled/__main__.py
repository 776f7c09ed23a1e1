"""`python -m tests.faults.shuffled [--orders N] [--seed N] [--only JOURNEY]`: 200 orders of each journey.

Exit code 1 where an end differs; the journey and the number of its order are printed, `--order N` plays it again.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.ports import claim_ports
from deploy.local.postgres import Postgres
from tests.faults.shuffled.house import House, told
from tests.faults.shuffled.journeys import JOURNEYS, Journey
from tests.faults.shuffled.orders import Differs, play_orders
from tests.support.databases import Databases
from tests.support.folders import run_folder

ORDERS = 200


def main() -> int:
    """Plays what was asked for."""
    asked = _arguments()
    for noisy in ("shared", "services", "httpx"):  # what waits for another event is no news here
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    seed = asked.seed if asked.seed is not None else secrets.randbelow(2**31)
    print(f"seed {seed}", flush=True)
    different = 0
    with run_folder() as folder, told():
        for journey in JOURNEYS:
            if not asked.only or journey.name in asked.only:
                # A server of its own each: after some 2,400 databases one refused the next (see RESULTS.md).
                with _server(folder / journey.name) as postgres:
                    different += asyncio.run(_play(postgres, journey, asked, seed))
    return 1 if different else 0


@contextmanager
def _server(folder: Path) -> Iterator[Postgres]:
    claimed = claim_ports()
    postgres = Postgres(folder, claimed.ports.of("postgres"), durable=False)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        claimed.release()


async def _play(postgres: Postgres, journey: Journey, asked: argparse.Namespace, seed: int) -> int:
    """How many orders of a journey end otherwise."""
    house = House(postgres, Databases(postgres))
    await house.prepare()
    orders = range(asked.orders) if asked.order is None else (asked.order,)
    delivered = wrong = 0
    async for result in play_orders(house, journey, seed, orders):
        if isinstance(result, Differs):
            wrong += 1
            print(result, flush=True)
        else:
            delivered += result
    verdict = "the same end" if not wrong else f"{wrong} DIFFER"
    print(f"{journey.name}: {len(orders)} orders, {delivered} records delivered, {verdict}", flush=True)
    return wrong


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.shuffled", description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS, help=f"of each journey (default {ORDERS})")
    parser.add_argument("--order", type=int, help="only this one")
    parser.add_argument("--seed", type=int, help="the seed of a former run")
    parser.add_argument("--only", action="append", help="only this journey; repeatable")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
