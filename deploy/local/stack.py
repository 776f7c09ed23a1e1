"""The whole stack in order: servers, databases, topics, the sandbox, then every role; and all of it back again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from deploy.local import background, credentials, environment, jars, ports
from deploy.local.kafka import Kafka
from deploy.local.kafka_logins import passwords_of
from deploy.local.layout import SERVICES, Layout
from deploy.local.postgres import Postgres
from deploy.local.processes import PROCESSES
from shared.contracts.access import all_grants
from shared.kernel import clock

# What loads a database or Kafka library is imported where it is used: the servers start meanwhile.

Tell = Callable[[str], None]
"""Told the code (see `texts/`) of each step that begins."""

_RESTART_PAUSES = (1.0, 2.0, 5.0, 10.0)


class Server(Protocol):
    """Something that runs beside us."""

    def launch(self) -> None: ...
    def wait_ready(self) -> None: ...
    def stop(self) -> None: ...
    @property
    def exit_code(self) -> int | None: ...


class Stack:
    """Starts what is not elsewhere. `start` may be interrupted at any point; `stop` then stops what was started."""

    def __init__(self, layout: Layout, tell: Tell, jar_progress: jars.Progress) -> None:
        self.layout = layout
        self.credentials = credentials.load(layout.credentials)
        self.environment = environment.service_environment(layout, self.credentials)
        self._tell = tell
        self._jar_progress = jar_progress
        of = layout.ports.of
        self.postgres = Postgres(layout.postgres, of("postgres")) if environment.postgres_needed() else None
        self.kafka: Kafka | None = None
        if environment.kafka_elsewhere() is None:
            logins = passwords_of(self.credentials) if environment.kafka_secured(layout) else None
            self.kafka = Kafka(layout.kafka, of("kafka"), of("kafka-controller"), logins=logins)
        self.sandbox = self._program("sandbox", "deploy.local.sandbox", self._sandbox_silent, 20, 5)
        self.roles = self._program("services", "deploy.local.roles", self._roles_not_ready, 60, 25)
        self._deaths: dict[str, tuple[int, float]] = {}

    def start(self) -> None:
        """Returns when every role is ready. Raises Trouble."""
        shutil.rmtree(self.layout.run, ignore_errors=True)  # what a former run said means nothing
        self.roles.launch(waits=True)  # loads its libraries while the servers start
        self._tell("starting-servers")
        self._prepare_servers()
        for server in (self.postgres, self.kafka, self.sandbox):
            if server is not None:
                server.launch()
        if self.postgres is not None:
            self.postgres.wait_ready()
        self._tell("migrating")
        self._migrate()
        if self.kafka is not None:
            self.kafka.wait_ready()
        self._declare_topics()
        self.sandbox.wait_ready()
        self._tell("starting-roles")
        self.roles.let_go()
        self.roles.wait_ready()

    def mend(self) -> list[str]:
        """Starts again what has died, after 1, 2, 5, 10, 10 … s; returns the names of what was found dead now."""
        found = []
        for name, server in self._servers():
            if server.exit_code is None:
                continue
            deaths, again_at = self._deaths.get(name, (0, 0.0))
            if again_at == 0.0:
                pause = _RESTART_PAUSES[min(deaths, len(_RESTART_PAUSES) - 1)]
                self._deaths[name] = (deaths + 1, clock.monotonic() + pause)
                found.append(name)
            elif clock.monotonic() >= again_at:
                self._deaths[name] = (deaths, 0.0)
                server.launch()
        return found

    def stop(self) -> None:
        """Roles first, so that they can finish what is in flight; then the servers. Data survive."""
        for server in (self.roles, self.sandbox, self.kafka, self.postgres):
            if server is not None:
                server.stop()

    def _servers(self) -> list[tuple[str, Server]]:
        named: list[tuple[str, Server | None]] = [
            ("PostgreSQL", self.postgres),
            ("Kafka", self.kafka),
            ("sandbox", self.sandbox),
            ("services", self.roles),
        ]
        return [(name, server) for name, server in named if server is not None]

    def _prepare_servers(self) -> None:
        # Threads only here: a server started by a thread would be stopped with it (see child.py).
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(self.postgres.prepare)] if self.postgres is not None else []
            if self.kafka is not None:
                waiting.append(pool.submit(self.kafka.prepare, self._jar_progress))
            for each in waiting:
                each.result()

    def _migrate(self) -> None:
        for service in SERVICES:
            if self.postgres is not None and environment.database_elsewhere(service) is None:
                password = self.credentials[f"FRONTDESK_POSTGRES_{service.upper()}_PASSWORD"]
                self.postgres.provision(service, password)
        from deploy.local import stores

        stores.migrate_all(self.layout, SERVICES)

    def _declare_topics(self) -> None:
        from shared.messaging import control
        from shared.runtime.settings import CommonSettings

        settings = CommonSettings()
        access = environment.kafka_access(self.layout)
        with environment.kafka_asked(access):
            control.declare(access, partitions=settings.topic_partitions, replication=settings.topic_replication)
            if environment.kafka_secured(self.layout):
                from shared.messaging import grants

                grants.mend(access, all_grants(), revoke=True)  # nobody else gives rights at a laptop's broker

    def _roles_not_ready(self) -> str:
        from shared.runtime.state import read_state  # not the supervisor's status: that counts memory, which is slow

        found = []
        for process in PROCESSES:
            told = read_state(self.layout.run / f"{process.name}.json")
            if told is None or not told[0].ready:
                reasons = "starting" if told is None else ", ".join(told[0].reasons.values())
                found.append(f"{process.name} ({reasons})")
        return "; ".join(found)

    def _sandbox_silent(self) -> str:
        port = self.layout.ports.of("sandbox-inbox")
        return "" if ports.listens(port) else str(port)

    def _program(
        self, name: str, module: str, what_is_missing: Callable[[], str], ready_seconds: float, stop_seconds: float
    ) -> background.Program:
        return background.Program(
            name,
            module,
            log=self.layout.logs / f"{name}.log",
            environment=self.environment,
            what_is_missing=what_is_missing,
            ready_seconds=ready_seconds,
            stop_seconds=stop_seconds,
        )


def in_ci() -> bool:
    """Whether this is a build machine: nothing is prepared for a next start there."""
    return os.environ.get("CI", "").lower() in {"true", "1"}
