"""What can be booked, as people look at it before they choose; whoever takes a slot is told then whether it is free."""

from __future__ import annotations

from datetime import date

from services.intake.appointments import store
from services.intake.appointments.model import Offer, Slot, days, slots
from services.intake.calendars.commands import calendar_of
from shared.kernel.calendar import Calendar
from shared.kernel.errors import NotFound
from shared.store.unit_of_work import UnitOfWork


async def offered(uow: UnitOfWork, code: str) -> tuple[Offer, Calendar]:
    """An offer that is open, and the calendar that its slots follow from. Raises NotFound."""
    offer = await store.offer(uow, code)
    if offer is None or offer.closed:
        raise NotFound("appointment-offer")
    return offer, await calendar_of(uow, offer.department_id)


async def slots_of(uow: UnitOfWork, offer: Offer, calendar: Calendar, day: date) -> list[Slot]:
    """The slots of one day, also those without a free place."""
    return (await slots_by_day(uow, offer, calendar, [day]))[day]


async def slots_by_day(uow: UnitOfWork, offer: Offer, calendar: Calendar, chosen: list[date]) -> dict[date, list[Slot]]:
    """Day → its slots, of those days on which something is offered; the others have none."""
    within = set(days(offer, calendar, uow.now))
    empty = {day: slots(offer, calendar, day, (), uow.now) if day in within else [] for day in chosen}
    every = [slot for found in empty.values() for slot in found]
    if not every:
        return empty
    held = await store.held(uow, offer.code, every[0].starts, every[-1].ends)
    return {day: slots(offer, calendar, day, held, uow.now) if found else [] for day, found in empty.items()}
