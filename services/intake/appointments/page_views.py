"""What the pages for guests show, from what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from services.intake.appointments import store
from services.intake.appointments.commands import of_visit
from services.intake.appointments.model import Offer, Slot, days
from services.intake.appointments.page_forms import Mistaken, Sent
from services.intake.appointments.reading import offered, slots_by_day
from services.intake.appointments.rendering import day_label, page, reader_language, span_label, when_label, zone_label
from services.intake.settings import settings
from services.intake.visits import store as visits
from services.intake.visits.machine import APPROVED
from services.intake.visits.model import Visit
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id
from shared.security.guest_pass import APPOINTMENT
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge
from shared.web.phrases import in_language
from shared.web.texts import text_for


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens. `condition`: `confirmed` as long as it may be moved, else `cancelled`, `arrived`, `over`."""

    visit: Visit
    offer: Offer
    condition: str


@dataclass(frozen=True, slots=True)
class Free:
    """What may be chosen: the days with free slots, the chosen day, its free slots, the zone of all of them."""

    offer: Offer
    week: list[date]
    day: date | None
    slots: list[Slot]
    zone: ZoneInfo


async def book_page(edge: Edge, code: str, sent: Sent | None = None, mistaken: Mistaken | None = None) -> Response:
    """The form of an offer, with what was `sent` and why it was not taken. Raises NotFound."""
    request = edge.request
    free = await edge.query(lambda uow: _free(uow, code, request.query_params.get("day")))
    return page(
        request,
        "book",
        _status(mistaken),
        offer=free.offer,
        here=f"{_root(request)}/book/{free.offer.code}",
        once=new_id(),
        **_choice(request, free, sent, mistaken),
    )


async def opened_page(edge: Edge, word: str) -> Response:
    """The appointment that a link opens. Raises NotFound."""
    found = await edge.query(lambda uow: opened(uow, word))
    return page(edge.request, "appointment", condition=found.condition, **_appointment(edge.request, found))


async def move_page(edge: Edge, word: str, sent: Sent | None = None, mistaken: Mistaken | None = None) -> Response:
    """The slots that an appointment may be moved to. Raises NotFound."""
    request = edge.request

    async def read(uow: UnitOfWork) -> tuple[Opened, Free]:
        found = await opened(uow, word)
        return found, await _free(uow, found.offer.code, request.query_params.get("day"))

    found, free = await edge.query(read)
    choice = _choice(request, free, sent, mistaken)
    return page(request, "move", _status(mistaken), **{**choice, **_appointment(request, found)})


def sorry(request: HTTPRequest, status: int, code: str, expected: str | None) -> Response:
    """A page that says what happened, and what to do now."""
    language = reader_language(request)
    text = text_for(code, status)
    told = None if expected is None or status == 404 else in_language(expected, language)
    answer = page(request, "sorry", status, heading=text.title(language), detail=text.detail(language), expected=told)
    if status in (429, 503):
        answer.headers["Retry-After"] = "60" if status == 429 else "2"
    return answer


async def opened(uow: UnitOfWork, word: str) -> Opened:
    """What the last part of a link's path opens. Raises NotFound, also for what we did not make."""
    visit = await visits.get(uow, subject_of(word))
    if visit is None:
        raise NotFound("appointment")
    offer = await store.offer(uow, (await of_visit(uow, visit)).offer_code)
    assert offer is not None
    if visit.state in APPROVED and visit.arrival > uow.now:
        return Opened(visit, offer, "confirmed")
    return Opened(visit, offer, visit.state if visit.state in ("cancelled", "arrived") else "over")


def subject_of(word: str) -> UUID:
    """The visit that the last part of a link's path opens. Raises NotFound."""
    subject = APPOINTMENT.subject(_secret(), word)
    if subject is None:
        raise NotFound("appointment")
    return subject


def path_of(visit: Visit) -> str:
    """The path that opens a visit's appointment."""
    return APPOINTMENT.link(_secret(), visit.id)


async def _free(uow: UnitOfWork, code: str, wanted: str | None) -> Free:
    offer, calendar = await offered(uow, code)
    by_day = await slots_by_day(uow, offer, calendar, days(offer, calendar, uow.now))
    free = {day: [slot for slot in found if slot.left] for day, found in by_day.items()}
    week = [day for day, found in free.items() if found]
    chosen = next((day for day in week if day.isoformat() == wanted), next(iter(week), None))
    return Free(offer, week, chosen, free[chosen] if chosen else [], calendar.zone)


def _choice(request: HTTPRequest, free: Free, sent: Sent | None, mistaken: Mistaken | None) -> dict[str, Any]:
    language = reader_language(request)
    return {
        "week": [{"day": str(day), "label": day_label(day, language)} for day in free.week],
        "day": str(free.day),
        "slots": [_slot(slot, free.zone) for slot in free.slots],
        "zone": zone_label(free.slots[0].starts.astimezone(free.zone), language) if free.slots else "",
        "sent": sent or {},
        "mistaken": mistaken is not None,
        "faults": _placed(mistaken.found if mistaken else {}),
    }


_FIELDS = ("starts", "name", "phone", "email", "head_count", "plate")


def _placed(faults: Mapping[str, str]) -> dict[str, str]:
    """Each field's sentence; what is about none of them stands at the head of the page."""
    head = " ".join(told for name, told in faults.items() if name not in _FIELDS)
    return {name: faults.get(name, "") for name in _FIELDS} | {"": head}


def _slot(slot: Slot, zone: ZoneInfo) -> dict[str, Any]:
    starts, ends = slot.starts.astimezone(zone), slot.ends.astimezone(zone)
    return {"value": slot.starts.isoformat(), "label": span_label(starts, ends), "left": slot.left}


def _appointment(request: HTTPRequest, found: Opened) -> dict[str, Any]:
    visit, zone = found.visit, ZoneInfo(found.visit.zone)
    starts, ends = visit.arrival.astimezone(zone), visit.departure.astimezone(zone)
    return {
        "offer": found.offer,
        "here": _root(request) + path_of(visit),
        "label": when_label(starts, ends, reader_language(request)),
        "zone": zone_label(starts, reader_language(request)),
    }


def _status(mistaken: Mistaken | None) -> int:
    return mistaken.status if mistaken else 200


def _root(request: HTTPRequest) -> str:
    root: str = request.scope.get("root_path", "")
    return root


def _secret() -> bytes:
    return settings().address_secret.get_secret_value().encode()
