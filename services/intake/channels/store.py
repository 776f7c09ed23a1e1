"""Tables and queries of channels and their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    LargeBinary,
    Table,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.channels.model import Channel, ChannelKey, ChannelMessage
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
channel_key = Table(
    "channel_key",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    words("channel"),
    instant("created_at"),
    instant("ends", nullable=True),
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


async def get_channel(uow: UnitOfWork, name: str, *, lock: bool = False) -> Channel | None:
    """A channel by name, also one that is closed."""
    query = select(channel).where(channel.c.name == name)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else Channel(**row)


async def add_key(uow: UnitOfWork, name: str, key_hash: bytes, others_end: datetime) -> None:
    """Registers the channel where it is new, opens it where it was closed, and gives it one more key; the keys that it
    has end at `others_end`, or before, where that was said already.
    """
    values = {"name": name, "key_hash": key_hash, "active": True, "created_at": uow.now}
    await uow.execute(
        upsert(channel)
        .values(**values)
        .on_conflict_do_update(index_elements=["name"], set_={"key_hash": key_hash, "active": True})
    )
    await end_keys(uow, name, others_end)
    await uow.execute(insert(channel_key).values(key_hash=key_hash, channel=name, created_at=uow.now, ends=None))


async def end_keys(uow: UnitOfWork, name: str, ends: datetime, *, only: bytes | None = None) -> None:
    """The keys of a channel, or one of them, are good until `ends` at most."""
    query = update(channel_key).where(channel_key.c.channel == name).values(ends=func.least(channel_key.c.ends, ends))
    await uow.execute(query if only is None else query.where(channel_key.c.key_hash == only))


async def close(uow: UnitOfWork, name: str) -> None:
    """Nobody comes in by this channel any more, over HTTP or Kafka."""
    await uow.execute(update(channel).where(channel.c.name == name).values(active=False))


async def keys_of(uow: UnitOfWork, name: str) -> list[ChannelKey]:
    """Every key that the channel ever had, the newest first."""
    rows = await uow.execute(
        select(channel_key).where(channel_key.c.channel == name).order_by(channel_key.c.created_at.desc())
    )
    return [ChannelKey(**row) for row in rows.mappings()]


async def channel_by_key(uow: UnitOfWork, key_hash: bytes) -> Channel | None:
    """The active channel of which this is a good key now."""
    found = await uow.execute(
        select(channel)
        .join(channel_key, channel_key.c.channel == channel.c.name)
        .where(
            channel_key.c.key_hash == key_hash,
            or_(channel_key.c.ends.is_(None), channel_key.c.ends > uow.now),
            channel.c.active,
        )
    )
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
