"""The broker's access list beside the registry's (control plane): what is missing, what is too much, and mending it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from shared.contracts.access import Grant, Resource, grants_of_service
from shared.messaging.control import asking
from shared.messaging.kafka_access import Broker, access_to
from shared.messaging.topics import admin

_EVERYTHING = ACLFilter(
    None,
    None,
    ACLOperation.ANY,
    ACLPermissionType.ANY,
    ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A row of the broker's access list, in Kafka's words in lower case."""

    principal: str
    permission: str
    operation: str
    resource: str
    name: str
    pattern: str = "literal"
    host: str = "*"

    @classmethod
    def of(cls, grant: Grant) -> Entry:
        """The row that makes `grant` true."""
        return cls(f"User:{grant.principal}", "allow", grant.operation, grant.resource, grant.name)


@dataclass(frozen=True, slots=True)
class Difference:
    """`surplus` are rows of principals of ours that the registry does not give them. Others' rows are not looked at."""

    missing: list[Entry]
    surplus: list[Entry]


@dataclass(frozen=True, slots=True)
class Standing:
    """What keeps a service from working on this broker: topics that are not there, and grants that it was not given."""

    missing_topics: list[str]
    denied: list[Grant]


def difference(broker: Broker, wanted: Collection[Grant]) -> Difference:
    """The broker's access list beside `wanted`. Raises control.Unreachable."""
    with asking(broker) as client:
        return _difference(client, wanted)


def mend(broker: Broker, wanted: Collection[Grant], *, revoke: bool = False) -> Difference:
    """Adds what is missing and, where told to `revoke`, takes away what is surplus; returns what it found before.

    Rows of principals that `wanted` does not name are never touched. Raises control.Unreachable.
    """
    with asking(broker) as client:
        found = _difference(client, wanted)
        if found.missing:
            made = client.create_acls([as_acl(entry) for entry in found.missing])
            for refused in made["failed"]:
                raise refused
        if revoke and found.surplus:
            for _, _, error in client.delete_acls([_as_filter(entry) for entry in found.surplus]):
                if error.errno:
                    raise error
    return found


def standing(broker: Broker, service: str) -> Standing:
    """Asked as the service itself, which sees only its own rights. Raises topics.BrokerError where nobody answers."""
    wanted = grants_of_service(service)
    on_topics = [grant for grant in wanted if grant.resource is Resource.TOPIC]
    on_groups = [grant for grant in wanted if grant.resource is Resource.GROUP]
    with admin(broker) as client:
        found = {topic["name"]: topic for topic in client.describe_topics(sorted({grant.name for grant in on_topics}))}
        denied = [grant for grant in on_topics if not _allowed(found[grant.name], grant)]
        if access_to(broker).password is not None:
            denied += [grant for grant in on_groups if _shut(client, grant.name)]
    missing = [name for name, topic in found.items() if topic["error_code"] == UnknownTopicOrPartitionError.errno]
    return Standing(sorted(missing), denied)


def _allowed(topic: dict[str, Any], grant: Grant) -> bool:
    if topic["error_code"] == TopicAuthorizationFailedError.errno:
        return False
    # None where the topic is missing, or the broker is older than such answers.
    rights = topic.get("authorized_operations")
    return rights is None or grant.operation.name in rights


def _shut(client: KafkaAdminClient, group: str) -> bool:
    try:
        client.describe_groups([group])
    except GroupAuthorizationFailedError:
        return True
    except KafkaError:  # the group's coordinator is just being made
        return False
    return False


def _difference(client: KafkaAdminClient, wanted: Collection[Grant]) -> Difference:
    there = {_as_entry(acl) for acl in client.describe_acls(_EVERYTHING)[0]}
    asked = {Entry.of(grant) for grant in wanted}
    return Difference(sorted(asked - there), sorted(_of(asked, there) - asked))


def _of(asked: Iterable[Entry], there: Iterable[Entry]) -> set[Entry]:
    principals = {entry.principal for entry in asked}
    return {entry for entry in there if entry.principal in principals}


def _as_entry(acl: ACL) -> Entry:
    pattern = acl.resource_pattern
    return Entry(
        acl.principal,
        acl.permission_type.name.lower(),
        acl.operation.name.lower(),
        pattern.resource_type.name.lower(),
        pattern.resource_name,
        pattern.pattern_type.name.lower(),
        acl.host,
    )


def as_acl(entry: Entry) -> ACL:
    """For kafka-python."""
    return ACL(*_parts(entry), ResourcePattern(*_pattern(entry)))


def _as_filter(entry: Entry) -> ACLFilter:
    return ACLFilter(*_parts(entry), ResourcePatternFilter(*_pattern(entry)))


def _parts(entry: Entry) -> tuple[str, str, ACLOperation, ACLPermissionType]:
    return (
        entry.principal,
        entry.host,
        ACLOperation[entry.operation.upper()],
        ACLPermissionType[entry.permission.upper()],
    )


def _pattern(entry: Entry) -> tuple[ResourceType, str, ACLResourcePatternType]:
    return ResourceType[entry.resource.upper()], entry.name, ACLResourcePatternType[entry.pattern.upper()]
