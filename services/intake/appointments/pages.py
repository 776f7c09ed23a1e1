"""Pages for guests: choose a slot, see the appointment, move it, cancel it; usable without scripts (IN-02, IN-03)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from services.intake.appointments import commands, page_forms, store
from services.intake.appointments.page_forms import Mistaken, Sent
from services.intake.appointments.page_views import (
    book_page,
    move_page,
    opened,
    opened_page,
    path_of,
    sorry,
    subject_of,
)
from services.intake.appointments.rendering import page, reader_language, see, style
from services.intake.attempts import store as attempts
from services.intake.attempts.model import network_of
from services.intake.settings import settings
from services.intake.visits.model import Visit
from shared.kernel.errors import NotFound, Refused
from shared.security.caller import Caller
from shared.store.unit_of_work import UnitOfWork
from shared.web import contention
from shared.web.edge import Edge

router = APIRouter(include_in_schema=False)


@router.get("/book/style.css")
async def read_style() -> Response:
    """The style sheet of all pages."""
    return Response(style(), headers={"Cache-Control": "max-age=3600"}, media_type="text/css")


@router.get("/book")
async def choose_offer(request: HTTPRequest) -> Response:
    """What can be booked."""

    async def show(edge: Edge) -> Response:
        return page(request, "offers", offers=await edge.query(store.offers))

    return await _shown(request, show)


@router.get("/book/{code}")
async def choose_slot(code: str, request: HTTPRequest) -> Response:
    """The free slots of an offer, and the form."""

    async def show(edge: Edge) -> Response:
        return await book_page(edge, code)

    return await _shown(request, show)


@router.post("/book/{code}")
async def book(code: str, request: HTTPRequest) -> Response:
    """Takes the slot, and shows the appointment; sent twice it is taken once."""

    async def act(edge: Edge) -> Response:
        async def take(sent: Sent) -> Visit:
            booking = page_forms.booking_of(sent, reader_language(request)).booking(code)
            return await edge.transact(lambda uow: commands.book(uow, booking))

        return await _taken(request, take, lambda sent, mistaken: book_page(edge, code, sent, mistaken))

    return await _shown(request, act, counted=True)


@router.get("/a/{word}")
async def read_appointment(word: str, request: HTTPRequest) -> Response:
    """The appointment that the link opens."""

    async def show(edge: Edge) -> Response:
        return await opened_page(edge, word)

    return await _shown(request, show)


@router.get("/a/{word}/move")
async def choose_other_slot(word: str, request: HTTPRequest) -> Response:
    """The free slots that the appointment may be moved to."""

    async def show(edge: Edge) -> Response:
        return await move_page(edge, word)

    return await _shown(request, show)


@router.post("/a/{word}/move")
async def move(word: str, request: HTTPRequest) -> Response:
    """Takes another slot instead."""

    async def act(edge: Edge) -> Response:
        async def take(sent: Sent) -> Visit:
            starts = page_forms.slot_of(sent, reader_language(request)).starts
            return await edge.transact(lambda uow: commands.move(uow, subject_of(word), starts))

        return await _taken(request, take, lambda sent, mistaken: move_page(edge, word, sent, mistaken))

    return await _shown(request, act, counted=True)


@router.post("/a/{word}/cancel")
async def cancel(word: str, request: HTTPRequest) -> Response:
    """Gives the slot back. Once cancelled, the same again shows that it is."""

    async def act(edge: Edge) -> Response:
        found = await edge.query(lambda uow: opened(uow, word))
        if found.visit.state != "cancelled":
            await edge.transact(lambda uow: commands.cancel(uow, found.visit.id))
        return see(request, path_of(found.visit))

    return await _shown(request, act, counted=True)


async def _taken(
    request: HTTPRequest,
    take: Callable[[Sent], Awaitable[Visit]],
    again: Callable[[Sent, Mistaken], Awaitable[Response]],
) -> Response:
    """Takes what the form says and sends the reader on; else the page `again`, with what is wrong."""
    sent = await page_forms.read(request)
    try:
        visit = await take(sent)
    except Mistaken as mistaken:
        return await again(sent, mistaken)
    except NotFound:
        raise
    except Refused as no:
        return await again(sent, Mistaken.of(no, reader_language(request)))
    return see(request, path_of(visit))


async def _shown(
    request: HTTPRequest, show: Callable[[Edge], Awaitable[Response]], *, counted: bool = False
) -> Response:
    """What `show` answers, or a page that says why not; what changes something is `counted` before it is tried."""
    edge = Edge(request, Caller("guest", network_of(request.client.host if request.client else "")))
    try:
        if counted:
            await _check_rate(edge)
        return await show(edge)
    except Refused as no:
        return sorry(request, no.status, no.code, no.expected)
    except (DBAPIError, PoolTimeoutError) as error:
        if contention.is_contention(error) or contention.is_away(error):
            return sorry(request, 503, "busy", None)
        raise


async def _check_rate(edge: Edge) -> None:
    """Counts one more act of a network. Raises Refused(`too-many-requests`, 429)."""

    async def count(uow: UnitOfWork) -> tuple[int, float]:
        scope = f"appointments:{edge.caller.id}"
        tried, until = await attempts.count(uow, scope, uow.now + settings().booking_window)
        await attempts.purge(uow)
        return tried, (until - uow.now).total_seconds()

    tried, left = await edge.transact(count)
    if tried > settings().bookings_per_network:
        raise Refused("too-many-requests", status=429, expected=f"another attempt in {int(left) + 1} s")
