"""SMS and e-mails that nobody asked for, over real SMPP and SMTP: a case each, and no loop with a machine."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.demo import letters
from deploy.local.demo.cast import Cast
from deploy.local.demo.desk import Desk
from tests.journeys.ledger import balance, events_of
from tests.journeys.people import in_state, notices
from tests.support.house import House


@pytest.mark.parametrize("way", ["sms", "email"])
async def test_given_a_message_out_of_the_blue_then_a_case_is_acknowledged_and_closed(
    house: House, desk: Desk, cast: Cast, way: str
) -> None:
    """IN-01, NT-11"""
    person = cast.with_phone() if way == "sms" else cast.with_email("zh-CN")

    await (letters.run_sms if way == "sms" else letters.run_mail)(desk, person)
    await balance(house)

    case = _case_of(house, person.address)
    assert case["state"] == "closed"
    assert events_of(house, case["id"]) == {"case-opened": 1, "case-closed": 1}
    (acknowledgement,) = notices(house, case["id"])
    assert (acknowledgement["rule"], acknowledgement["state"]) == ("case-acknowledged", "delivered")
    assert acknowledgement["channel"] == way
    (received,) = await desk.arrived(person.address)
    assert case["number"] in received["text"]


async def test_given_an_answering_machine_when_it_answers_us_then_it_is_recorded_and_answered_never(
    house: House, desk: Desk, cast: Cast
) -> None:
    """Auto-replies open nothing and are answered never."""
    person = cast.with_email()
    await desk.write_mail(person, letters.MAILBOX, "Price list", "Could you send me your price list?")
    (acknowledgement,) = await desk.received(person, 1)

    await desk.answer(person, acknowledgement, "I am out of the office.", auto=True)
    await in_state(
        house, "notify", "SELECT 1 FROM inbound WHERE kind = 'auto' AND address = %(who)s", who=person.address
    )
    await balance(house)

    assert len(await desk.arrived(person.address)) == 1
    assert (
        len(house.rows("intake", "SELECT 1 FROM channel_message WHERE sender->>'email' = %(w)s", w=person.email)) == 1
    )


def _case_of(house: House, address: str) -> dict[str, Any]:
    query = (
        "SELECT c.* FROM service_case c JOIN channel_message m ON m.case_id = c.id "
        "WHERE m.sender->>'phone' = %(address)s OR m.sender->>'email' = %(address)s"
    )
    (row,) = house.rows("intake", query, address=address)
    return row
