"""Each login may do what the registry says and nothing else, asked with the clients that the roles use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from shared.contracts.access import CHANNELS, CONTROL, Grant, Operation, Resource, all_grants, principal_of
from shared.contracts.topics import SERVICES, TOPICS
from shared.messaging import control, grants
from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.outside import send_structured
from shared.messaging.topics import admin
from tests.broker.secured.conftest import Secured

LOGINS = {principal_of(service): service for service in SERVICES} | {CHANNELS: ""}
WRITERS = {
    name: {principal_of(service) for service in topic.producers} | ({CHANNELS} if topic.outside else set())
    for name, topic in TOPICS.items()
}
READERS = {name: {principal_of(service) for service in topic.consumers} for name, topic in TOPICS.items()}


@pytest.mark.parametrize("login", LOGINS)
async def test_a_login_writes_to_its_own_topics_only(secured: Secured, login: str) -> None:
    written = set()
    for name in TOPICS:
        if await _may_write(secured.access(login), name):
            written.add(name)

    assert written == {name for name, writers in WRITERS.items() if login in writers}


@pytest.mark.parametrize("login", LOGINS)
async def test_a_login_reads_its_own_topics_only(secured: Secured, a_record_everywhere: None, login: str) -> None:
    read = await _readable(secured.access(login))

    assert read == {name for name, readers in READERS.items() if login in readers}


async def test_what_the_registry_says_in_words(secured: Secured, a_record_everywhere: None) -> None:
    complaints, notify = secured.access("frontdesk-complaints"), secured.access("frontdesk-notify")
    channels = secured.access(CHANNELS)

    assert await _may_write(complaints, "tickets")
    assert not await _may_write(complaints, "visits")
    assert "visits" in await _readable(notify)
    assert "reports" not in await _readable(notify)
    assert await _may_write(channels, "channel-messages")
    assert await _readable(channels) == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_joins_its_own_group_only(secured: Secured, service: str) -> None:
    joined = {
        other
        for other in SERVICES
        if await _may_join(secured.access(principal_of(service)), f"frontdesk-{other}", service)
    }

    assert joined == {service}


def test_a_service_sees_and_changes_no_rights(secured: Secured) -> None:
    notify = secured.access("frontdesk-notify")
    wanted = [Grant("frontdesk-notify", Resource.TOPIC, "reports", Operation.READ)]

    with pytest.raises(control.NotAllowed):
        grants.mend(notify, wanted)
    with admin(notify) as client:
        made = client.create_acls([grants.as_acl(grants.Entry.of(wanted[0]))])

    assert made["succeeded"] == []


def test_given_a_folder_of_a_node_without_logins_when_they_are_turned_on_then_all_is_there(secured: Secured) -> None:
    assert {size.name for size in control.sizes(secured.node.access)} == set(secured.before) == set(TOPICS)


def test_nobody_gets_in_without_a_login_or_with_a_wrong_password(secured: Secured) -> None:
    wrong = KafkaAccess(
        secured.node.bootstrap, "SASL_PLAINTEXT", username=CONTROL, password=secured.access(CHANNELS).password
    )

    assert control.cluster_of(secured.node.bootstrap) is None
    with pytest.raises(control.LoginRefused, match=CONTROL):
        control.sizes(wrong)


def test_given_other_rights_when_compared_then_missing_and_surplus_are_told_and_mended(
    secured: Secured, without: Callable[[str, str, str], None]
) -> None:
    without("complaints", "write", "tickets")
    missing = grants.Entry("User:frontdesk-complaints", "allow", "write", "topic", "tickets")
    surplus = grants.Entry("User:frontdesk-notify", "allow", "read", "topic", "re", "prefixed")
    stranger = grants.Entry("User:reporting", "allow", "read", "topic", "tickets")
    with admin(secured.node.access) as client:
        client.create_acls([grants.as_acl(surplus), grants.as_acl(stranger)])
    wanted = all_grants()

    assert grants.difference(secured.node.access, wanted) == grants.Difference([missing], [surplus])
    grants.mend(secured.node.access, wanted)
    assert grants.difference(secured.node.access, wanted) == grants.Difference([], [surplus])
    grants.mend(secured.node.access, wanted, revoke=True)
    assert grants.difference(secured.node.access, wanted) == grants.Difference([], [])
    as_theirs = [Grant("reporting", Resource.TOPIC, "tickets", Operation.READ)]
    assert grants.difference(secured.node.access, as_theirs) == grants.Difference([], [])


@pytest.fixture(scope="module")
def a_record_everywhere(secured: Secured) -> None:
    """So that a reader either gets something or is refused, and silence means neither."""
    for name in TOPICS:
        send_structured(secured.node.access, name, [{"partitionkey": str(uuid4())}])


async def _may_write(access: KafkaAccess, topic: str) -> bool:
    producer = AIOKafkaProducer(**access.options(), acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, key=str(uuid4()).encode(), value=b"{}")
    except TopicAuthorizationFailedError:
        return False
    finally:
        await producer.stop()
    return True


async def _readable(access: KafkaAccess) -> set[str]:
    reader = AIOKafkaConsumer(**access.options(), auto_offset_reset="earliest", enable_auto_commit=False)
    await reader.start()
    try:
        # Of topics that it may neither read nor write, a broker does not even say that they exist.
        return {name for name in await reader.topics() if await _gets_something(reader, name)}
    finally:
        await reader.stop()


async def _gets_something(reader: AIOKafkaConsumer, topic: str) -> bool:
    reader.assign([TopicPartition(topic, 0)])
    async with asyncio.timeout(60):
        try:
            while not await reader.getmany(timeout_ms=200):
                pass
        except TopicAuthorizationFailedError:
            return False
    return True


async def _may_join(access: KafkaAccess, group: str, service: str) -> bool:
    topic = next(name for name, t in TOPICS.items() if service in t.consumers)
    reader = AIOKafkaConsumer(topic, **access.options(), group_id=group, enable_auto_commit=False)
    try:
        await asyncio.wait_for(reader.start(), 30)
    except GroupAuthorizationFailedError:
        return False
    finally:
        await reader.stop()
    return True
