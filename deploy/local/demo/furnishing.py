"""What the demo's departments go by: standards, routes, and what can be booked. Doing it again changes nothing."""

from __future__ import annotations

from deploy.local.demo import front_desk, receptions
from deploy.local.demo.desk import Desk


async def furnish(desk: Desk, zone: str) -> dict[str, str]:
    """Sets everything, all of it in `zone`, and gives the departments' ids by code."""
    departments = await departments_of(desk)
    calendar = f"/departments/{departments['demo']}/calendar"
    await desk.staff("administration", "intake", "POST", calendar, {"zone": zone})
    await receptions.open_departments(desk, departments)
    await front_desk.open_offer(desk, departments["demo-service"])
    return departments


async def departments_of(desk: Desk) -> dict[str, str]:
    """Department code → id."""
    found = await desk.staff("administration", "intake", "GET", "/departments")
    return {each["code"]: str(each["department_id"]) for each in found["items"]}
