"""Taking a slot, moving it, giving it back: no place is ever given twice.

Whoever takes a place takes the offer's lock, after all that can be looked up without it, and holds it until the commit,
so that the places that are taken can be counted; a unique index over offer, place and begin would refuse a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.intake.appointments import store
from services.intake.appointments.model import KIND, MOST_OPEN, Appointment, Offer, Place, free_places, slot_at
from services.intake.calendars.commands import calendar_of
from services.intake.parties import commands as parties
from services.intake.parties.model import Claim
from services.intake.visits import events, timers
from services.intake.visits import store as visits
from services.intake.visits.machine import VISIT
from services.intake.visits.model import TEMPLATES, Visit
from services.intake.visits.requesting import call_off, check_theirs, locked
from shared.kernel.errors import NotFound, Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

Slot = tuple[datetime, datetime]

GUEST = "guest"
"""Who acts, in the audit, where it is the holder of the link."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What somebody wants. `form_id`: of the page that it was sent from, which books once, however often it is sent."""

    code: str
    starts: datetime
    guest: Claim
    head_count: int = 1
    plate: str | None = None
    form_id: UUID | None = None


async def book(uow: UnitOfWork, booking: Booking, *, by: UUID | None = None) -> Visit:
    """A visit that is confirmed at once (IN-02); by a member of staff, or by the guest.

    Raises NotFound for what is not offered; Refused: `slot-unknown`, `host-absent`, `plate-missing` (422),
    `slot-taken`, `too-many-appointments` (409).
    """
    offer = await _offered(uow, booking.code)
    if offer.asks_plate and booking.plate is None:
        raise Refused("plate-missing", status=422, field="plate", expected="a number plate")
    slot, zone = await _slot(uow, offer, booking.starts)
    host = await directory.acting_for(uow, offer.host_id, slot[0])
    if host is None:
        raise Refused("host-absent", status=422, field="starts", expected="a time at which the host is here")
    # Nobody says where they live; whoever comes to us lives, for all we know, by our clocks.
    party = await parties.identify(uow, replace(booking.guest, zone=booking.guest.zone or zone))
    address_id = booking.guest.addresses[0].address_id
    offer = await _offered(uow, booking.code, lock=True)
    if booking.form_id is not None and (before := await store.of_form(uow, booking.form_id)) is not None:
        booked = await visits.get(uow, before.visit_id)
        assert booked is not None
        return booked
    if await store.count_to_come(uow, address_id) >= MOST_OPEN:
        raise Refused("too-many-appointments", field="phone", expected=f"at most {MOST_OPEN} appointments to come")
    place = await _free(uow, offer, slot)
    visit = Visit(
        id=uow.new_id("visit"),
        kind=KIND,
        state=VISIT.step("new", "book", TEMPLATES[KIND].facts).target,
        revision=1,
        party_id=party.id,
        address_id=address_id,
        asked_by_guest=by is None,
        requester_id=by,
        host_id=host.staff_id,
        department_id=offer.department_id,
        purpose=offer.name(party.language),
        head_count=booking.head_count,
        arrival=place.starts,
        departure=place.ends,
        zone=zone,
        short_notice_reason=None,
        created_at=uow.now,
    )
    await visits.add(uow, visit)
    taken = Appointment(visit.id, offer.code, place.starts, place.ends, place.place, booking.plate)
    await store.add(uow, taken, address_id=address_id, form_id=booking.form_id)
    timers.await_arrival(uow, visit)
    uow.publish(events.requested(visit), about=visit.about)
    uow.audit(by or GUEST, "book", "visit", visit.id, offer=offer.code)
    return visit


async def move(
    uow: UnitOfWork, visit_id: UUID, starts: datetime, *, by: UUID | None = None, permitted: bool = False
) -> Visit:
    """Another slot of the same offer: the old place is free at the same moment. By staff, or by the guest's link.

    Raises NotFound, Refused: `visit-state`, `appointment-over`, `slot-taken` (409), `slot-unknown` (422).
    """
    visit = await locked(uow, visit_id)
    if by is not None:
        check_theirs(visit, by, permitted, "visits.receive")
    row = VISIT.step(visit.state, "reschedule", visit.template.facts)
    before = await of_visit(uow, visit)
    _check_to_come(uow, visit)
    if starts == visit.arrival:
        return visit
    slot, _ = await _slot(uow, await _offered(uow, before.offer_code), starts)
    place = await _free(uow, await _offered(uow, before.offer_code, lock=True), slot, but=visit.id)
    moved = replace(
        visit,
        state=row.target,
        revision=visit.revision + 1,
        arrival=place.starts,
        departure=place.ends,
        version=visit.version + 1,
    )
    await visits.save(uow, moved)
    await store.move(uow, visit.id, place)
    timers.await_arrival(uow, moved)
    uow.publish(events.changed(moved, "rescheduled"), about=moved.about)
    arrivals = {"before": {"arrival": str(visit.arrival)}, "after": {"arrival": str(moved.arrival)}}
    uow.audit(by or GUEST, "reschedule", "visit", visit.id, revision=moved.revision, **arrivals)
    return moved


async def cancel(uow: UnitOfWork, visit_id: UUID) -> Visit:
    """The guest does not come: by the link. Raises NotFound, Refused: `visit-state`, `appointment-over` (409)."""
    visit = await locked(uow, visit_id)
    await of_visit(uow, visit)
    VISIT.step(visit.state, "cancel")
    _check_to_come(uow, visit)
    return await call_off(uow, visit, reason=None, by=None)


async def of_visit(uow: UnitOfWork, visit: Visit) -> Appointment:
    """The appointment that a visit is. Raises NotFound where it is none."""
    found = await store.get(uow, visit.id)
    if found is None:
        raise NotFound("appointment")
    return found


def _check_to_come(uow: UnitOfWork, visit: Visit) -> None:
    if visit.arrival <= uow.now:
        raise Refused("appointment-over", expected="an appointment that is to come")


async def _offered(uow: UnitOfWork, code: str, *, lock: bool = False) -> Offer:
    offer = await store.offer(uow, code, lock=lock)
    if offer is None or offer.closed:
        raise NotFound("appointment-offer")
    return offer


async def _slot(uow: UnitOfWork, offer: Offer, starts: datetime) -> tuple[Slot, str]:
    """The slot that begins at `starts`, and the zone that it lies in."""
    calendar = await calendar_of(uow, offer.department_id)
    slot = slot_at(offer, calendar, starts, uow.now)
    if slot is None:
        raise Refused("slot-unknown", status=422, field="starts", expected="the begin of a slot that is offered")
    return slot, calendar.zone.key


async def _free(uow: UnitOfWork, offer: Offer, slot: Slot, *, but: UUID | None = None) -> Place:
    """A free place of a slot, under the offer's lock."""
    free = free_places(offer, *slot, await store.held(uow, offer.code, *slot, but=but))
    if not free:
        raise Refused("slot-taken", field="starts", expected="a slot that has a free place")
    return Place(*slot, free[0])
