"""Who handles, oversees and decides: the directory's people seen from a ticket. The accused are never among them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from services.complaints.tickets import store
from services.complaints.tickets.model import HANDLERS, OVERSEERS, Candidate, Relation, Ticket, choose, who_may
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork


async def pick_handler(uow: UnitOfWork, but_not: Collection[UUID] = ()) -> StaffChanged | None:
    """Who gets the next ticket: a complaint handler who is here, else a supervisor, else nobody (CB-05).

    Two transactions at the same moment may count the same desks: the balance is a fair share, not a promise.
    """
    for role in HANDLERS:
        people = {
            person.staff_id: person
            for person in await directory.with_role(uow, role)
            if person.staff_id not in but_not and directory.is_here(person, uow.now)
        }
        if not people:
            continue
        on_desk = await store.open_counts(uow, list(people))
        chosen = choose([Candidate(id_, person.weight, on_desk.get(id_, 0)) for id_, person in people.items()])
        if chosen is not None:
            return people[chosen]
    return None


async def suitable_handler(uow: UnitOfWork, ticket: Ticket, staff_id: UUID) -> StaffChanged:
    """The member of staff named as handler. Raises Refused(`handler-unsuitable`, 422)."""
    person = await directory.member(uow, staff_id)
    if (
        person is None
        or not directory.is_here(person, uow.now)
        or not set(HANDLERS) & set(person.roles)
        or staff_id in ticket.accused_ids
    ):
        expected = f"somebody present with a role of {', '.join(HANDLERS)} whom the complaint is not about"
        raise Refused("handler-unsuitable", status=422, field="$.handler_id", expected=expected)
    return person


async def still_here(uow: UnitOfWork, staff_id: UUID | None) -> bool:
    """Whether this is a member of staff who has not left, is not locked and is not absent."""
    person = await directory.member(uow, staff_id)
    return person is not None and directory.is_here(person, uow.now)


async def supervisor_of(uow: UnitOfWork, ticket: Ticket) -> UUID | None:
    """A supervisor of the handler's department, else its head; never the handler's own self, never an accused."""
    barred = {ticket.handler_id, *ticket.accused_ids}
    if ticket.department_id is not None:
        for person in await directory.with_role(uow, "supervisor", ticket.department_id):
            if person.staff_id not in barred and directory.is_here(person, uow.now):
                return person.staff_id
    head = await head_of(uow, ticket)
    return None if head in barred else head


async def head_of(uow: UnitOfWork, ticket: Ticket) -> UUID | None:
    """The head of the handler's department, unless the complaint is about them."""
    department = await directory.department(uow, ticket.department_id)
    if department is None or department.head_id in ticket.accused_ids:
        return None
    return department.head_id


async def quality(uow: UnitOfWork, ticket: Ticket) -> tuple[UUID, ...]:
    """Everybody of quality whom the complaint is not about, by id."""
    people = await directory.with_role(uow, "quality")
    return tuple(person.staff_id for person in people if person.staff_id not in ticket.accused_ids)


async def check_may(uow: UnitOfWork, ticket: Ticket, command: str, by: UUID) -> None:
    """Raises Refused(403): `ticket-accused` for whom the complaint is about, `ticket-not-yours` for whom it is not
    to decide.
    """
    if by in ticket.accused_ids:
        raise Refused("ticket-accused", status=403, expected="somebody whom the complaint is not about")
    wanted = who_may(ticket.state, command)
    if not wanted & await relations(uow, ticket, by):
        raise Refused("ticket-not-yours", status=403, expected=" or ".join(sorted(wanted)))


async def relations(uow: UnitOfWork, ticket: Ticket, staff_id: UUID) -> frozenset[Relation]:
    """What this member of staff is to the ticket; nothing where the complaint is about them."""
    person = await directory.member(uow, staff_id)
    if person is None or not person.active or staff_id in ticket.accused_ids:
        return frozenset()
    found: set[Relation] = set()
    acting = await directory.acting_for(uow, ticket.handler_id, uow.now)
    if staff_id == ticket.handler_id or (acting is not None and acting.staff_id == staff_id):
        found.add("handler")
    if OVERSEERS & set(person.roles):
        found.add("overseer")
    if "quality" in person.roles or staff_id == await head_of(uow, ticket):
        found.add("decider")
    return frozenset(found)


async def accuse(uow: UnitOfWork, ticket: Ticket, accused_ids: Collection[UUID], by: UUID) -> Ticket:
    """The ticket complains about these too; a handler among them loses it to somebody else, or to nobody for now.

    Raises Refused(`ticket-accused`, 403) where somebody names themself, Refused(`staff-unknown`, 422).
    """
    if by in accused_ids:
        raise Refused("ticket-accused", status=403, field="$.accused_ids", expected="assign it to somebody else first")
    for staff_id in accused_ids:
        if await directory.member(uow, staff_id) is None:
            raise Refused("staff-unknown", status=422, field="$.accused_ids", expected="ids of members of staff")
    ticket = ticket.accusing(accused_ids)
    if ticket.handler_id not in ticket.accused_ids:
        return ticket
    successor = await pick_handler(uow, ticket.accused_ids)
    if successor is None:
        return ticket.with_handler(None, ticket.department_id)
    return ticket.with_handler(successor.staff_id, successor.department_id)


async def check_department(uow: UnitOfWork, department_id: UUID | None) -> None:
    """Raises Refused(`department-unknown`, 422) where a department is named that is not here, or closed."""
    if department_id is None:
        return
    found = await directory.department(uow, department_id)
    if found is None or not found.active:
        raise Refused(
            "department-unknown", status=422, field="$.responsible_department_id", expected="id of a department"
        )
