"""Which route a request takes: its department's, else the nearest above it, else the company's."""

from __future__ import annotations

from uuid import UUID

from services.intake.approvals import store
from services.intake.approvals.model import Route, Subject
from services.intake.approvals.shipped import routes
from services.intake.directory.departments import open_department
from services.intake.settings import settings
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

PLAIN = "MANAGER"
"""Taken by kinds of visit that the chosen route is not for."""


def route_of(code: str) -> Route:
    """A route by code. Raises Refused(`route-unknown`, 422)."""
    found = routes().get(code)
    if found is None:
        raise Refused("route-unknown", status=422, field="route", expected=f"one of {', '.join(routes())}")
    return found


async def route_for(uow: UnitOfWork, subject: Subject) -> Route:
    """The route of this request; what is major takes the one that its route names for that (AP-04).

    Raises Refused(`route-unknown`) where a file that was chosen has gone.
    """
    path = [one.department_id for one in await directory.path(uow, subject.department_id)]
    chosen = await store.routes_used(uow, path)
    route = route_of(next((chosen[each] for each in path if each in chosen), settings().approval_route))
    if subject.scale == "major" and route.major is not None:
        route = route_of(route.major)
    return route if subject.kind in route.kinds else route_of(PLAIN)


async def use(uow: UnitOfWork, department_id: UUID, code: str | None, *, by: UUID) -> None:
    """From now on a department's requests take this route; without one, that of the departments above it.

    What already waits goes on as it began. Raises Refused: `department-unknown` (404), `route-unknown` (422).
    """
    await open_department(uow, department_id, "path.department_id")
    if code is not None:
        route_of(code)
    before = (await store.routes_used(uow, [department_id])).get(department_id)
    await store.use_route(uow, department_id, code, by=by)
    uow.audit(by, "use-approval-route", "department", department_id, before=before, after=code)
