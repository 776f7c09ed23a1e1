"""The AsyncAPI 3 description of all topics, made from the tables of topics and events."""

from __future__ import annotations

from typing import Any

from shared.contracts.event import Event
from shared.contracts.registry import event_types, events_of
from shared.contracts.schemas import schema_file, sentence
from shared.contracts.topics import SERVICES, TOPICS, Topic, TopicClass

_HEADERS: dict[str, tuple[str, str, bool]] = {
    "ce_specversion": ("string", "always 1.0", True),
    "ce_id": ("string", "unique per source", True),
    "ce_source": ("string", "a service of ours or a registered channel", True),
    "ce_type": ("string", "the event's name", True),
    "ce_time": ("string", "when it happened, ISO 8601 with a zone", True),
    "ce_dataschema": ("string", "/schemas/<type>/<version>", False),
    "ce_partitionkey": ("string", "the record's key: the id of the thing", True),
    "ce_sequence": ("string", "1, 2, 3 … per source, topic and key; not on fact topics", False),
    "ce_correlationid": ("string", "shared by everything that one request led to", False),
    "ce_causationid": ("string", "the event that led to this one", False),
    "ce_hops": ("string", "how many reactions away from a person's act; more than 30 is refused", False),
    "ce_traceparent": ("string", "W3C trace context of the event's creation", False),
}
"""Header → type, meaning, whether every record has it (CloudEvents 1.0, Kafka binary mode)."""


def asyncapi() -> dict[str, Any]:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Frontdesk events",
            "version": "1.0.0",
            "description": "Every event between the services. Generated from shared/contracts; do not edit.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {name: operation for topic in TOPICS.values() for name, operation in _operations(topic).items()},
        "components": {
            "messages": {event.type: _message(event) for event in event_types().values()},
            "schemas": {"headers": _headers()},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    compacted = topic.kind is TopicClass.STATE
    settings: dict[str, Any] = {"cleanup.policy": ["compact" if compacted else "delete"]}
    if topic.retention is not None:
        settings["retention.ms"] = int(topic.retention.total_seconds() * 1000)
    return {
        "address": topic.name,
        "description": f"{topic.kind.value} topic; the key is the id of the {topic.thing}.",
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in events_of(topic.name)},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": settings, "bindingVersion": "0.5.0"}},
        "x-class": topic.kind.value,
        "x-personal-data": topic.personal,
        "x-open-to-channels": topic.outside,
    }


def _operations(topic: Topic) -> dict[str, Any]:
    rows = [(service, "send") for service in SERVICES if service in topic.producers]
    rows += [(service, "receive") for service in SERVICES if service in topic.consumers]
    return {
        f"{service}-{action}-{topic.name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "tags": [{"name": service}],
        }
        for service, action in rows
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.type,
        "title": event.type,
        "summary": sentence(event),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./schemas/{schema_file(event)}"},
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": event.key}, "bindingVersion": "0.5.0"}},
    }


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name, (_, _, always) in _HEADERS.items() if always],
        "properties": {name: {"type": kind, "description": note} for name, (kind, note, _) in _HEADERS.items()},
    }
