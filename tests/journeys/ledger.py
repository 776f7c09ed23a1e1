"""The ledger of a house: `balance` waits until nothing is on its way any more, then holds the books against each other.

Nothing lost, nothing doubled in a database, no message twice where no call was in doubt.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from shared.kernel import clock
from tests.support.books import doubled_at_people, doubled_in_stores, events_of, unfinished
from tests.support.house import House, HouseTrouble

__all__ = ["balance", "events_of", "in_sandbox"]

_PATIENCE = 120.0


async def balance(house: House) -> None:
    """Raises HouseTrouble where something is lost, doubled, held, or still on its way after two minutes."""
    last = clock.monotonic() + _PATIENCE
    quiet = 0
    # Twice: the questions come one after the other, and what is on its way may step over the one that is being asked.
    while quiet < 2:
        # One open item is enough to wait on, and the cheap questions come first.
        if await asyncio.to_thread(lambda: next(unfinished(house), None)) is None:
            quiet += 1
            continue
        if clock.monotonic() > last:
            raise HouseTrouble("still open: " + "; ".join(unfinished(house)))
        quiet = 0
        await asyncio.sleep(0.3)
    doubled = await asyncio.to_thread(lambda: [*doubled_in_stores(house), *doubled_at_people(house, in_sandbox(house))])
    if doubled:
        raise HouseTrouble("doubled: " + "; ".join(doubled))


def in_sandbox(house: House) -> list[dict[str, Any]]:
    """Everything that phones and mailboxes received."""
    answer = httpx.get(f"{house.layout.inbox}/messages", params={"limit": 10_000}, timeout=30)
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found
