"""Tables and queries of parties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Table, Text, Uuid, any_, bindparam, func, or_, select, text, union_all

from services.intake.parties.known import Known
from services.intake.parties.model import Address, Party
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.bulk import update_rows
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
_LOCKED = (
    select(party)
    .where(
        party.c.id.in_(
            union_all(
                select(party_address.c.party_id).where(
                    party_address.c.address_id == any_(bindparam("addresses", type_=ARRAY(Text)))
                ),
                select(func.unnest(bindparam("ids", type_=ARRAY(Uuid)))),
            )
        )
    )
    .order_by(party.c.id)
    .with_for_update()
)
_LINKS = (
    select(party_address.c.party_id, party_address.c.verified, address)
    .join(address, address.c.address_id == party_address.c.address_id)
    .where(party_address.c.party_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(party_address.c.address_id)
)
_PROVE = text(
    "UPDATE party_address AS link SET verified = true "
    "FROM unnest(CAST(:parties AS uuid[]), CAST(:addresses AS text[])) AS proven (party_id, address_id) "
    "WHERE link.party_id = proven.party_id AND link.address_id = proven.address_id "
    "AND link.party_id = ANY(CAST(:parties AS uuid[]))"
)


async def lock_addresses(uow: UnitOfWork, addresses: Iterable[Address]) -> None:
    """Makes the rows of these addresses, each named once, and locks them in the order of their ids.

    Before anybody is looked for: two messages of a new address wait here for each other and find one party.
    """
    rows = [(one.address_id, one.kind, one.value) for one in addresses]
    if rows:
        ids, kinds, values = zip(*rows, strict=True)
        await uow.execute(_LOCK_ADDRESSES, {"ids": list(ids), "kinds": list(map(str, kinds)), "values": list(values)})


async def locked(uow: UnitOfWork, addresses: Iterable[str], ids: Iterable[UUID]) -> list[Party]:
    """The parties with one of these addresses or ids, also erased ones; locked in the order of their ids."""
    values = {"addresses": list(addresses), "ids": list(ids)}
    if not any(values.values()):
        return []
    rows = await uow.execute(_LOCKED, values)
    return await _with_addresses(uow, rows.mappings().all())


async def get(uow: UnitOfWork, party_id: UUID) -> Party | None:
    """A party by id, also an erased one."""
    rows = await uow.execute(select(party).where(party.c.id == party_id))
    found = await _with_addresses(uow, rows.mappings().all())
    return found[0] if found else None


async def write(uow: UnitOfWork, known: Known) -> None:
    """Writes what became of `known`; new rows are queued."""
    changed = known.changed
    if changed:
        rows = [{name: getattr(after, name) for name in ("id", "name", "verified", "version")} for _, after in changed]
        await update_rows(uow.connection, party, rows)
    for one in known.new:
        uow.insert(party, **_values(one))
    links = [(one.id, link) for one in known.new for link in one.addresses]
    proven: list[tuple[UUID, str]] = []
    for before, after in changed:
        had = {link.address_id: link.verified for link in before.addresses}
        links += [(after.id, link) for link in after.addresses if link.address_id not in had]
        proven += [
            (after.id, link.address_id) for link in after.addresses if had.get(link.address_id, True) < link.verified
        ]
    for party_id, link in links:
        uow.insert(party_address, party_id=party_id, address_id=link.address_id, verified=link.verified)
    for pair in known.suggestions:
        uow.insert(duplicate_suggestion, **asdict(pair), suggested_at=uow.now)
    if proven:
        parties, addresses = zip(*proven, strict=True)
        await uow.execute(_PROVE, {"parties": list(parties), "addresses": list(addresses)})


def _values(one: Party) -> dict[str, Any]:
    values = {column.name: getattr(one, column.name) for column in party.c}
    return values | {"liaison_ids": [str(liaison) for liaison in one.liaison_ids]}


async def erase(uow: UnitOfWork, party_id: UUID) -> list[str]:
    """Takes a party's name and links away, and addresses that were nobody else's; returns the ids of all it had."""
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
    return ids


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
    links = await uow.execute(_LINKS, {"ids": [row["id"] for row in rows]})
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
