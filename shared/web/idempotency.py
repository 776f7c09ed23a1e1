"""Idempotency-Key: the same request again gets the same answer, within 24 hours, and is done once.

Scope: caller, method with path, key. The stored answer is written in the transaction of the command itself.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select

from shared.kernel.errors import Refused
from shared.store.tables import idempotency
from shared.store.unit_of_work import UnitOfWork

KEPT = timedelta(hours=24)

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """One caller's key for one request, with the SHA-256 of what was sent."""

    caller: str
    path: str
    key: str
    body_hash: bytes

    @classmethod
    def of(cls, caller: str, path: str, key: str, sent: bytes) -> IdempotencyKey:
        """Raises Refused(`idempotency-key-invalid`, 400) unless the key is 1 to 200 visible ASCII characters."""
        if not _KEY.fullmatch(key):
            raise Refused(
                "idempotency-key-invalid",
                status=400,
                field="header.Idempotency-Key",
                expected="1 to 200 visible ASCII characters, e.g. a UUID",
            )
        return cls(caller, path, key, hashlib.sha256(sent).digest())

    @property
    def lock_number(self) -> int:
        """What the advisory lock is taken on: 64 bits of the scope's hash."""
        scope = "\x1f".join(("idempotency", self.caller, self.path, self.key))
        return int.from_bytes(hashlib.sha256(scope.encode()).digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered the first time."""

    status: int
    body: Any


async def answered(uow: UnitOfWork, key: IdempotencyKey) -> StoredAnswer | None:
    """What this very request was answered before; None where it is new, and then ours until the transaction ends.

    Raises Refused(`idempotency-key-in-use`, 409) while the same request is being worked on, Refused(
    `idempotency-key-reused`, 422) where the key came with another body.
    """
    # A lock that is tried, not waited for: an INSERT of the same key would wait for the first request to end.
    if not (await uow.execute(select(func.pg_try_advisory_xact_lock(key.lock_number)))).scalar_one():
        raise Refused("idempotency-key-in-use", status=409, field="header.Idempotency-Key")
    row = (await uow.execute(select(idempotency).where(*_scope(key)))).one_or_none()
    if row is None:
        return None
    if row.created_at < uow.now - KEPT:
        await uow.execute(delete(idempotency).where(*_scope(key)))
        return None
    if row.body_hash != key.body_hash:
        raise Refused("idempotency-key-reused", status=422, field="header.Idempotency-Key")
    return StoredAnswer(row.status, row.answer)


def remember(uow: UnitOfWork, key: IdempotencyKey, answer: StoredAnswer) -> None:
    """Stores the answer; it counts once the transaction is committed."""
    uow.insert(
        idempotency,
        caller=key.caller,
        path=key.path,
        key=key.key,
        body_hash=key.body_hash,
        status=answer.status,
        answer=answer.body,
        created_at=uow.now,
    )


async def forget_old(uow: UnitOfWork) -> int:
    """Deletes keys past their 24 hours and returns how many."""
    result = await uow.execute(delete(idempotency).where(idempotency.c.created_at < uow.now - KEPT))
    return result.rowcount


def _scope(key: IdempotencyKey) -> tuple[Any, ...]:
    table = idempotency.c
    return (table.caller == key.caller, table.path == key.path, table.key == key.key)
