"""The stored answers of requests that came with an Idempotency-Key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, func, select

from shared.store.tables import idempotency
from shared.store.unit_of_work import UnitOfWork

Scope = tuple[str, str, str]
"""Caller, method with path, key."""


async def try_lock(uow: UnitOfWork, number: int) -> bool:
    """Takes the advisory lock `number` until the transaction ends; False where somebody else has it."""
    return bool((await uow.execute(select(func.pg_try_advisory_xact_lock(number)))).scalar_one())


async def find(uow: UnitOfWork, scope: Scope) -> Row[Any] | None:
    """The stored answer of `scope`."""
    return (await uow.execute(select(idempotency).where(*_is(scope)))).one_or_none()


async def remove(uow: UnitOfWork, scope: Scope) -> None:
    """Takes the stored answer of `scope` away."""
    await uow.execute(delete(idempotency).where(*_is(scope)))


def add(uow: UnitOfWork, scope: Scope, body_hash: bytes, status: int, answer: Any) -> None:
    """Queues the answer; it counts once the transaction is committed."""
    caller, path, key = scope
    uow.insert(
        idempotency,
        caller=caller,
        path=path,
        key=key,
        body_hash=body_hash,
        status=status,
        answer=answer,
        created_at=uow.now,
    )


def _is(scope: Scope) -> tuple[Any, ...]:
    caller, path, key = scope
    table = idempotency.c
    return (table.caller == caller, table.path == path, table.key == key)
