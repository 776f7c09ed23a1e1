"""Tables and queries of sign-in: accounts, signing keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Table, delete, insert, select, update

from services.intake.directory.model import Account, StoredKey
from services.intake.directory.store import save_row, staff
from services.intake.tables import identifier, instant, metadata, words
from shared.store.unit_of_work import UnitOfWork

account = Table(
    "account",
    metadata,
    identifier("staff_id", primary_key=True),
    words("password_hash"),
    instant("changed_at"),
)
signing_key = Table(
    "signing_key",
    metadata,
    words("key_id", primary_key=True),
    words("public_key"),
    words("private_key"),
    instant("created_at"),
    instant("not_after"),
)


async def without_account(uow: UnitOfWork, staff_ids: Collection[UUID]) -> set[UUID]:
    """Who of these cannot sign in yet."""
    rows = await uow.execute(select(account.c.staff_id).where(account.c.staff_id.in_(staff_ids)))
    return set(staff_ids) - set(rows.scalars())


async def save_account(uow: UnitOfWork, staff_id: UUID, password_hash: str) -> None:
    """Sets a password."""
    values = {"staff_id": staff_id, "password_hash": password_hash, "changed_at": uow.now}
    await uow.execute(save_row(account, values, "staff_id"))


async def get_account(uow: UnitOfWork, email: str) -> Account | None:
    """The account of an e-mail address in lower case."""
    found = await uow.execute(
        select(account.c.staff_id, account.c.password_hash)
        .join(staff, staff.c.id == account.c.staff_id)
        .where(staff.c.email == email)
    )
    row = found.mappings().one_or_none()
    return None if row is None else Account(**row)


async def close_account(uow: UnitOfWork, staff_id: UUID) -> None:
    """Forgets the password of who leaves; who comes back gets a new one."""
    await uow.execute(delete(account).where(account.c.staff_id == staff_id))


async def add_signing_key(uow: UnitOfWork, key: StoredKey) -> None:
    """Stores a new key pair."""
    await uow.execute(insert(signing_key).values(**asdict(key)))


async def valid_signing_keys(uow: UnitOfWork, at: datetime) -> list[StoredKey]:
    """The keys whose tokens may still be valid at the instant `at`."""
    rows = await uow.execute(select(signing_key).where(signing_key.c.not_after > at))
    return [StoredKey(**row) for row in rows.mappings()]


async def end_signing_keys(uow: UnitOfWork, at: datetime) -> list[StoredKey]:
    """No token of the present keys is good after `at`; returns them as they are then."""
    rows = await uow.execute(
        update(signing_key).where(signing_key.c.not_after > at).values(not_after=at).returning(signing_key)
    )
    return [StoredKey(**row) for row in rows.mappings()]
