"""Declares the registry's topics on a broker (control plane: kafka-python)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from shared.contracts.topics import TOPICS, Topic, TopicClass
from shared.messaging.kafka_access import Broker, access_to

BrokerError = KafkaError
"""What is raised where no broker answers, under a name that rooms without a Kafka client may use."""

QUIET_PARTITIONS = 3
_RECORD_BYTES = 1024 * 1024
_TIMEOUT_MS = 10_000


@contextmanager
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    """An admin client that is closed afterwards. Raises BrokerError where no broker answers in 10 s."""
    client = KafkaAdminClient(
        **access_to(broker).options(), bootstrap_timeout_ms=_TIMEOUT_MS, request_timeout_ms=_TIMEOUT_MS
    )
    try:
        yield client
    finally:
        client.close()


def declare_topics(broker: Broker, *, partitions: int, replication: int, topics: Iterable[Topic] = ()) -> list[str]:
    """Creates what is missing of `topics` (all of the registry by default) and waits for leaders; returns the new.

    Partition counts of existing topics are never changed: the same key would land elsewhere and its order be lost.
    """
    wanted = {topic.name: topic for topic in (tuple(topics) or TOPICS.values())}
    with admin(broker) as client:
        missing = sorted(set(wanted) - set(client.list_topics()))
        if missing:
            client.create_topics(
                {
                    name: {
                        "num_partitions": min(partitions, QUIET_PARTITIONS) if wanted[name].quiet else partitions,
                        "replication_factor": replication,
                        "configs": topic_config(wanted[name], replication),
                    }
                    for name in missing
                }
            )
        client.wait_for_topics(sorted(wanted), timeout_ms=30_000)
    return missing


def topic_config(topic: Topic, replication: int) -> dict[str, str]:
    """Kafka's settings for a topic, from its class."""
    config = {
        "max.message.bytes": str(_RECORD_BYTES),
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    if topic.kind is TopicClass.STATE:
        return config | {
            "cleanup.policy": "compact",
            "max.compaction.lag.ms": _milliseconds(timedelta(hours=24)),
            # A reader that was away for a year still learns of an erasure.
            "delete.retention.ms": _milliseconds(timedelta(days=400)),
        }
    assert topic.retention is not None
    return config | {"cleanup.policy": "delete", "retention.ms": _milliseconds(topic.retention)}


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1000))
