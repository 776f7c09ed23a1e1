"""The table `receipt` and its queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Table, Uuid, delete, text, update
from sqlalchemy.dialects.postgresql import insert

from services.notify.providers.result import receipt_key
from services.notify.tables import instant, notify, words
from shared.store.unit_of_work import UnitOfWork

receipt = Table(
    "receipt",
    notify,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("channel"),
    words("provider_id"),
    words("key"),
    words("address_id", nullable=True),
    words("state"),
    words("code"),
    instant("at"),
    instant("received_at"),
    Column("message_id", Uuid),
)
_c = receipt.c

_WAITING = text(
    "SELECT id, provider_id, address_id, state, code FROM receipt "
    "WHERE message_id IS NULL AND channel = :of AND key = ANY(:keys) ORDER BY id FOR UPDATE"
)


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as it waits, or waited, for its message."""

    id: int
    provider_id: str
    address_id: str | None
    """The phone that it is about, by its id; None where the provider does not say."""
    state: str
    code: str


async def add(
    uow: UnitOfWork, channel: str, provider_id: str, address_id: str | None, state: str, code: str, at: datetime
) -> StoredReceipt | None:
    """Stores a receipt; None where the very same is here already."""
    result = await uow.execute(
        insert(receipt)
        .values(
            channel=channel,
            provider_id=provider_id,
            key=receipt_key(provider_id),
            address_id=address_id,
            state=state,
            code=code,
            at=at,
            received_at=uow.now,
        )
        .on_conflict_do_nothing()
        .returning(_c.id)
    )
    row = result.first()
    return None if row is None else StoredReceipt(row.id, provider_id, address_id, state, code)


async def waiting(uow: UnitOfWork, channel: str, keys: Sequence[str]) -> list[StoredReceipt]:
    """Locks the unmatched receipts under any of these keys, oldest first."""
    return [StoredReceipt(*row) for row in await uow.execute(_WAITING, {"of": channel, "keys": list(keys)})]


async def matched(uow: UnitOfWork, receipt_id: int, message_id: UUID) -> None:
    """Notes which message a receipt told of."""
    await uow.execute(update(receipt).where(_c.id == receipt_id).values(message_id=message_id))


async def forget_unmatched(uow: UnitOfWork, before: datetime) -> None:
    """Deletes receipts that found no message in time."""
    await uow.execute(delete(receipt).where(_c.message_id.is_(None), _c.received_at < before))
