"""What tests of journeys say and hear: staff by name, many complaints at once, what somebody was told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.local.demo import complaints
from deploy.local.demo.cast import Cast, Person, staff_email
from deploy.local.demo.desk import Desk, until
from tests.support.house import House

_AT_ONCE = 10


@dataclass(frozen=True)
class Posted:
    """A complaint that was answered with 202."""

    person: Person
    message_id: str


async def complain_all(desk: Desk, cast: Cast, count: int) -> list[Posted]:
    """So many complaints of as many people, ten at a time, by phone and by mail."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def post(number: int) -> Posted:
        person = cast.with_phone() if number % 2 else cast.with_email()
        async with free:
            return Posted(person, await complaints.complain(desk, person, number))

    return list(await asyncio.gather(*(post(number) for number in range(count))))


async def all_acknowledged(house: House, desk: Desk, posted: list[Posted]) -> list[UUID]:
    """Everybody's ticket, once everybody has heard of it."""
    ids = [UUID(one.message_id) for one in posted]
    query = (
        "SELECT array_agg(id ORDER BY array_position(%(ids)s, message_id)) AS tickets FROM ticket "
        "WHERE message_id = ANY(%(ids)s) HAVING count(*) = %(count)s"
    )
    row = await in_state(house, "complaints", query, ids=ids, count=len(ids))
    for one in posted:
        await desk.received(one.person, 1)
    tickets: list[UUID] = row["tickets"]
    return tickets


async def hears(desk: Desk, address: str, *words: str) -> dict[str, Any]:
    """The first message at this address that holds all the words."""

    async def heard() -> dict[str, Any] | None:
        for message in await desk.arrived(address):
            whole = f"{message['subject']}\n{message['text']}"
            if all(word in whole for word in words):
                return message
        return None

    return await until("a message with these words", heard)


async def staff_hears(desk: Desk, name: str, *words: str) -> dict[str, Any]:
    """What a member of staff was told with these words."""
    return await hears(desk, staff_email(name), *words)


def staff_id(house: House, name: str) -> UUID:
    """A member of staff's id."""
    (row,) = house.rows("intake", "SELECT id FROM staff WHERE email = %(email)s", email=staff_email(name))
    found: UUID = row["id"]
    return found


def ticket_row(house: House, ticket: UUID) -> dict[str, Any]:
    """The ticket as complaints' database has it."""
    (row,) = house.rows("complaints", "SELECT * FROM ticket WHERE id = %(id)s", id=ticket)
    return row


def handler_of(house: House, ticket: UUID) -> str:
    """The name by which the ticket's handler is known to the desk."""
    row = ticket_row(house, ticket)
    (member,) = house.rows("intake", "SELECT email FROM staff WHERE id = %(id)s", id=row["handler_id"])
    return str(member["email"]).partition("@")[0]


def notices(house: House, subject: object) -> list[dict[str, Any]]:
    """The messages about a subject, in order: rule, recipient_kind, recipient_id, channel, state and the rest."""
    return house.rows(
        "notify",
        "SELECT * FROM message WHERE subject_id = %(subject)s ORDER BY accepted_at, rule",
        subject=str(subject),
    )


async def in_state(house: House, service: str, statement: str, **values: Any) -> dict[str, Any]:
    """The first row that a query finds, once it finds one."""

    async def found() -> dict[str, Any] | None:
        rows = await asyncio.to_thread(lambda: house.rows(service, statement, **values))
        return rows[0] if rows else None

    return await until(f"a row in {service}", found)
