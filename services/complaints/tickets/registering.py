"""A report becomes a ticket (CP-01)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from services.complaints.deadlines import commands as deadlines
from services.complaints.deadlines import policies
from services.complaints.settings import settings
from services.complaints.tickets import people, store
from services.complaints.tickets.model import Ticket, ticket_number
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.kernel.errors import Superseded
from shared.kernel.ids import derived_id
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork


async def register(uow: UnitOfWork, report: ComplaintReported) -> Ticket:
    """Opens the ticket of this report: number, deadlines, handler. A report told twice is one ticket.

    Nobody to handle it → a supervisor; none either → opened all the same, for a supervisor to assign. Raises
    Superseded where the party has been erased meanwhile: its words are not to be stored again.
    """
    if await copies.is_gone(uow, "parties", report.party_id):
        raise Superseded("party-erased")
    ticket_id = derived_id("ticket", report.report_id)
    known = await store.get(uow, ticket_id)
    if known is not None:
        return known
    company = settings()
    handler = await people.pick_handler(uow)
    ticket = Ticket(
        id=ticket_id,
        report_id=report.report_id,
        number=ticket_number(await store.next_serial(uow), uow.now, ZoneInfo(company.zone)),
        message_id=report.message_id,
        case_id=report.case_id,
        caused_by_callback=report.caused_by_callback,
        channel=report.channel,
        medium=report.medium,
        party_id=report.party_id,
        address_id=report.address_id,
        customer_class=report.customer_class,
        member=report.member,
        phone_present=report.phone_present,
        category=company.default_category,
        severity="minor",
        state="registered",
        handler_id=None if handler is None else handler.staff_id,
        department_id=None if handler is None else handler.department_id,
        responsible_department_id=None,
        accused_ids=(),
        judged_by=None,
        resolution_no=0,
        outcome=None,
        close_reason=None,
        times_reopened=0,
        opened_at=uow.now,
        changed_at=uow.now,
        resolved_at=None,
        closed_at=None,
        version=1,
    )
    store.add(uow, ticket)
    store.write(uow, ticket, "complaint", report.text, by=None, subject=report.subject)
    # The party has waited since the report, not since we came to read it.
    asked_at = min(report.reported_at, uow.now)
    reply_terms = policies.first_reply(company, phone_present=report.phone_present)
    solution_terms = policies.solution(company, ticket.category)
    reply = deadlines.start(uow, ticket.id, "first-reply", reply_terms, asked_at, round_=0)
    solution = deadlines.start(uow, ticket.id, "solution", solution_terms, asked_at, round_=0)
    uow.publish(
        ComplaintOpened(
            ticket_id=ticket.id,
            report_id=ticket.report_id,
            message_id=ticket.message_id,
            number=ticket.number,
            category=ticket.category,
            severity=ticket.severity,
            channel=ticket.channel,
            party_id=ticket.party_id,
            address_id=ticket.address_id,
            customer_class=ticket.customer_class,
            handler_id=ticket.handler_id,
            department_id=ticket.department_id,
            opened_at=ticket.opened_at,
            reported_at=asked_at,
            first_reply_due=reply.due_at,
            solution_due=solution.due_at,
        ),
        about=ticket.about,
    )
    uow.audit("complaints", "opened", "ticket", ticket.id, handler=_text(ticket.handler_id))
    return ticket


def _text(value: object) -> str | None:
    return None if value is None else str(value)
