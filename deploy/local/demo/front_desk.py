"""Who comes without an appointment, and who books one: at the desk, and on the pages for guests."""

from __future__ import annotations

import re
import secrets
from typing import Any

from deploy.local.demo.cast import Person, staff_email
from deploy.local.demo.desk import DemoFailed, Desk
from deploy.local.demo.visits import state

Json = dict[str, Any]

OFFER = "car-service"
_SLOT = re.compile(r'name="starts" value="([^"]+)"')
_DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)")
_ONCE = re.compile(r'name="once" value="([^"]+)"')
_LINK = re.compile(r"https?://[^\s/]+(/a/[\w-]+)")


async def open_offer(desk: Desk, department_id: str) -> None:
    """Customer service looks at cars, three at a time."""
    found = await desk.staff("agent", "intake", "GET", "/staff?limit=100")
    (agent,) = (each["staff_id"] for each in found["items"] if each["name"].startswith("Agent"))
    offer = {
        "department_id": department_id,
        "host_id": agent,
        "names": {"zh": "车辆保养", "en": "Car service"},
        "minutes": 30,
        "places": 3,
        "days_ahead": 20,
        "asks_plate": True,
    }
    await desk.staff("administration", "intake", "POST", f"/appointment-offers/{OFFER}", offer)


async def run_walk_in(desk: Desk, person: Person, answer: dict[str, str]) -> None:
    """A business visitor whom nobody expected is received, and asked afterwards how it was (IN-04)."""
    visit = (await desk.staff("reception", "intake", "POST", "/walk-ins", _walk_in(person, "business")))["visit_id"]
    await desk.staff("reception", "intake", "POST", f"/visits/{visit}/depart", {})
    (question,) = await desk.received(person, 1)
    await desk.answer(person, question, answer[person.language])
    await state(desk, visit, "closed")


async def run_applicant(desk: Desk, person: Person) -> None:
    """Somebody seeks work, and has no papers along (IN-05); nobody asks afterwards."""
    form = {"position": "Fitter 装配工", "experience": "Six years 六年"}
    body = {**_walk_in(person, "applicant"), "has_papers": False, "form": form}
    visit = (await desk.staff("reception", "intake", "POST", "/walk-ins", body))["visit_id"]
    left = await desk.staff("reception", "intake", "POST", f"/visits/{visit}/depart", {})
    if left["state"] != "closed":
        raise DemoFailed(f"an applicant's visit is {left['state']}")


async def run_booked(desk: Desk, person: Person) -> str:
    """Books on the page, and moves it by the link that came; the visit's link."""
    link, starts = await book(desk, person)
    (confirmed,) = await desk.received(person, 1)
    told = _LINK.search(confirmed["text"])
    if told is None or told[1] != link:
        raise DemoFailed("the confirmation has another link than the page")
    await move(desk, link, starts)
    await desk.received(person, 2)
    return link


async def run_cancelled(desk: Desk, person: Person) -> str:
    """Books on the page, and cancels by the link."""
    link, _ = await book(desk, person)
    await desk.received(person, 1)
    await desk.page("POST", f"{link}/cancel")
    await desk.received(person, 2)
    return link


async def book(desk: Desk, person: Person) -> tuple[str, str]:
    """Some free slot, taken on the page for guests: the path of the link, and when the slot begins."""
    for _ in range(5):
        page = await desk.page("GET", f"/book/{OFFER}?lang={person.language}")
        form = {
            "once": _ONCE.findall(page)[0],
            "starts": secrets.choice(_SLOT.findall(page)),
            "plate": f"沪A{secrets.randbelow(10**5):05}",
            "head_count": "1",
            **person.sender,
        }
        link = await desk.page("POST", f"/book/{OFFER}?lang={person.language}", form)
        if link.startswith("/a/"):
            return link.partition("?")[0], form["starts"]
        # Somebody was faster; the page says so, and offers what is left.
    raise DemoFailed("no slot could be taken")


async def move(desk: Desk, link: str, before: str) -> None:
    """Another slot than the one that begins at `before`, by the link."""
    days = _DAY.findall(await desk.page("GET", f"{link}/move?lang=en"))
    page = await desk.page("GET", f"{link}/move?day={secrets.choice(days)}")
    await desk.page("POST", f"{link}/move", {"starts": secrets.choice([s for s in _SLOT.findall(page) if s != before])})


def _walk_in(person: Person, kind: str) -> Json:
    return {
        "guest": {**person.sender, "language": person.language},
        "guest_kind": kind,
        "purpose": "To have a look 看样品",
        "host_email": staff_email("host"),
        "identity": "business-card" if kind == "business" else "id-document",
    }
