"""What the routes of visits share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from services.intake.calendars.commands import visit_notice
from services.intake.calendars.schemas import Warned
from services.intake.forms.model import Form
from services.intake.visits import requesting, store
from services.intake.visits.model import Visit
from services.intake.visits.schemas import ApplicationRequest, VisitView
from shared.kernel.errors import NotFound, Refused
from shared.messaging import copies
from shared.security.rows import Rows
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires
from shared.web.language import language_for

Staff = Annotated[Edge, Depends(requires("visits.read"))]
"""Anybody here; the command looks at whose visit it is."""


async def within_reach(uow: UnitOfWork, visit_id: UUID, rows: Rows) -> Visit:
    """The visit, where a permission reaches it. Raises NotFound, and Refused (403) that names the permission."""
    visit = await store.get(uow, visit_id)
    if visit is None:
        raise NotFound("visit")
    # Who decides takes part as well, which stands in no column of the visit.
    reached = rows.cover(visit.department_id, visit.host_id, visit.requester_id)
    if not reached and not await store.is_within(uow, rows, visit_id):
        raise rows.out_of_reach()
    return visit


async def told(
    edge: Edge, run: Callable[[UnitOfWork], Awaitable[Visit]], *, status: int = 200, dated: bool = False
) -> Response:
    """Runs a command and tells the visit that it leaves.

    `dated`: dates were asked for, so that the answer warns where their notice was counted by a guess (VR-06).
    """

    async def view(uow: UnitOfWork) -> VisitView:
        visit = await run(uow)
        if not dated:
            return VisitView.of(visit)
        notice = await visit_notice(uow, visit.department_id, visit.zone, uow.now)
        return VisitView.of(visit, Warned.of_years(notice.unannounced, language_for(edge.request)))

    return await edge.command(view, status=status)


async def request_by(
    uow: UnitOfWork, body: ApplicationRequest, *, kind: str, requester_id: UUID | None, form: Form | None = None
) -> Visit:
    """Asks for what the body says; without a requester in the guest's own name."""
    return await requesting.request(
        uow,
        body.wish(),
        kind=kind,
        guest=body.guest.claim(vouched=requester_id is not None),
        host_id=body.host_id or await staff_by_email(uow, body.host_email or ""),
        zone=body.zone,
        requester_id=requester_id,
        form=form,
    )


async def staff_by_email(uow: UnitOfWork, email: str) -> UUID:
    """A host by e-mail address. Raises Refused(`host-unknown`, 422)."""
    found = await copies.find(uow, "staff", email=email)
    if not found:
        raise Refused("host-unknown", status=422, field="host_email", expected="a member of staff who is still here")
    return UUID(found[0]["staff_id"])
