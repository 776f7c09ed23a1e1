"""A broker with logins and the registry's grants, started once for these tests; and how each login reaches it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.local.kafka_logins import LOGINS, access_of
from deploy.local.ports import ClaimedPorts
from shared.contracts.access import all_grants, principal_of
from shared.messaging import control, grants
from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.topics import declare_topics
from shared.runtime.health import Health
from shared.runtime.service import RoleContext, Service
from shared.runtime.settings import CommonSettings
from shared.store.database import Database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one process of a run side by side: it starts the broker twice, and tests take rights away."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("secured broker"))


@dataclass(frozen=True)
class Secured:
    """The broker, and everybody's way to it."""

    node: Kafka
    logins: dict[str, str]
    before: list[str]
    """Topics that were there before it asked for logins."""

    def grant_everything(self) -> None:
        """As an operator would, after something was missing."""
        grants.mend(self.node.access, all_grants())

    def access(self, login: str) -> KafkaAccess:
        """How `login` reaches it."""
        return access_of(self.node.bootstrap, login, self.logins[login])

    def settings(self) -> dict[str, str]:
        """What a role is told by environment."""
        return {
            "FRONTDESK_KAFKA_BOOTSTRAP": self.node.bootstrap,
            "FRONTDESK_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "FRONTDESK_KAFKA_PASSWORD_FOLDER": str(self.node.passwords),
        }

    def context(self, service: Service, role: str) -> RoleContext:
        """A role's context under those settings."""
        settings = CommonSettings(
            kafka_bootstrap=self.node.bootstrap,
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_password_folder=self.node.passwords,
        )
        database = Database(service.database_url(), service.name)
        return RoleContext(service, database, settings, Health(role), asyncio.Event())


@pytest.fixture(scope="session")
def secured(folder: Path, claimed_ports: ClaimedPorts) -> Iterator[Secured]:
    """Its folder was used without logins first, as on a laptop whose owner turns them on later."""
    home, ports = folder / "secured-kafka", (claimed_ports.spare(), claimed_ports.spare())
    open_node = Kafka(home, *ports)
    try:
        open_node.start()
        before = declare_topics(open_node.access, partitions=1, replication=1)
    finally:
        open_node.stop()
    logins = {login: secrets.token_urlsafe(16) for login in LOGINS}
    node = Kafka(home, *ports, logins=logins)
    try:
        node.start()
        grants.mend(node.access, all_grants())
        yield Secured(node, logins, before)
    finally:
        node.stop()


@pytest.fixture
def without(secured: Secured) -> Iterator[Callable[[str, str, str], None]]:
    """`without("complaints", "write", "tickets")` takes one right away, until the test's end."""

    def take(service: str, operation: str, name: str) -> None:
        kept = [
            grant
            for grant in all_grants()
            if (grant.principal, grant.operation, grant.name) != (principal_of(service), operation, name)
        ]
        assert len(kept) == len(all_grants()) - 1
        grants.mend(secured.node.access, kept, revoke=True)

    yield take
    grants.mend(secured.node.access, all_grants(), revoke=True)
    assert grants.difference(secured.node.access, all_grants()) == grants.Difference([], [])
    assert control.cluster_of(secured.node.access) is not None
