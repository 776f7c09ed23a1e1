"""Questions to a Kafka cluster from outside the data plane: is it there, what is on it, how far behind is whom."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import AuthorizationError, KafkaError, KafkaTimeoutError, SecurityDisabledError

from shared.contracts.topics import TOPICS
from shared.messaging import topics
from shared.messaging.kafka_access import Broker, KafkaAccess, access_to

_TIMEOUT_MS = 5_000


class Unreachable(Exception):
    """No broker answered, or it refused. The text is the reason in one word."""


class LoginRefused(Unreachable):
    """A broker answered and does not take the login. The text is the login's name."""


class NotAllowed(Unreachable):
    """The login may not ask this; an administrator's may."""


class NotGuarded(Unreachable):
    """The cluster lets everybody do everything: it has no access list."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster says of itself."""

    id: str
    brokers: int


@dataclass(frozen=True, slots=True)
class TopicSize:
    """A topic of the registry on the broker; `records` counts offsets, so compaction does not show."""

    name: str
    partitions: int
    records: int


@dataclass(frozen=True, slots=True)
class Lag:
    """How many records of a topic a group has not committed yet."""

    group: str
    topic: str
    records: int


def cluster_of(broker: Broker) -> Cluster | None:
    """The cluster behind `broker`; None where none answers within 2 s."""
    try:
        with asking(broker, timeout_ms=2_000) as client:
            found = client.describe_cluster()
    except Unreachable:
        return None
    return Cluster(str(found.get("cluster_id", "")), len(found.get("brokers", ())))


def declare(broker: Broker, *, partitions: int, replication: int) -> list[str]:
    """`topics.declare_topics` for callers that know no Kafka client. Raises Unreachable."""
    try:
        return topics.declare_topics(broker, partitions=partitions, replication=replication)
    except (KafkaError, OSError) as error:
        raise _reason(access_to(broker), error) from error


def sizes(broker: Broker, names: Collection[str] = TOPICS.keys()) -> list[TopicSize]:
    """Those of the topics (all of the registry by default) that the broker has. Raises Unreachable."""
    with asking(broker) as client:
        partitions = _partitions(client, names)
        first = _offsets(client, partitions, OffsetSpec.EARLIEST)
        last = _offsets(client, partitions, OffsetSpec.LATEST)
    found: dict[str, TopicSize] = {}
    for each in partitions:
        before = found.get(each.topic, TopicSize(each.topic, 0, 0))
        found[each.topic] = TopicSize(
            each.topic, before.partitions + 1, before.records + last.get(each, 0) - first.get(each, 0)
        )
    return sorted(found.values(), key=lambda size: size.name)


def lags(broker: Broker, groups: Iterable[str], names: Collection[str] = TOPICS.keys()) -> list[Lag]:
    """What each group has still to commit, of those of the topics that it has committed before. Raises Unreachable."""
    with asking(broker) as client:
        last = _offsets(client, _partitions(client, names), OffsetSpec.LATEST)
        there = {each["group_id"] for each in client.list_groups()}
        known = [group for group in groups if group in there]  # asking for a group that never was is an error
        committed = client.list_group_offsets(known) if known else {}
    behind: dict[tuple[str, str], int] = {}
    for group, offsets in committed.items():
        for each, position in offsets.items():
            if each in last and position.offset >= 0:
                thing = (group, each.topic)
                behind[thing] = behind.get(thing, 0) + max(0, last[each] - position.offset)
    return [Lag(group, topic, records) for (group, topic), records in sorted(behind.items())]


@contextmanager
def asking(broker: Broker, timeout_ms: int = _TIMEOUT_MS) -> Iterator[KafkaAdminClient]:
    """An admin client that is closed afterwards. Raises Unreachable, also for what goes wrong while it is used."""
    access = access_to(broker)
    try:
        with _quiet():
            client = KafkaAdminClient(
                **access.options(),
                client_id="frontdesk-control",
                bootstrap_timeout_ms=timeout_ms,
                request_timeout_ms=timeout_ms,
            )
            try:
                yield client
            finally:
                client.close()
    except (KafkaError, OSError) as error:
        raise _reason(access, error) from error


def _reason(access: KafkaAccess, error: Exception) -> Unreachable:
    if isinstance(error, KafkaTimeoutError) and access.login_refused():
        return LoginRefused(access.username)
    if isinstance(error, AuthorizationError):
        return NotAllowed(type(error).__name__)
    return (NotGuarded if isinstance(error, SecurityDisabledError) else Unreachable)(type(error).__name__)


def _partitions(client: KafkaAdminClient, names: Collection[str]) -> list[TopicPartition]:
    there = [name for name in client.list_topics() if name in names]
    described = client.describe_topics(there) if there else []
    return [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in described
        for partition in topic["partitions"]
    ]


def _offsets(
    client: KafkaAdminClient, partitions: Iterable[TopicPartition], which: OffsetSpec
) -> dict[TopicPartition, int]:
    asked = dict.fromkeys(partitions, which)
    return {each: found.offset for each, found in client.list_partition_offsets(asked).items()} if asked else {}


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
