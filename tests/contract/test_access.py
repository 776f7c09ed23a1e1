"""Who may do what on the broker, by the registry alone."""

from __future__ import annotations

from shared.contracts.access import (
    CHANNELS,
    CONTROL,
    Grant,
    Operation,
    Resource,
    all_grants,
    grants_of_channel,
    grants_of_service,
)
from shared.contracts.topics import SERVICES, TOPICS


def test_every_producer_writes_and_every_consumer_reads_and_nobody_does_anything_else() -> None:
    topics = {
        (grant.principal, grant.name, str(grant.operation))
        for grant in all_grants(channels=())
        if grant.resource is Resource.TOPIC
    }

    assert topics == {
        (f"frontdesk-{service}", topic.name, operation)
        for topic in TOPICS.values()
        for services, operation in ((topic.producers, "write"), (topic.consumers, "read"))
        for service in services
    }


def test_every_service_has_its_own_group_and_no_other() -> None:
    for service in SERVICES:
        groups = [grant for grant in grants_of_service(service) if grant.resource is Resource.GROUP]

        assert groups == [Grant(f"frontdesk-{service}", Resource.GROUP, f"frontdesk-{service}", Operation.READ)]


def test_a_channel_that_is_not_ours_only_leaves_messages() -> None:
    assert grants_of_channel("shop") == [Grant("shop", Resource.TOPIC, "channel-messages", Operation.WRITE)]
    assert grants_of_channel(CHANNELS)[0] in all_grants()


def test_an_administrator_needs_no_grant() -> None:
    assert CONTROL not in {grant.principal for grant in all_grants()}


def test_what_follows_for_people_in_words() -> None:
    """Personal data: a service that has no business with a topic cannot read it."""
    readers = {(grant.name, grant.principal) for grant in all_grants() if grant.operation is Operation.READ}

    assert ("reports", "frontdesk-notify") not in readers
    assert ("replies", "frontdesk-complaints") not in readers
    assert ("channel-messages", "frontdesk-callbacks") not in readers
