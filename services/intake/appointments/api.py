"""Routes of appointments for staff: what is offered, slots, and booking for who calls."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from services.intake.appointments import commands, offers, store
from services.intake.appointments.reading import offered, slots_of
from services.intake.appointments.schemas import (
    OFFER_CODE,
    AppointmentRequest,
    MoveRequest,
    OfferList,
    OfferRequest,
    OfferView,
    SlotList,
    SlotView,
)
from services.intake.calendars.schemas import Day
from services.intake.visits.edges import Staff, told
from services.intake.visits.schemas import VisitView
from shared.security.rows import rows_of
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["appointments"])

Code = Annotated[str, Path(pattern=OFFER_CODE)]


@router.get("/appointment-offers")
async def list_offers(edge: Staff) -> OfferList:
    """What can be booked, and what could be."""

    async def read(uow: UnitOfWork) -> OfferList:
        return OfferList(items=tuple(OfferView.of(one) for one in await store.offers(uow, closed=True)))

    return await edge.query(read)


@router.post("/appointment-offers/{code}", response_model=OfferView)
async def set_offer(code: Code, body: OfferRequest, edge: Edge = Depends(requires("calendars.manage"))) -> Response:
    """Sets all that an offer says; a new code is a new offer."""

    async def run(uow: UnitOfWork) -> OfferView:
        rows = await rows_of(uow, edge.caller, "calendars.manage")
        return OfferView.of(await offers.set_offer(uow, body.offer(code), rows=rows))

    return await edge.command(run)


@router.get("/appointment-offers/{code}/slots")
async def list_slots(code: Code, edge: Staff, day: Day | None = None) -> SlotList:
    """The slots of a day (today) at the place of the department."""

    async def read(uow: UnitOfWork) -> SlotList:
        offer, calendar = await offered(uow, code)
        found = await slots_of(uow, offer, calendar, day or uow.now.astimezone(calendar.zone).date())
        items = tuple(SlotView(starts=one.starts, ends=one.ends, left=one.left) for one in found)
        return SlotList(zone=calendar.zone.key, items=items)

    return await edge.query(read)


@router.post("/appointments", status_code=201, response_model=VisitView)
async def book(body: AppointmentRequest, edge: Edge = Depends(requires("visits.receive"))) -> Response:
    """Takes a slot for a guest, who is told at once (IN-02)."""
    return await told(edge, lambda uow: commands.book(uow, body.booking(), by=edge.caller.staff_id), status=201)


@router.post("/visits/{visit_id}/move", response_model=VisitView)
async def move(visit_id: UUID, body: MoveRequest, edge: Staff) -> Response:
    """Another slot for an appointment; its old one is free at the same moment."""
    by, permitted = edge.caller.staff_id, "visits.receive" in edge.caller.permissions
    return await told(edge, lambda uow: commands.move(uow, visit_id, body.starts, by=by, permitted=permitted))
