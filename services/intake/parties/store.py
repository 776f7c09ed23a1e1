"""Tables and queries of parties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Table, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.parties.model import Address, Party
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

party = Table(
    "party",
    metadata,
    identifier("id", primary_key=True),
    words("kind"),
    words("name", nullable=True),
    words("language"),
    words("zone"),
    words("customer_class", nullable=True),
    Column("member", Boolean, nullable=False),
    Column("verified", Boolean, nullable=False),
    document("liaison_ids"),
    instant("created_at"),
    instant("erased_at", nullable=True),
    number("version"),
)
address = Table("address", metadata, words("address_id", primary_key=True), words("kind"), words("value"))
party_address = Table(
    "party_address",
    metadata,
    identifier("party_id", primary_key=True),
    words("address_id", primary_key=True),
    Column("verified", Boolean, nullable=False),
)
duplicate_suggestion = Table(
    "duplicate_suggestion",
    metadata,
    identifier("party_id", primary_key=True),
    identifier("other_id", primary_key=True),
    words("address_id"),
    instant("suggested_at"),
)


# Makes and locks in one round trip: a conflict locks the row that is there.
_LOCK_ADDRESSES = text(
    "INSERT INTO address (address_id, kind, value) SELECT * FROM "
    "unnest(CAST(:ids AS text[]), CAST(:kinds AS text[]), CAST(:values AS text[])) ORDER BY 1 "
    "ON CONFLICT (address_id) DO UPDATE SET kind = address.kind"
)
_SHARING = (
    select(party)
    .where(
        party.c.id.in_(
            select(party_address.c.party_id).where(party_address.c.address_id.in_(bindparam("ids", expanding=True)))
        ),
        party.c.erased_at.is_(None),
    )
    .order_by(party.c.id)
    .with_for_update()
)


async def lock_addresses(uow: UnitOfWork, addresses: Sequence[Address]) -> None:
    """Makes the rows of these addresses and locks them in the order of their ids.

    Before anybody is looked for: two messages of a new address wait here for each other and find one party.
    """
    if addresses:
        ids, kinds, values = zip(*((one.address_id, one.kind, one.value) for one in addresses), strict=True)
        await uow.execute(_LOCK_ADDRESSES, {"ids": list(ids), "kinds": list(map(str, kinds)), "values": list(values)})


async def sharing(uow: UnitOfWork, addresses: Sequence[Address]) -> list[Party]:
    """The parties, not erased, that have one of these addresses; locked in the order of their ids."""
    if not addresses:
        return []
    rows = await uow.execute(_SHARING, {"ids": [one.address_id for one in addresses]})
    return await _with_addresses(uow, rows.mappings().all())


async def get(uow: UnitOfWork, party_id: UUID) -> Party | None:
    """A party by id, also an erased one."""
    rows = await uow.execute(select(party).where(party.c.id == party_id))
    found = await _with_addresses(uow, rows.mappings().all())
    return found[0] if found else None


async def add(uow: UnitOfWork, one: Party) -> bool:
    """Writes a new party and its addresses. False, with nothing written, where its id has been used before."""
    added = await uow.execute(upsert(party).on_conflict_do_nothing().returning(party.c.id), _values(one))
    if added.first() is None:
        return False
    await _link(uow, one)
    return True


async def save(uow: UnitOfWork, one: Party) -> None:
    """Writes a changed party and its addresses."""
    values = _values(one)
    await uow.execute(party.update().where(party.c.id == values.pop("id")).values(**values))
    await _link(uow, one)


async def _link(uow: UnitOfWork, one: Party) -> None:
    if one.addresses:
        links = upsert(party_address).values(
            [{"party_id": one.id, "address_id": a.address_id, "verified": a.verified} for a in one.addresses]
        )
        await uow.execute(
            links.on_conflict_do_update(
                index_elements=["party_id", "address_id"], set_={"verified": links.excluded.verified}
            )
        )


def _values(one: Party) -> dict[str, Any]:
    values = {column.name: getattr(one, column.name) for column in party.c}
    return values | {"liaison_ids": [str(liaison) for liaison in one.liaison_ids]}


async def erase(uow: UnitOfWork, party_id: UUID) -> None:
    """Takes a party's name and links away, and addresses that were nobody else's."""
    await uow.execute(
        party.update()
        .where(party.c.id == party_id, party.c.erased_at.is_(None))
        .values(name=None, liaison_ids=[], verified=False, erased_at=uow.now, version=party.c.version + 1)
    )
    gone = await uow.execute(
        party_address.delete().where(party_address.c.party_id == party_id).returning(party_address.c.address_id)
    )
    ids = sorted(gone.scalars())
    still_used = select(party_address.c.address_id)
    await uow.execute(address.delete().where(address.c.address_id.in_(ids), address.c.address_id.not_in(still_used)))
    either = or_(duplicate_suggestion.c.party_id == party_id, duplicate_suggestion.c.other_id == party_id)
    await uow.execute(duplicate_suggestion.delete().where(either))


async def suggest(uow: UnitOfWork, one: UUID, other: UUID, address_id: str) -> None:
    """Records that two parties may be one; the same pair again adds nothing."""
    values = {"party_id": one, "other_id": other, "address_id": address_id, "suggested_at": uow.now}
    await uow.execute(upsert(duplicate_suggestion).values(**values).on_conflict_do_nothing())


async def suggestions(uow: UnitOfWork, party_id: UUID) -> list[UUID]:
    """Who this party may be a duplicate of, in the order of their ids."""
    other = duplicate_suggestion.c
    rows = await uow.execute(
        select(other.other_id)
        .where(other.party_id == party_id)
        .union(select(other.party_id).where(other.other_id == party_id))
        .order_by("other_id")
    )
    return list(rows.scalars())


async def _with_addresses(uow: UnitOfWork, rows: Sequence[Any]) -> list[Party]:
    if not rows:
        return []
    links = await uow.execute(
        select(party_address.c.party_id, party_address.c.verified, address)
        .join(address, address.c.address_id == party_address.c.address_id)
        .where(party_address.c.party_id.in_([row["id"] for row in rows]))
        .order_by(party_address.c.address_id)
    )
    found: dict[UUID, list[Address]] = {}
    for link in links.mappings():
        one = Address(link["address_id"], link["kind"], link["value"], link["verified"])
        found.setdefault(link["party_id"], []).append(one)
    return [
        Party(
            **{
                **row,
                "liaison_ids": tuple(UUID(liaison) for liaison in row["liaison_ids"]),
                "addresses": tuple(found.get(row["id"], ())),
            }
        )
        for row in rows
    ]
