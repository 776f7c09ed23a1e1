"""What surrounds every event: CloudEvents 1.0 in Kafka's binary mode; structured mode is read where topics allow it.

Headers carry ids, times and counts only: never a name, number, address or text of a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from shared.contracts.event import Event
from shared.contracts.registry import event_types
from shared.contracts.topics import TOPICS, TopicClass

MAX_HOPS = 30
MAX_VALUE_BYTES = 512 * 1024
_STRUCTURED = "application/cloudevents+json"
_LARGEST_SEQUENCE = 2**63 - 1

# PostgreSQL has no NUL in texts: a record that holds one could be neither applied nor told apart from others.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

Headers = Iterable[tuple[str, bytes]]

_KEPT = frozenset(
    {
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_dataschema",
        "ce_partitionkey",
        "ce_correlationid",
        "ce_causationid",
        "ce_traceparent",
    }
)
"""Attributes that are stored; the names of others may be made up by a sender and are told nowhere."""


class Unreadable(Exception):
    """A record that will never be read by any build: bytes that are no event, or an event that breaks its schema.

    `code` says what is wrong, `field` where; the value itself is never told.
    """

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(f"{code} {field}".strip())
        self.code = code
        self.field = field


class NotYetReadable(Exception):
    """A type or version that this build does not know; a later one may."""

    def __init__(self, type_: str) -> None:
        super().__init__(type_)
        self.type = type_


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event's context attributes. `sequence` counts 1, 2, 3 … per (source, topic, key) where the topic does."""

    id: str
    source: str
    type: str
    topic: str
    key: str
    time: datetime
    dataschema: str
    correlation_id: str
    causation_id: str | None = None
    hops: int = 0
    sequence: int | None = None
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """The record's headers, without those that have no value."""
        values = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_source": self.source,
            "ce_type": self.type,
            "ce_time": self.time.isoformat(),
            "ce_dataschema": self.dataschema,
            "ce_partitionkey": self.key,
            "ce_correlationid": self.correlation_id,
            "ce_causationid": self.causation_id,
            "ce_hops": str(self.hops),
            "ce_sequence": None if self.sequence is None else str(self.sequence),
            "ce_traceparent": self.traceparent,
            "content-type": "application/json",
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Received:
    """A record that has been read. `event` is None for a tombstone (only on state topics)."""

    envelope: Envelope
    event: Event | None
    value: bytes | None


def read_envelope(
    topic: str, key: bytes | None, value: bytes | None, headers: Headers
) -> tuple[Envelope, bytes | None]:
    """The envelope and the JSON bytes of the data. Raises Unreadable.

    The envelope is read before the data, so that a record with a broken body is still known by its thing and number.
    """
    fields = _text_headers(headers)
    if value is not None and len(value) > MAX_VALUE_BYTES:
        raise Unreadable("too-large")
    if fields.get("content-type", "").partition(";")[0] == _STRUCTURED:
        if not TOPICS[topic].outside:
            raise Unreadable("structured-mode")
        fields, value = _structured(value)
    if "\0" in "".join(fields.values()):
        name = next(name for name, told in fields.items() if "\0" in told)
        raise Unreadable("envelope", name if name in _KEPT else "")
    # Facts stand alone: a number that an outside writer gives them means nothing.
    numbered = TOPICS[topic].kind is not TopicClass.FACT
    try:
        envelope = Envelope(
            id=_required(fields, "ce_id"),
            source=_required(fields, "ce_source"),
            type=_required(fields, "ce_type"),
            topic=topic,
            key=_key(fields, key),
            time=datetime.fromisoformat(_required(fields, "ce_time")),
            dataschema=fields.get("ce_dataschema", ""),
            correlation_id=fields.get("ce_correlationid") or _required(fields, "ce_id"),
            causation_id=fields.get("ce_causationid"),
            hops=int(fields.get("ce_hops", "0")),
            sequence=int(fields["ce_sequence"]) if numbered and "ce_sequence" in fields else None,
            traceparent=fields.get("ce_traceparent"),
        )
    except ValueError:
        raise Unreadable("envelope") from None
    if envelope.time.tzinfo is None:
        raise Unreadable("envelope", "ce_time")
    if fields.get("ce_specversion") != "1.0":
        raise Unreadable("envelope", "ce_specversion")
    if not 0 <= envelope.hops <= MAX_HOPS:
        raise Unreadable("hops", "ce_hops")
    if numbered and (envelope.sequence is None or not 1 <= envelope.sequence <= _LARGEST_SEQUENCE):
        raise Unreadable("envelope", "ce_sequence")
    return envelope, value


def read_event(envelope: Envelope, value: bytes | None) -> Event | None:
    """The event, None for a tombstone. Raises Unreadable or NotYetReadable."""
    if value is None:
        if TOPICS[envelope.topic].kind is not TopicClass.STATE:
            raise Unreadable("tombstone")
        return None
    model = event_types().get(envelope.type)
    if model is None:
        raise NotYetReadable(envelope.type)
    if not model.travels_on(TOPICS[envelope.topic]):
        raise Unreadable("wrong-topic", "ce_type")
    if envelope.dataschema:
        version = envelope.dataschema.removeprefix(f"/schemas/{envelope.type}/")
        if not version.isdigit():
            raise Unreadable("envelope", "ce_dataschema")
        if int(version) > model.version:
            raise NotYetReadable(f"{envelope.type}/{version}")
    if b"\\u0000" in value and _NUL.search(value):
        raise Unreadable("schema", "NUL")
    try:
        event = model.decode(value)
    except ValidationError as error:
        raise Unreadable("schema", _first_field(error)) from None
    if event.key_value != envelope.key:
        raise Unreadable("key", model.key)
    return event


def _text_headers(headers: Headers) -> dict[str, str]:
    try:
        return {name.lower(): raw.decode() for name, raw in headers if raw is not None}
    except UnicodeDecodeError:
        raise Unreadable("headers") from None


def _required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name)
    if not value or len(value) > 256:
        raise Unreadable("envelope", name)
    return value


def _key(fields: Mapping[str, str], key: bytes | None) -> str:
    if key is None:
        return _required(fields, "ce_partitionkey")
    try:
        told = key.decode()
    except UnicodeDecodeError:
        raise Unreadable("key") from None
    if "\0" in told:
        raise Unreadable("key")
    return told


def _structured(value: bytes | None) -> tuple[dict[str, str], bytes]:
    """Structured mode: one JSON object with the attributes and `data`."""
    try:
        whole = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise Unreadable("json") from None
    if not isinstance(whole, dict) or not isinstance(whole.get("data"), dict):
        raise Unreadable("structured", "data")
    data: Any = whole.pop("data")
    return {f"ce_{name}": str(v) for name, v in whole.items() if v is not None}, orjson.dumps(data)


def _first_field(error: ValidationError) -> str:
    """Where a schema failed, without list positions' values or keys that a sender made up."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid" or not first["loc"]:
        return ""
    return ".".join(str(part) for part in first["loc"])[:100]
