"""The tickets' routes. The public door for complaints is intake's: tickets are opened by events, never here."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.complaints.tickets import commands, queries
from services.complaints.tickets.model import Ticket
from services.complaints.tickets.schemas import (
    AssignRequest,
    CloseRequest,
    ExplainRequest,
    InvestigateRequest,
    JudgeRequest,
    ReopenRequest,
    ResolveRequest,
    TicketPage,
    TicketState,
    TicketView,
)
from shared.web.edge import Edge, requires

router = APIRouter(prefix="/tickets", tags=["tickets"])

MOST = 100
"""Tickets on a page at most."""


@router.get("")
async def find(
    edge: Annotated[Edge, Depends(requires("tickets.read"))],
    state: Annotated[str | None, Query(max_length=32)] = None,
    handler: UUID | None = None,
    number: Annotated[str | None, Query(max_length=32)] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> TicketPage:
    """Tickets by state, handler or number, the newest first."""
    return await edge.query(
        lambda uow: queries.page(uow, limit=limit, state=state, handler_id=handler, number=number, after=after)
    )


@router.get("/{ticket_id}")
async def show(ticket_id: UUID, edge: Annotated[Edge, Depends(requires("tickets.read"))]) -> TicketView:
    """A ticket with its words, deadlines and story."""
    return await edge.query(lambda uow: queries.whole(uow, ticket_id, reader=edge.caller.staff_id))


@router.post("/{ticket_id}/judge", response_model=TicketState)
async def judge(
    ticket_id: UUID, body: JudgeRequest, edge: Annotated[Edge, Depends(requires("tickets.judge"))]
) -> Response:
    """Valid or not (CP-02)."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.judge(uow, ticket_id, by=by, **dict(body))))


@router.post("/{ticket_id}/explain", response_model=TicketState)
async def explain(
    ticket_id: UUID, body: ExplainRequest, edge: Annotated[Edge, Depends(requires("tickets.explain"))]
) -> Response:
    """The party was told why the complaint is not valid."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.explain(uow, ticket_id, by=by, **dict(body))))


@router.post("/{ticket_id}/assign", response_model=TicketState)
async def assign(
    ticket_id: UUID, body: AssignRequest, edge: Annotated[Edge, Depends(requires("tickets.assign"))]
) -> Response:
    """To a handler and a responsible department."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.assign(uow, ticket_id, by=by, **dict(body))))


@router.post("/{ticket_id}/investigate", response_model=TicketState)
async def investigate(
    ticket_id: UUID, body: InvestigateRequest, edge: Annotated[Edge, Depends(requires("tickets.investigate"))]
) -> Response:
    """Begin, or add findings (CP-03)."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.investigate(uow, ticket_id, by=by, **dict(body))))


@router.post("/{ticket_id}/resolve", response_model=TicketState)
async def resolve(
    ticket_id: UUID, body: ResolveRequest, edge: Annotated[Edge, Depends(requires("tickets.resolve"))]
) -> Response:
    """Solved without a remedy; a callback follows (CP-15)."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.resolve(uow, ticket_id, by=by, **dict(body))))


@router.post("/{ticket_id}/reopen", response_model=TicketState)
async def reopen(
    ticket_id: UUID, body: ReopenRequest, edge: Annotated[Edge, Depends(requires("tickets.reopen"))]
) -> Response:
    """The party is not satisfied (CP-18)."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.reopen(uow, ticket_id, by=by, **dict(body))))


@router.post("/{ticket_id}/close", response_model=TicketState)
async def close(
    ticket_id: UUID, body: CloseRequest, edge: Annotated[Edge, Depends(requires("tickets.close"))]
) -> Response:
    """End it by a person's decision."""
    by = edge.caller.staff_id
    return await edge.command(lambda uow: _state(commands.close(uow, ticket_id, by=by, **dict(body))))


async def _state(work: Awaitable[Ticket]) -> TicketState:
    return queries.state_of(await work)
