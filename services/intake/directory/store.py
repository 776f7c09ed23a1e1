"""Tables and queries of the directory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Table, case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.directory.model import Account, Department, Member, StoredKey
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

department = Table(
    "department",
    metadata,
    identifier("id", primary_key=True),
    words("code"),
    words("name"),
    identifier("parent_id", nullable=True),
    identifier("head_id", nullable=True),
    number("version"),
)
staff = Table(
    "staff",
    metadata,
    identifier("id", primary_key=True),
    words("email"),
    words("name"),
    words("phone", nullable=True),
    words("language"),
    words("zone"),
    identifier("department_id"),
    identifier("manager_id", nullable=True),
    identifier("substitute_id", nullable=True),
    instant("absent_from", nullable=True),
    instant("absent_until", nullable=True),
    document("roles"),
    number("weight"),
    Column("active", Boolean, nullable=False),
    number("version"),
)
account = Table(
    "account",
    metadata,
    identifier("staff_id", primary_key=True),
    words("password_hash"),
    instant("changed_at"),
)
sign_in_attempt = Table(
    "sign_in_attempt", metadata, words("scope", primary_key=True), number("attempts"), instant("until")
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


async def lock_departments(uow: UnitOfWork) -> list[Department]:
    """Every department, locked for an import."""
    rows = await uow.execute(select(department).order_by(department.c.id).with_for_update())
    return [Department(**row) for row in rows.mappings()]


async def lock_staff(uow: UnitOfWork) -> list[Member]:
    """Every member of staff, locked for an import."""
    rows = await uow.execute(select(staff).order_by(staff.c.id).with_for_update())
    return [_member(row) for row in rows.mappings()]


async def save_department(uow: UnitOfWork, one: Department) -> None:
    """Writes a department, new or changed."""
    await uow.execute(_save(department, asdict(one), "id"))


async def save_member(uow: UnitOfWork, one: Member) -> None:
    """Writes a member of staff, new or changed."""
    await uow.execute(_save(staff, asdict(one) | {"roles": list(one.roles)}, "id"))


async def without_account(uow: UnitOfWork, staff_ids: Collection[UUID]) -> set[UUID]:
    """Who of these cannot sign in yet."""
    rows = await uow.execute(select(account.c.staff_id).where(account.c.staff_id.in_(staff_ids)))
    return set(staff_ids) - set(rows.scalars())


async def save_account(uow: UnitOfWork, staff_id: UUID, password_hash: str) -> None:
    """Sets a password."""
    values = {"staff_id": staff_id, "password_hash": password_hash, "changed_at": uow.now}
    await uow.execute(_save(account, values, "staff_id"))


async def get_account(uow: UnitOfWork, email: str) -> Account | None:
    """The account of an e-mail address in lower case."""
    found = await uow.execute(
        select(account.c.staff_id, account.c.password_hash, staff.c.active)
        .join(staff, staff.c.id == account.c.staff_id)
        .where(staff.c.email == email)
    )
    row = found.mappings().one_or_none()
    return None if row is None else Account(**row)


async def count_attempt(uow: UnitOfWork, scope: str, until: datetime) -> tuple[int, datetime]:
    """Counts one more attempt of `scope` and gives (attempts in its window, when the window ends)."""
    over = sign_in_attempt.c.until <= uow.now
    counted = await uow.execute(
        upsert(sign_in_attempt)
        .values(scope=scope, attempts=1, until=until)
        .on_conflict_do_update(
            index_elements=["scope"],
            set_={
                "attempts": case((over, 1), else_=sign_in_attempt.c.attempts + 1),
                "until": case((over, until), else_=sign_in_attempt.c.until),
            },
        )
        .returning(sign_in_attempt.c.attempts, sign_in_attempt.c.until)
    )
    row = counted.one()
    return row.attempts, row.until


async def forgive_attempt(uow: UnitOfWork, account_scope: str, network_scope: str) -> None:
    """After a success: the account starts anew, the network gets this one attempt back."""
    await uow.execute(delete(sign_in_attempt).where(sign_in_attempt.c.scope == account_scope))
    await uow.execute(
        update(sign_in_attempt)
        .where(sign_in_attempt.c.scope == network_scope)
        .values(attempts=func.greatest(sign_in_attempt.c.attempts - 1, 0))
    )


async def purge_attempts(uow: UnitOfWork) -> None:
    """Drops windows that have ended, but waits for nobody: others lock two of these rows at a time."""
    ended = select(sign_in_attempt.c.scope).where(sign_in_attempt.c.until <= uow.now).with_for_update(skip_locked=True)
    await uow.execute(delete(sign_in_attempt).where(sign_in_attempt.c.scope.in_(ended)))


async def add_signing_key(uow: UnitOfWork, key: StoredKey) -> None:
    """Stores a new key pair."""
    await uow.execute(insert(signing_key).values(**asdict(key)))


async def valid_signing_keys(uow: UnitOfWork, at: datetime) -> list[StoredKey]:
    """The keys whose tokens may still be valid at the instant `at`."""
    rows = await uow.execute(select(signing_key).where(signing_key.c.not_after > at))
    return [StoredKey(**row) for row in rows.mappings()]


def _member(row: Any) -> Member:
    return Member(**{**row, "roles": tuple(row["roles"])})


def _save(table: Table, values: dict[str, Any], key: str) -> Any:
    changed = {name: value for name, value in values.items() if name != key}
    return upsert(table).values(**values).on_conflict_do_update(index_elements=[key], set_=changed)
