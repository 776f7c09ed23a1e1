"""The spans of the core by OpenTelemetry's messaging conventions: `{operation} {destination}`, kinds and attributes.

Ids of events are on spans, ids of people are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind

from shared.contracts.envelope import Envelope
from shared.telemetry.tracing import batch_span, is_off, start_from, step

_NONE = nullcontext(INVALID_SPAN)


def sending(topic: str, traceparents: Iterable[str | None], rows: int) -> AbstractContextManager[Span]:
    """The relay sends a batch of outbox rows to `topic`; linked to the contexts in which they were made."""
    return batch_span(
        f"send {topic}",
        traceparents,
        {
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
            "messaging.batch.message_count": rows,
        },
        kind=SpanKind.PRODUCER,
    )


def processing_batch(
    topic: str, group: str, traceparents: Iterable[str | None], events: int
) -> AbstractContextManager[Span]:
    """A consumer works on a batch of one topic; linked to the contexts in which its events were made."""
    return batch_span(
        f"process {topic}",
        traceparents,
        {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": events,
        },
    )


def processing(
    envelope: Envelope, group: str, *, partition: int | None = None, offset: int | None = None
) -> AbstractContextManager[Span]:
    """A reaction to one event, child of the context in which the event was made."""
    if envelope.traceparent is None and is_off():
        return _NONE
    return start_from(
        envelope.traceparent,
        f"process {envelope.topic}",
        SpanKind.CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": envelope.topic,
            "messaging.destination.partition.id": None if partition is None else str(partition),
            "messaging.consumer.group.name": group,
            "messaging.kafka.offset": offset,
            "messaging.message.id": envelope.id,
            "messaging.message.conversation_id": envelope.correlation_id,
            "frontdesk.event.type": envelope.type,
        },
    )


def firing(kind: str, traceparent: str | None, correlation_id: str) -> AbstractContextManager[Span]:
    """The clock fires a timer, child of the context in which it was set."""
    return start_from(
        traceparent,
        f"fire {kind}",
        SpanKind.CONSUMER,
        {"frontdesk.timer.kind": kind, "messaging.message.conversation_id": correlation_id},
    )


def delivering(traceparent: str | None, channel: str, provider: str) -> AbstractContextManager[Span]:
    """notify hands a message to a provider, child of the context in which the message was decided."""
    return start_from(
        traceparent,
        f"deliver {channel}",
        SpanKind.CLIENT,
        {"frontdesk.channel": channel, "frontdesk.provider": provider},
    )


def answered(channel: str, provider: str, outcome: str) -> AbstractContextManager[Span]:
    """A provider's answer, receipt or inbound message is taken in, within the running trace."""
    return step(
        f"answer {channel}",
        SpanKind.CONSUMER,
        {"frontdesk.channel": channel, "frontdesk.provider": provider, "frontdesk.outcome": outcome},
    )
