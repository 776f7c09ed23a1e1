"""Who may do what on the broker: made from the table of topics, a row per grant. What is not granted is denied.

Kafka lets whoever may read or write a topic describe it, and whoever may write one write idempotently (KIP-679, Kafka
2.8), so neither needs a grant of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.topics import SERVICES, TOPICS, Topic

CONTROL = "frontdesk-control"
"""Who declares topics and grants: an administrator of the cluster, so it needs no grants."""
CHANNELS = "frontdesk-channels"
"""Channels that are not ours, where they share one login."""


class Resource(StrEnum):
    """What a grant is about."""

    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    """What a grant allows."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """`principal` may do `operation` on one topic or consumer group, from any host."""

    principal: str
    resource: Resource
    name: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Rule:
    """For each topic, `who` (services by name) may do `operation` on it."""

    who: Callable[[Topic], Iterable[str]]
    operation: Operation


RULES = (
    Rule(lambda topic: topic.producers, Operation.WRITE),
    Rule(lambda topic: topic.consumers, Operation.READ),
)
"""Of services. Beside these: a reader commits in its own group, and channels write where topics are open to them."""


def principal_of(service: str) -> str:
    """A service's login at the broker."""
    return f"frontdesk-{service}"


def group_of(service: str) -> str:
    """A service's consumer group: there is one, and nobody else joins it."""
    return f"frontdesk-{service}"


def grants_of_service(service: str) -> list[Grant]:
    """Everything that `service` may do."""
    principal = principal_of(service)
    found = [
        Grant(principal, Resource.TOPIC, topic.name, rule.operation)
        for rule in RULES
        for topic in TOPICS.values()
        if service in rule.who(topic)
    ]
    if any(service in topic.consumers for topic in TOPICS.values()):
        found.append(Grant(principal, Resource.GROUP, group_of(service), Operation.READ))
    return sorted(found)


def grants_of_channel(principal: str) -> list[Grant]:
    """Everything that a channel which is not ours may do: leave messages, and read nothing."""
    return [Grant(principal, Resource.TOPIC, topic.name, Operation.WRITE) for topic in TOPICS.values() if topic.outside]


def all_grants(channels: Iterable[str] = (CHANNELS,)) -> list[Grant]:
    """Of every service, and of `channels` (logins of channels that are not ours)."""
    ours = [grant for service in SERVICES for grant in grants_of_service(service)]
    return ours + [grant for channel in channels for grant in grants_of_channel(channel)]
