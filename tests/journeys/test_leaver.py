"""A member of staff leaves over real processes: out everywhere, and the work is with somebody who is here."""

from __future__ import annotations

import secrets
from datetime import timedelta

import httpx

from deploy.local.demo import visits
from deploy.local.demo.cast import DOMAIN, Cast, staff_email
from deploy.local.demo.desk import Desk, until
from services.intake.directory.operator import token
from shared.kernel import clock
from tests.journeys.ledger import balance, events_of
from tests.journeys.people import in_state, notices, staff_hears, staff_id
from tests.support.house import House

_DOORS = (
    ("intake", "/staff"),
    ("complaints", "/tickets"),
    ("callbacks", "/callbacks"),
    ("notify", "/messages"),
)
_HANDED_OVER = "SELECT * FROM visit WHERE id = %(visit)s AND host_id = %(host)s"


async def test_given_a_host_who_leaves_then_out_in_every_service_and_the_manager_receives_the_guest(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CF-09, NT-03: nothing is asked of the leaver's token but who it is."""
    leaver, guest = f"ivy-{secrets.token_hex(4)}@{DOMAIN}", cast.with_email()
    department = str((await desk.staff("host", "intake", "GET", f"/staff/{staff_id(house, 'host')}"))["department_id"])
    hired = await desk.staff(
        "administration",
        "intake",
        "POST",
        "/staff",
        {
            "email": leaver,
            "name": "Ivy",
            "department_id": department,
            "manager_id": str(staff_id(house, "sales-head")),
            "roles": ["supervisor"],
        },
    )
    intake = house.database("intake")
    signed = (await token(intake, leaver)).token
    await intake.close()
    async with httpx.AsyncClient(timeout=30, headers={"Authorization": f"Bearer {signed}"}) as client:

        async def answers(status: int) -> bool | None:
            codes = {(await client.get(house.layout.api(name) + path)).status_code for name, path in _DOORS}
            return True if codes == {status} else None

        await until("everybody knows her", lambda: answers(200))
        body = {**visits.request(guest, clock.now() + timedelta(days=9)), "host_email": leaver}
        visit = str((await desk.staff("host", "intake", "POST", "/visits", body))["visit_id"])
        await visits.decide(desk, visit, "approve")

        await desk.staff("administration", "intake", "POST", f"/staff/{hired['staff_id']}/leave")

        await until("nobody lets her in", lambda: answers(401))
        await in_state(house, "intake", _HANDED_OVER, visit=visit, host=staff_id(house, "sales-head"))
        heard = await staff_hears(desk, "sales-head", guest.name, "Ivy")
    await balance(house)

    assert staff_email("sales-head") == heard["to"]
    assert [each["rule"] for each in notices(house, visit)].count("visit-handed-over") == 1
    assert events_of(house, visit)["visit-handed-over"] == 1
