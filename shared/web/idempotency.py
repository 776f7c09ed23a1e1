"""Idempotency-Key: the same request again gets the same answer, within 24 hours, and is done once.

Scope: caller, method with path, key. The stored answer is written in the transaction of the command itself; the clock
role deletes it after its 24 hours.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork
from shared.web import store

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
    def scope(self) -> store.Scope:
        """Where the key is unique."""
        return (self.caller, self.path, self.key)

    @property
    def lock_number(self) -> int:
        """What the advisory lock is taken on: 64 bits of the scope's hash."""
        whole = "\x1f".join(("idempotency", *self.scope))
        return int.from_bytes(hashlib.sha256(whole.encode()).digest()[:8], "big", signed=True)


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
    if not await store.try_lock(uow, key.lock_number):
        raise Refused(
            "idempotency-key-in-use",
            status=409,
            field="header.Idempotency-Key",
            expected="the same key in a few seconds",
        )
    row = await store.find(uow, key.scope)
    if row is None:
        return None
    if row.created_at < uow.now - KEPT:
        await store.remove(uow, key.scope)
        return None
    if row.body_hash != key.body_hash:
        raise Refused(
            "idempotency-key-reused",
            status=422,
            field="header.Idempotency-Key",
            expected="a new key for another request",
        )
    return StoredAnswer(row.status, row.answer)


def remember(uow: UnitOfWork, key: IdempotencyKey, answer: StoredAnswer) -> None:
    """Stores the answer; it counts once the transaction is committed."""
    store.add(uow, key.scope, key.body_hash, answer.status, answer.body)
