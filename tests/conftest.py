"""Real servers for every test that wants them: started once per run on ports of its own, stopped however it ends."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts, claim_ports
from deploy.local.postgres import Postgres
from shared.store import database
from tests.support.databases import Databases
from tests.support.folders import run_folder


def _leave(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)  # an exception, so that every fixture's end still runs


def pytest_configure() -> None:
    """A `kill` ends the run as Ctrl-C does. kill -9 is left to the kernel, which then stops our servers."""
    signal.signal(signal.SIGTERM, _leave)
    # A machine that is busy with other work may let a test's process wait for seconds between two statements.
    database.LIMITS["idle_in_transaction_session_timeout"] = "60s"
    database.LIMITS["lock_timeout"] = "20s"


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """This run's own folder; servers keep their data and logs in it."""
    with run_folder() as path:
        yield path


@pytest.fixture(scope="session")
def claimed_ports() -> Iterator[ClaimedPorts]:
    """This run's own block of ports, outside the ephemeral range; `claimed_ports.spare()` gives one more."""
    claimed = claim_ports()
    yield claimed
    claimed.release()


@pytest.fixture(scope="session")
def postgres(folder: Path, claimed_ports: ClaimedPorts) -> Iterator[Postgres]:
    """A running PostgreSQL. It survives kill -9 of any process, but not of the machine: no fsync, for speed."""
    server = Postgres(folder / "postgres", claimed_ports.ports.of("postgres"), durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka_node(folder: Path, claimed_ports: ClaimedPorts) -> Iterator[Kafka]:
    """A running Kafka node without topics."""
    ports = claimed_ports.ports
    node = Kafka(folder / "kafka", ports.of("kafka"), ports.of("kafka-controller"))
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="session")
def kafka(kafka_node: Kafka) -> str:
    """Its bootstrap address. One for the whole run: a test names its own topics, keys and groups."""
    return kafka_node.bootstrap


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    return Databases(postgres)


@pytest.fixture
def database_of(databases: Databases) -> Iterator[Callable[[str], str]]:
    """`database_of("intake")`: the URL of a fresh, migrated database of that service; each call makes another."""
    made: list[str] = []

    def make(service: str) -> str:
        name, url = databases.fresh(service)
        made.append(name)
        return url

    yield make
    for name in made:
        databases.drop(name)
