"""P1's entities: SQLAlchemy's declarative ORM on the very tables that our services keep, so that rows are the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Identity, LargeBinary, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Sessions = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    """Column types by annotation."""

    metadata = MetaData()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to say it
        datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


class ChannelMessage(Base):
    """A message as it came."""

    __tablename__ = "channel_message"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    medium: Mapped[str]
    purpose: Mapped[str]
    sender: Mapped[dict[str, Any]]
    subject: Mapped[str | None]
    text: Mapped[str]
    language: Mapped[str | None]
    zone: Mapped[str | None]
    reply_address: Mapped[str | None]
    address_verified: Mapped[bool]
    received_at: Mapped[datetime]
    state: Mapped[str]
    version: Mapped[int]


class Outbox(Base):
    """An event that waits for the relay."""

    __tablename__ = "outbox"
    position: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    id: Mapped[str]
    aggregatetype: Mapped[str]
    aggregateid: Mapped[str]
    type: Mapped[str]
    payload: Mapped[bytes]
    headers: Mapped[dict[str, Any]]
    sequence: Mapped[int | None]
    about: Mapped[list[str]]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class Idempotency(Base):
    """The answer to a request that may come again."""

    __tablename__ = "idempotency"
    caller: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Sequence(Base):
    """The last number of a thing's story."""

    __tablename__ = "sequence"
    topic: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class InboxFact(Base):
    """An event that was handled."""

    __tablename__ = "inbox_fact"
    consumer: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    received_at: Mapped[datetime]


class Effect(Base):
    """What an event does in the consumer's domain (see `programs/effects.py`)."""

    __tablename__ = "effect"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    event_id: Mapped[str]
    key: Mapped[str]
    number: Mapped[int]
    state: Mapped[str]


def sessions(url: str) -> Sessions:
    """A session factory on asyncpg, the driver that most take."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=10, max_overflow=30, pool_pre_ping=False
    )
    return async_sessionmaker(engine, expire_on_commit=False)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)
