"""The servers of a bench run: PostgreSQL with fsync and synchronous_commit on, Kafka, ports and a folder of their own.

Everything is gone afterwards, also when the run is interrupted; kill -9 is left to the kernel, which then stops the
servers, and to the next run, which removes the folder.
"""

from __future__ import annotations

import itertools
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psycopg
from kafka.errors import KafkaError

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts, claim_ports
from deploy.local.postgres import Postgres
from shared.contracts.topics import TOPICS, Topic
from shared.messaging.topics import admin, declare_topics
from tests.bench.processes import Program
from tests.support.databases import Databases
from tests.support.folders import run_folder

PARTITIONS = 12
"""As in production."""

_SETTINGS_THAT_COUNT = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class Environment:
    """What contests share."""

    def __init__(self, folder: Path, claimed: ClaimedPorts) -> None:
        self.folder = folder
        self.claimed = claimed
        self.postgres = Postgres(folder / "postgres", claimed.ports.of("postgres"), durable=True)
        self.kafka = Kafka(folder / "kafka", claimed.ports.of("kafka"), claimed.ports.of("kafka-controller"))
        self.run = folder / "run"
        self.logs = folder / "logs"
        self._databases = Databases(self.postgres)
        self._made: set[str] = set()
        self._programs: list[Program] = []
        self._numbers = itertools.count(1)

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.kafka.bootstrap

    def start(self) -> None:
        """Starts the servers and declares the topics. Raises RuntimeError where PostgreSQL is not durable."""
        for made in (self.run, self.logs):
            made.mkdir(parents=True, exist_ok=True)
        self.kafka.prepare()
        self.kafka.launch()
        self.postgres.start()
        self.kafka.wait_ready()
        with psycopg.connect(self.postgres.superuser_url(), autocommit=True) as connection:
            for name, wanted in _SETTINGS_THAT_COUNT.items():
                row = connection.execute(f"SHOW {name}".encode()).fetchone()
                if row is None or row[0] != wanted:
                    raise RuntimeError(f"PostgreSQL's {name} is {row and row[0]}; figures count with {wanted} only")
        declare_topics(self.bootstrap, partitions=PARTITIONS, replication=1)

    def stop(self) -> None:
        """Stops programs, then servers. Safe to call at any point."""
        for program in self._programs:
            program.stop()
        self.kafka.stop()
        self.postgres.stop()

    def database(self, service: str) -> str:
        """The URL of a fresh, migrated database of that service."""
        url = self._databases.fresh(service)[1]
        self._made.add(url)
        return url

    def drop(self, url: str) -> None:
        """Drops a database of `database`."""
        self._databases.drop(url.rpartition("/")[2])
        self._made.discard(url)

    def clear(self) -> None:
        """Drops what a contest has left and writes back what is dirty: else its vacuum runs beside the next one."""
        for url in tuple(self._made):
            self.drop(url)
        with psycopg.connect(self.postgres.superuser_url(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def port(self) -> int:
        """A free port of ours, each time another one."""
        return self.claimed.spare()

    def file(self, kind: str) -> Path:
        """A path that no file has yet."""
        return self.folder / f"{kind}-{next(self._numbers)}"

    def declare(self, *topics: Topic) -> None:
        """Makes topics that the registry does not know."""
        declare_topics(self.bootstrap, partitions=PARTITIONS, replication=1, topics=topics)

    def fresh_topics(self, *names: str) -> None:
        """Deletes topics (all by default) with what is on them and declares them anew."""
        names = names or tuple(TOPICS)
        topics = [TOPICS[name] for name in names]
        with admin(self.bootstrap) as client:
            client.delete_topics(list(names))
            while set(names) & set(client.list_topics()):
                time.sleep(0.05)
        for attempt in range(50):
            try:
                declare_topics(self.bootstrap, partitions=PARTITIONS, replication=1, topics=topics)
                time.sleep(2)  # leaders are told before each of them knows that it is one
                return
            except KafkaError:  # a name is free only some moments after its topic is gone
                if attempt == 49:
                    raise
                time.sleep(0.1)

    def forget_group(self, group: str) -> None:
        """Deletes a consumer group's offsets, so that its next member begins at the beginning."""
        with admin(self.bootstrap) as client:
            if group in {each["group_id"] for each in client.list_groups()}:
                client.delete_groups([group])

    def program(self, module: str, *arguments: str, **settings: str) -> Program:
        """Starts a program; the environment's own settings come with it."""
        number = next(self._numbers)
        name = f"{module.rpartition('.')[2]}-{number}"
        program = Program(self.logs / f"{name}.log", module, arguments, {**self.settings(), **settings})
        self._programs.append(program)
        return program

    def role(self, module: str, *roles: str, **settings: str) -> Program:
        """Starts roles of a service of ours (`module` runs it) and waits until they are ready."""
        name = f"{module.rpartition('.')[2]}-{'-'.join(roles)}-{next(self._numbers)}"
        program = self.program(module, *roles, FRONTDESK_PROCESS_NAME=name, **settings)
        program.wait_ready(self.run / f"{name}.json")
        return program

    def settings(self) -> Mapping[str, str]:
        """What every program is told."""
        return {
            "FRONTDESK_LAPTOP": "true",
            "FRONTDESK_KAFKA_BOOTSTRAP": self.bootstrap,
            "FRONTDESK_RUN_DIR": str(self.run),
            "FRONTDESK_DATA_DIR": str(self.folder / "data"),
            "FRONTDESK_TOPIC_PARTITIONS": str(PARTITIONS),
            "BENCH_BOOTSTRAP": self.bootstrap,
        }


def _leave(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)  # an exception, so that everything below is still stopped


@contextmanager
def bench_environment() -> Iterator[Environment]:
    """Running servers, stopped and removed afterwards. Only the main thread may call this."""
    for asked in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, _leave)
    claimed = claim_ports()
    try:
        with run_folder() as folder:
            environment = Environment(folder, claimed)
            try:
                environment.start()
                yield environment
            finally:
                environment.stop()
    finally:
        claimed.release()
