"""What a channel that is not ours does: one CloudEvent in structured mode onto a topic (for the demo and tests)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from kafka import KafkaProducer

from shared.messaging.kafka_access import Broker, access_to

_TIMEOUT_SECONDS = 10.0


def send_structured(broker: Broker, topic: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Writes each event, its `partitionkey` as the key, and waits until all replicas have it.

    Raises kafka.errors.KafkaError when that takes longer than ten seconds.
    """
    producer = KafkaProducer(**access_to(broker).options(), acks="all")
    try:
        answers = [
            producer.send(
                topic,
                key=str(event["partitionkey"]).encode(),
                value=orjson.dumps(event),
                headers=[("content-type", b"application/cloudevents+json; charset=utf-8")],
            )
            for event in events
        ]
        for answer in answers:
            answer.get(timeout=_TIMEOUT_SECONDS)
    finally:
        producer.close(timeout=_TIMEOUT_SECONDS)
