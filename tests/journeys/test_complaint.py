"""A complaint's whole way over real processes."""

from __future__ import annotations

from deploy.local.demo import complaints
from deploy.local.demo.cast import WEB, Cast
from deploy.local.demo.desk import Desk
from tests.support.house import House


async def test_given_a_complaint_over_http_when_all_goes_well_then_closed(house: House, desk: Desk, cast: Cast) -> None:
    """CB-04"""
    person = cast.with_phone()
    message = await complaints.complain(desk, person, 0)
    await complaints.run_course(desk, person, WEB, message, [complaints.SATISFIED])
