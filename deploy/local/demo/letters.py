"""SMS and e-mails out of the blue: each becomes a case, is acknowledged and closed; an answering machine is not."""

from __future__ import annotations

import asyncio
from typing import Any

from deploy.local.demo.cast import Person
from deploy.local.demo.desk import Desk, until
from deploy.local.environment import NUMBERS

MAILBOX = "frontdesk@frontdesk.example"
_LOOP_WOULD_SHOW = 3.0


async def run_sms(desk: Desk, person: Person) -> None:
    """A text to one of our numbers."""
    await desk.send_sms(person, NUMBERS[0], "请问周末营业吗？")
    await acknowledged_and_closed(desk, person)


async def run_mail(desk: Desk, person: Person) -> None:
    """A mail to our mailbox."""
    await desk.write_mail(person, MAILBOX, "请问停车", "请问贵公司附近可以停车吗？")
    await acknowledged_and_closed(desk, person)


async def run_out_of_office(desk: Desk, person: Person) -> None:
    """Our acknowledgement meets an answering machine: recorded, and answered never."""
    await desk.write_mail(person, MAILBOX, "Price list", "Could you send me your price list?")
    (acknowledgement,) = await desk.received(person, 1)
    await desk.answer(person, acknowledgement, "I am out of the office.", auto=True)
    await asyncio.sleep(_LOOP_WOULD_SHOW)
    await desk.received_exactly(person, 1)


async def acknowledged_and_closed(desk: Desk, person: Person) -> None:
    """The person hears the number of the case, which an agent then closes."""
    (acknowledgement,) = await desk.received(person, 1)

    async def case() -> dict[str, Any] | None:
        found = await desk.staff("agent", "intake", "GET", "/cases")
        return next((one for one in found["items"] if one["number"] in acknowledgement["text"]), None)

    opened = await until("the case of an acknowledgement", case)
    await desk.staff("agent", "intake", "POST", f"/cases/{opened['case_id']}/close")
