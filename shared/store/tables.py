"""The core's tables for SQLAlchemy Core; `core_0001.sql` and `core_0002.sql` make them, a test compares."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

core = MetaData()


def _instant(name: str, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def _position(name: str) -> Column[int]:
    return Column(name, BigInteger, Identity(always=True), primary_key=True)


outbox = Table(
    "outbox",
    core,
    _position("position"),
    _text("id"),
    _text("aggregatetype"),
    _text("aggregateid"),
    _text("type"),
    Column("payload", LargeBinary),
    Column("headers", JSONB, nullable=False),
    Column("sequence", BigInteger),
    Column("about", JSONB, nullable=False),
    _instant("created_at"),
    _instant("published_at", nullable=True),
    _text("stuck_reason", nullable=True),
    _instant("replayed_at", nullable=True),
)
sequence = Table(
    "sequence",
    core,
    _text("topic", primary_key=True),
    _text("key", primary_key=True),
    Column("last", BigInteger, nullable=False),
)
lease = Table("lease", core, _text("name", primary_key=True), _text("holder"), _instant("until"))
inbox = Table(
    "inbox",
    core,
    _text("consumer", primary_key=True),
    _text("source", primary_key=True),
    _text("topic", primary_key=True),
    _text("key", primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
)
inbox_fact = Table(
    "inbox_fact",
    core,
    _text("consumer", primary_key=True),
    _text("source", primary_key=True),
    _text("id", primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    _instant("received_at"),
)
held = Table(
    "held",
    core,
    _position("id"),
    _text("consumer"),
    _text("source"),
    _text("topic"),
    _text("key"),
    Column("sequence", BigInteger),
    _text("event_id", nullable=True),
    _text("type", nullable=True),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("record_key", LargeBinary),
    Column("value", LargeBinary),
    Column("headers", JSONB, nullable=False),
    Column("about", JSONB, nullable=False),
    Column("needs", JSONB, nullable=False),
    _text("state"),
    _text("reason"),
    Column("tries", Integer, nullable=False),
    _instant("next_try", nullable=True),
    _text("code_version"),
    _instant("held_at"),
)
copy = Table(
    "copy",
    core,
    _text("topic", primary_key=True),
    _text("key", primary_key=True),
    _text("source"),
    Column("sequence", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("body", JSONB),
    _instant("changed_at"),
)
timer = Table(
    "timer",
    core,
    _position("id"),
    _text("kind"),
    _text("subject"),
    _instant("due"),
    Column("data", JSONB, nullable=False),
    _text("correlation_id"),
    _text("causation_id", nullable=True),
    Column("hops", Integer, nullable=False),
    _text("traceparent", nullable=True),
    Column("tries", Integer, nullable=False),
    _instant("next_try"),
    _text("reason", nullable=True),
    _instant("fired_at", nullable=True),
)
audit = Table(
    "audit",
    core,
    _position("id"),
    _instant("at"),
    _text("actor"),
    _text("action"),
    _text("subject_kind"),
    _text("subject_id"),
    Column("detail", JSONB, nullable=False),
)
idempotency = Table(
    "idempotency",
    core,
    _text("caller", primary_key=True),
    _text("path", primary_key=True),
    _text("key", primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("answer", JSONB),
    _instant("created_at"),
)
brake = Table(
    "brake",
    core,
    _text("consumer", primary_key=True),
    _text("code_version", primary_key=True),
    _instant("since"),
    Column("things", Integer, nullable=False),
    Column("raised", Integer, nullable=False),
    Column("reacted", Integer, nullable=False),
    _text("reason"),
)
long_work = Table(
    "long_work",
    core,
    _text("name", primary_key=True),
    _text("after"),
    Column("done", BigInteger, nullable=False),
    _text("started_by"),
    _instant("started_at"),
    _instant("moved_at"),
)
