"""The table `receipt` and its queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Identity, Table, Text, Uuid, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.notify.tables import instant, notify, words
from shared.store.unit_of_work import UnitOfWork

receipt = Table(
    "receipt",
    notify,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("channel"),
    words("provider_id"),
    Column("keys", ARRAY(Text), nullable=False),
    words("state"),
    words("code"),
    instant("at"),
    instant("received_at"),
    Column("message_id", Uuid),
)
_c = receipt.c


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as it waits, or waited, for its message."""

    id: int
    keys: tuple[str, ...]
    state: str
    code: str


async def add(
    uow: UnitOfWork, channel: str, provider_id: str, keys: Sequence[str], state: str, code: str, at: datetime
) -> StoredReceipt | None:
    """Stores a receipt; None where the very same is here already."""
    result = await uow.execute(
        insert(receipt)
        .values(
            channel=channel,
            provider_id=provider_id,
            keys=list(keys),
            state=state,
            code=code,
            at=at,
            received_at=uow.now,
        )
        .on_conflict_do_nothing()
        .returning(_c.id)
    )
    row = result.first()
    return None if row is None else StoredReceipt(row.id, tuple(keys), state, code)


async def waiting(uow: UnitOfWork, channel: str, keys: Sequence[str]) -> list[StoredReceipt]:
    """Locks the unmatched receipts under any of these keys, oldest first."""
    query = (
        select(_c.id, _c["keys"], _c.state, _c.code)
        .where(_c.message_id.is_(None), _c.channel == channel, _c["keys"].overlap(list(keys)))
        .order_by(_c.id)
        .with_for_update()
    )
    return [StoredReceipt(row.id, tuple(row.keys), row.state, row.code) for row in await uow.execute(query)]


async def matched(uow: UnitOfWork, receipt_id: int, message_id: UUID) -> None:
    """Notes which message a receipt told of."""
    await uow.execute(update(receipt).where(_c.id == receipt_id).values(message_id=message_id))


async def forget_unmatched(uow: UnitOfWork, before: datetime) -> None:
    """Deletes receipts that found no message in time."""
    await uow.execute(delete(receipt).where(_c.message_id.is_(None), _c.received_at < before))
