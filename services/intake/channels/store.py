"""Tables and queries of channels and their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, LargeBinary, Table, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.channels.model import Channel, ChannelMessage
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.store.bulk import Insert, insert_together, update_rows
from shared.store.unit_of_work import UnitOfWork

channel = Table(
    "channel",
    metadata,
    words("name", primary_key=True),
    Column("key_hash", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    instant("created_at"),
)
channel_message = Table(
    "channel_message",
    metadata,
    identifier("id", primary_key=True),
    words("channel"),
    words("medium"),
    words("purpose"),
    document("sender"),
    words("subject", nullable=True),
    words("text"),
    words("language", nullable=True),
    words("zone", nullable=True),
    words("reply_address", nullable=True),
    Column("address_verified", Boolean, nullable=False),
    instant("received_at"),
    Column("original", LargeBinary),
    words("state"),
    identifier("party_id", nullable=True),
    words("address_id", nullable=True),
    identifier("case_id", nullable=True),
    identifier("report_id", nullable=True),
    identifier("ticket_id", nullable=True),
    words("ticket_number", nullable=True),
    number("version"),
)
_FIELDS = tuple(ChannelMessage.__dataclass_fields__)
_OUTCOME = [channel_message.c[name] for name in _FIELDS]
_BY_ID = select(*_OUTCOME).where(channel_message.c.id == bindparam("message"))
_LOCKED = (
    select(*_OUTCOME)
    .where(channel_message.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(channel_message.c.id)
    .with_for_update()
)


async def add_channel(uow: UnitOfWork, name: str, key_hash: bytes) -> None:
    """Registers a channel, or gives a registered one a new key."""
    values = {"name": name, "key_hash": key_hash, "active": True, "created_at": uow.now}
    await uow.execute(
        upsert(channel)
        .values(**values)
        .on_conflict_do_update(index_elements=["name"], set_={"key_hash": key_hash, "active": True})
    )


async def channel_by_key(uow: UnitOfWork, key_hash: bytes) -> Channel | None:
    """The active channel with this key."""
    found = await uow.execute(select(channel).where(channel.c.key_hash == key_hash, channel.c.active))
    row = found.mappings().one_or_none()
    return None if row is None else Channel(**row)


async def active_channels(uow: UnitOfWork, names: frozenset[str]) -> frozenset[str]:
    """Which of these are registered and active."""
    rows = await uow.execute(select(channel.c.name).where(channel.c.name.in_(names), channel.c.active))
    return frozenset(rows.scalars())


def message_row(event: ChannelMessageReceived, channel_name: str, original: bytes | None = None) -> dict[str, Any]:
    """The row of a message that was just received; `original`: its record as it came, with what we do not know."""
    return {
        "id": event.message_id,
        "channel": channel_name,
        "medium": event.medium,
        "purpose": event.purpose,
        "sender": event.sender.model_dump(mode="json", exclude_none=True),
        "subject": event.subject,
        "text": event.text,
        "language": event.language,
        "zone": event.zone,
        "reply_address": event.reply_address,
        "address_verified": event.address_verified,
        "received_at": event.received_at,
        "original": original,
        "state": "received",
        "version": 1,
    }


async def get(uow: UnitOfWork, message_id: UUID) -> ChannelMessage | None:
    """A message and what became of it."""
    found = await uow.execute(_BY_ID, {"message": message_id})
    row = found.mappings().one_or_none()
    return None if row is None else ChannelMessage(**row)


async def lock(uow: UnitOfWork, message_ids: Iterable[UUID]) -> list[ChannelMessage]:
    """Those of these messages that are here, locked in the order of their ids."""
    ids = list(message_ids)
    if not ids:
        return []
    found = await uow.execute(_LOCKED, {"ids": ids})
    return [ChannelMessage(**row) for row in found.mappings()]


async def add(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> frozenset[UUID]:
    """Stores messages; returns the ids of those that nobody stored before."""
    if not rows:
        return frozenset()
    insert = Insert(channel_message, rows, "ON CONFLICT DO NOTHING RETURNING id")
    added = await insert_together(uow.connection, [insert], "SELECT id FROM part_0")
    return frozenset(added.scalars())


async def save(uow: UnitOfWork, messages: Sequence[ChannelMessage]) -> None:
    """Writes what became of messages."""
    if messages:
        await update_rows(uow.connection, channel_message, [_values(message) for message in messages])


def _values(message: ChannelMessage) -> dict[str, Any]:
    return {name: getattr(message, name) for name in _FIELDS}  # asdict() copies every value


async def erase_words(uow: UnitOfWork, party_id: UUID) -> None:
    """Blanks what a party wrote and from where; that it wrote, and what came of it, stays."""
    await uow.execute(
        channel_message.update()
        .where(channel_message.c.party_id == party_id)
        .values(sender={}, subject=None, text="", original=None, address_id=None)
    )
