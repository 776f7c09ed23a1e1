"""The smallest form of `python -m tests.faults.shuffled`: two other orders of one journey end as the straight one."""

from __future__ import annotations

from deploy.local.postgres import Postgres
from tests.faults.shuffled.house import House, told
from tests.faults.shuffled.journeys import JOURNEYS
from tests.faults.shuffled.orders import Differs, play_orders
from tests.support.databases import Databases

_ORDERS = 2


async def test_given_a_visit_that_becomes_a_complaint_when_its_events_come_in_other_orders_then_it_ends_the_same(
    postgres: Postgres, databases: Databases
) -> None:
    (journey,) = (journey for journey in JOURNEYS if journey.name == "visit-into-complaint")
    with told():
        house = House(postgres, databases)
        await house.prepare()
        results = [result async for result in play_orders(house, journey, 1, range(_ORDERS))]

    assert not [str(result) for result in results if isinstance(result, Differs)]
    assert len(results) == _ORDERS
