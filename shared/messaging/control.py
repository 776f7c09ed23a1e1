"""Questions to a Kafka cluster from outside the data plane: is it there, what is on it, how far behind is whom."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

_TIMEOUT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster says of itself."""

    id: str
    brokers: int


@contextmanager
def admin(bootstrap: str, timeout_ms: int = _TIMEOUT_MS) -> Iterator[KafkaAdminClient]:
    """An admin client for one piece of work. Raises KafkaError where no broker answers in time."""
    client = KafkaAdminClient(
        bootstrap_servers=bootstrap.split(","), client_id="frontdesk-control", bootstrap_timeout_ms=timeout_ms
    )
    try:
        yield client
    finally:
        client.close()


def cluster_of(bootstrap: str) -> Cluster | None:
    """The cluster behind `bootstrap`; None where none answers within 2 s."""
    try:
        with _quiet(), admin(bootstrap, timeout_ms=2_000) as client:
            found = client.describe_cluster()
    except (KafkaError, OSError):
        return None
    return Cluster(str(found.get("cluster_id", "")), len(found.get("brokers", ())))


@contextmanager
def _quiet() -> Iterator[None]:
    """Refused connections are expected while a broker starts; the client would tell each as a warning."""
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
