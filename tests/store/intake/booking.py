"""Steps of an appointment that several tests take: what is offered, slots, and what a browser sends."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import httpx

from tests.store.intake.office import Office

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SERVICE = {"zh": "保养预约", "en": "Car service"}


async def opened(office: Office, code: str = "service", **changes: Any) -> None:
    """Sales works round the clock, and Tom sees who comes for half an hour, one at a time."""
    (sales,) = await office.house.bench.rows("SELECT id FROM department WHERE code = 'sales'")
    round_the_clock = {day: [{"start": "00:00", "end": "00:00"}] for day in _DAYS}
    await office.post("hana", f"/departments/{sales}/calendar", {"week": round_the_clock, "holidays": "none"})
    offer = {
        "department_id": str(sales),
        "host_id": str(office.house.staff["tom"]),
        "names": SERVICE,
        "minutes": 30,
        **changes,
    }
    await office.post("hana", f"/appointment-offers/{code}", offer)


async def starts(office: Office, code: str = "service") -> list[str]:
    """When the slots of tomorrow begin that have a place left."""
    page = await office.client.get(f"/book/{code}")
    day = re.findall(r"day=(\d{4}-\d\d-\d\d)", page.text)[0]
    slots = (await office.get("tom", f"/appointment-offers/{code}/slots?day={day}"))["items"]
    return [slot["starts"] for slot in slots if slot["left"]]


def filled_in(start: str, **changes: str) -> dict[str, str]:
    """The form of a page; without `once` it is not from any."""
    return {"starts": start, "name": "林晓", "phone": "+8613800000007", "head_count": "1", **changes}


async def once(office: Office, code: str = "service") -> str:
    """A browser opens the page: its number."""
    page = await office.client.get(f"/book/{code}")
    (number,) = re.findall(r'name="once" value="([^"]+)"', page.text)
    return str(number)


async def sent(office: Office, form: dict[str, str], code: str = "service") -> httpx.Response:
    """A browser opens the page, fills it in, and sends it."""
    return await post(office, f"/book/{code}?lang=en", {"once": await once(office, code), **form})


async def post(office: Office, path: str, form: dict[str, str] | None = None) -> httpx.Response:
    """A browser sends a form; intake then hears of what it published itself."""
    answer = await office.client.post(path, data=form or {})
    await office.house.read_back()
    return answer


def link_of(answer: httpx.Response) -> str:
    """The path that the browser is sent on to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


async def row(office: Office) -> dict[str, Any]:
    """The one appointment that was ever made, with its visit."""
    rows = await office.house.bench.rows(
        "SELECT row_to_json(v)::jsonb || row_to_json(a)::jsonb FROM visit v JOIN appointment a ON a.visit_id = v.id"
    )
    (found,) = rows
    return dict(found)


def at(start: str) -> datetime:
    """An instant as it is told."""
    return datetime.fromisoformat(start)
