"""Visits of a demo day: approved, received and asked afterwards; returned, rejected, cancelled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from deploy.local.demo.cast import WEB, Person, staff_email
from deploy.local.demo.desk import Desk, until
from shared.kernel import clock

Json = dict[str, Any]


def wish(arrival: datetime) -> Json:
    """Dates and purpose."""
    return {
        "arrival": arrival.isoformat(),
        "departure": (arrival + timedelta(hours=2)).isoformat(),
        "purpose": "Product demonstration 产品演示",
        "head_count": 2,
        "short_notice_reason": "demo",
    }


def request(person: Person, arrival: datetime) -> Json:
    """A visit request for the demo's host."""
    guest = {**person.sender, "language": person.language, "zone": person.zone}
    return {**wish(arrival), "guest": guest, "host_email": staff_email("host")}


async def run_course(desk: Desk, person: Person, soon: timedelta, answer: dict[str, str], *, by_guest: bool) -> None:
    """Requested, approved, confirmed, reminded, arrived, departed, asked, closed. `soon`: until arrival."""
    arrival = clock.now() + soon
    received = 0
    if by_guest:
        visit = (await desk.channel(WEB, "POST", "/channel-visits", request(person, arrival)))["id"]
        received += 1
        await desk.received(person, received)
    else:
        visit = (await desk.staff("host", "intake", "POST", "/visits", request(person, arrival)))["visit_id"]
    await decide(desk, visit, "approve")
    received += 1
    await desk.received(person, received)
    path = f"/visits/{visit}"
    await desk.staff("reception", "intake", "POST", f"{path}/confirm")
    received += 1
    await desk.received(person, received)
    await desk.staff("reception", "intake", "POST", f"{path}/arrive")
    await desk.staff("reception", "intake", "POST", f"{path}/depart", {})
    received += 1
    question = (await desk.received(person, received))[-1]
    await desk.answer(person, question, answer[person.language])
    await state(desk, visit, "closed")


async def run_returned(desk: Desk, person: Person, soon: timedelta) -> None:
    """Sent back, mended, approved, then cancelled: the guest hears both."""
    visit = (await desk.staff("host", "intake", "POST", "/visits", request(person, clock.now() + soon)))["visit_id"]
    await decide(desk, visit, "return", "Please say who comes along.")
    mended = wish(clock.now() + soon)
    await desk.staff("host", "intake", "POST", f"/visits/{visit}/resubmit", mended)
    await decide(desk, visit, "approve")
    await desk.received(person, 1)
    await desk.staff("host", "intake", "POST", f"/visits/{visit}/cancel", {"reason": "The guest fell ill."})
    await desk.received(person, 2)


async def run_rejected(desk: Desk, person: Person, soon: timedelta) -> None:
    """Refused for good."""
    visit = (await desk.staff("host", "intake", "POST", "/visits", request(person, clock.now() + soon)))["visit_id"]
    await decide(desk, visit, "reject", "No capacity that week.")


async def decide(desk: Desk, visit: str, how: str, reason: str | None = None) -> None:
    """The department's head decides about the revision as it stands."""
    seen = await desk.staff("sales-head", "intake", "GET", f"/visits/{visit}")
    body: Json = {"revision": seen["visit"]["revision"]}
    if reason is not None:
        body["reason"] = reason
    await desk.staff("sales-head", "intake", "POST", f"/visits/{visit}/{how}", body)


async def state(desk: Desk, visit: str, wanted: str, *, who: str = "host") -> None:
    """Waits until the visit, which `who` may see, is in that state."""

    async def there() -> bool | None:
        found = await desk.staff(who, "intake", "GET", f"/visits/{visit}")
        return found["visit"]["state"] == wanted or None

    await until(f"a visit {wanted}", there)
