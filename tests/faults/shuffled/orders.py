"""Plays a journey first in the order in which everything was written, then in orders drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import httpx

from tests.faults.shuffled.endstate import Picture, difference
from tests.faults.shuffled.house import House
from tests.faults.shuffled.journeys import Journey
from tests.faults.shuffled.playing import NeverEnds, Order

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Differs:
    """An order that did not end as the straight one."""

    journey: str
    order: int
    how: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.journey}, order {self.order}: {len(self.how)} differences", *self.how[:_SHOWN]]
        return "\n  ".join(lines)


async def play_orders(house: House, journey: Journey, seed: int, orders: Iterable[int]) -> AsyncIterator[int | Differs]:
    """For each order how many records were delivered, or how its end differs. Raises NeverEnds for the straight one."""
    straight, _ = await _play(house, journey, None)
    for order in orders:
        try:
            end, delivered = await _play(house, journey, random.Random(f"{seed} {journey.name} {order}"))
        except (NeverEnds, httpx.HTTPStatusError) as error:
            yield Differs(journey.name, order, (str(error),))
            continue
        found = difference(straight, end)
        yield Differs(journey.name, order, tuple(found)) if found else delivered


async def _play(house: House, journey: Journey, rng: random.Random | None) -> tuple[Picture, int]:
    try:
        await house.furnish()
        order = Order(house, journey, rng)
        return await order.play(), order.delivered
    finally:
        await house.clear()
