"""Reading tickets: what a member of staff gets to see of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.complaints.deadlines import store as deadline_store
from services.complaints.deadlines.model import Deadline
from services.complaints.tickets import schemas, store
from services.complaints.tickets.model import Ticket, open_to_people
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel.errors import NotFound
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork

HISTORY = 200
"""How many of the newest happenings a reader gets."""


def state_of(ticket: Ticket) -> schemas.TicketState:
    """Where a ticket stands."""
    return schemas.TicketState(**_common(ticket))


async def page(
    uow: UnitOfWork, *, limit: int, state: str | None, handler_id: UUID | None, number: str | None, after: UUID | None
) -> schemas.TicketPage:
    """At most `limit` tickets, the newest first."""
    found = await store.page(uow, limit=limit + 1, state=state, handler_id=handler_id, number=number, after=after)
    shown = found[:limit]
    deadlines = await deadline_store.of_tickets(uow, [ticket.id for ticket in shown])
    return schemas.TicketPage(
        tickets=tuple(schemas.TicketRow(**_row(ticket, deadlines[ticket.id])) for ticket in shown),
        next=shown[-1].id if len(found) > limit else None,
    )


async def whole(uow: UnitOfWork, ticket_id: UUID, *, reader: UUID) -> schemas.TicketView:
    """A ticket with its story. That somebody saw who complained is recorded. Raises NotFound(`ticket`)."""
    ticket = await store.get(uow, ticket_id)
    if ticket is None:
        raise NotFound("ticket")
    withheld = reader in ticket.accused_ids
    if not withheld:
        uow.audit(reader, store.CONTACT_READ, "ticket", ticket.id)
    deadlines = await deadline_store.of_tickets(uow, [ticket.id])
    return schemas.TicketView(
        **_row(ticket, deadlines[ticket.id]),
        report_id=ticket.report_id,
        message_id=ticket.message_id,
        medium=ticket.medium,
        member=ticket.member,
        phone_present=ticket.phone_present,
        withheld=withheld,
        contact=None if withheld else await _contact(uow, ticket),
        words=() if withheld else await _words(uow, ticket),
        accused_ids=() if withheld else ticket.accused_ids,
        history=tuple(
            schemas.HappeningView(at=one.at, actor=one.actor, action=one.action, detail=dict(one.detail))
            for one in await store.history(uow, ticket.id, limit=HISTORY)
        ),
    )


async def _contact(uow: UnitOfWork, ticket: Ticket) -> schemas.Contact | None:
    body = await copies.get(uow, "parties", ticket.party_id)
    if body is None:
        return None
    party = PartyChanged.model_validate(body)
    return schemas.Contact(
        party_id=party.party_id,
        name=party.name,
        language=party.language,
        zone=party.zone,
        addresses=tuple(
            schemas.Address(kind=one.kind, value=one.value, wanted=one.address_id == ticket.address_id)
            for one in party.addresses
        ),
    )


async def _words(uow: UnitOfWork, ticket: Ticket) -> tuple[schemas.WordsView, ...]:
    return tuple(
        schemas.WordsView(kind=one.kind, subject=one.subject, body=one.body, by=one.written_by, at=one.written_at)
        for one in await store.words_about(uow, ticket.id)
    )


def _row(ticket: Ticket, deadlines: Sequence[Deadline]) -> dict[str, Any]:
    return {
        **_common(ticket),
        "channel": ticket.channel,
        "customer_class": ticket.customer_class,
        "opened_at": ticket.opened_at,
        "changed_at": ticket.changed_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "deadlines": tuple(schemas.DeadlineView.model_validate(asdict(one)) for one in deadlines),
    }


def _common(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "number": ticket.number,
        "state": ticket.state,
        "commands": open_to_people(ticket.state),
        "category": ticket.category,
        "severity": ticket.severity,
        "handler_id": ticket.handler_id,
        "department_id": ticket.department_id,
        "responsible_department_id": ticket.responsible_department_id,
        "resolution_no": ticket.resolution_no,
        "outcome": ticket.outcome,
        "close_reason": ticket.close_reason,
        "times_reopened": ticket.times_reopened,
        "version": ticket.version,
    }
