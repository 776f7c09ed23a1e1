"""How a consumer is a member of its group: under its name, so that the next one of that name takes over (ADR 0028)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.messaging.consumer import member_name
from shared.messaging.reactions import Reaction
from shared.messaging.topics import declare_topics
from shared.runtime.health import Health
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from tests.support.core import effect, service_of
from tests.support.roles import consuming, until


@pytest.fixture
def service(kafka: str, database_of: Callable[[str], str]) -> Service:
    declare_topics(kafka, partitions=3, replication=1)
    return service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])


def members(kafka: str, group: str) -> set[str]:
    """The ids that the broker knows the group's members by."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        (described,) = admin.describe_groups([group]).values()
    finally:
        admin.close()
    return {member["member_id"] for member in described["members"]}


async def ready(*healths: Health) -> None:
    async def all_are() -> bool:
        return all(health.not_ready is None for health in healths)

    await until("consumers ready", all_are)


async def test_given_two_named_members_when_one_is_asked_to_stop_then_it_has_left(
    kafka: str, service: Service, tmp_path: Path
) -> None:
    """Not a session later: what it worked would lie for so long at every deploy."""
    async with consuming(service, kafka, run_dir=tmp_path, process_name="one") as one:
        async with consuming(service, kafka, run_dir=tmp_path, process_name="two") as two:
            await ready(one.health, two.health)
            both = await asyncio.to_thread(members, kafka, service.group)
        left = await asyncio.to_thread(members, kafka, service.group)

    assert len(both) == 2
    assert len(left & both) == 1
    name = member_name(CommonSettings(run_dir=tmp_path, process_name="one"))
    assert name is not None
    assert all(each.startswith(name) for each in left)


async def test_given_nobody_who_vouches_for_its_name_when_a_consumer_joins_then_it_is_a_member_like_any_other(
    kafka: str, service: Service
) -> None:
    async with consuming(service, kafka) as one, consuming(service, kafka) as two:
        await ready(one.health, two.health)

        assert len(await asyncio.to_thread(members, kafka, service.group)) == 2
