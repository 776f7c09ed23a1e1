"""A running house: a broker, four databases, the sandbox, and every role of every service as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row

from deploy.local.background import Program
from deploy.local.child import dies_with_parent, first_line
from deploy.local.environment import service_environment
from deploy.local.kafka import Kafka
from deploy.local.layout import SERVICES, Layout
from deploy.local.ports import Ports, listens
from shared.kernel import clock
from shared.messaging import control
from shared.runtime.state import read_state
from shared.store.database import Database
from tests.support.databases import Databases
from tests.support.scripts import ROOT, environment

CORE_ROLES = ("api", "consumer", "relay", "clock")
ROLES = (
    *((service, role) for service in SERVICES for role in CORE_ROLES),
    ("notify", "sender"),
    ("notify", "receiver"),
)
"""(service, role) of a whole house."""

SHORTENED = {
    "FRONTDESK_CALLBACKS_COMPLAINT_DELAY": "PT1S",
    "FRONTDESK_CALLBACKS_VISIT_DELAY": "PT1S",
    "FRONTDESK_INTAKE_VISIT_HOME_AFTER": "PT1S",
    "FRONTDESK_NOTIFY_SENDER_HEARTBEAT": "PT0.5S",
    "FRONTDESK_NOTIFY_SENDER_DEAD_AFTER": "PT4S",
    "FRONTDESK_NOTIFY_REPEAT_AFTER": "PT3S",
    "FRONTDESK_NOTIFY_UNCONFIRMED_AFTER": "PT4S",
    "FRONTDESK_NOTIFY_NO_NUMBER_RETRY": "PT1S",
}
"""Policies of a test beside those of a laptop: a whole journey in seconds. Never the clock."""

_PASSWORD = "sandbox1"
_PATIENCE = 90.0


class HouseTrouble(AssertionError):
    """The house is not as a test needs it. The text says what is missing and where to read more."""


def eventually(what: str, holds: Callable[[], Any], patience: float = _PATIENCE) -> Any:
    """Asks until there is a true answer and returns it. The limit only ends a run that hangs."""
    last = clock.monotonic() + patience
    while not (found := holds()):
        if clock.monotonic() > last:
            raise HouseTrouble(f"{what}: not within {patience:.0f} s")
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class RunningRole:
    """One process."""

    house: House
    service: str
    role: str
    pid: int
    log: Path
    pause_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    """Tells it from others that play the same role beside it."""

    @property
    def name(self) -> str:
        """Of its log and state file."""
        return f"{self.service}-{self.role}{self.label}"

    @property
    def exit_code(self) -> int | None:
        """None while it runs, negative for a signal."""
        return self.house.exit_code(self.pid)

    @property
    def ready(self) -> bool:
        """As the process itself tells. Raises HouseTrouble where it has ended."""
        if self.exit_code is not None:
            reason = first_line(self.log, "critical", "error")
            raise HouseTrouble(f"{self.name} ended with code {self.exit_code}: {reason} ({self.log})")
        told = read_state(self.house.layout.run / f"{self.name}.json")
        return told is not None and told[0].pid == self.pid and told[0].ready

    def wait_ready(self) -> None:
        """Returns once it works."""
        eventually(f"{self.name} ready (see {self.log})", lambda: self.ready)

    def wait_paused(self) -> None:
        """Returns once it stands at the pause that it was started with."""
        eventually(f"{self.name} at its pause (see {self.log})", self.pause_file.exists)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Asks it to leave and waits."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            os.kill(self.pid, number)  # not reaped before we ask for its code, so the pid is still its own
        eventually(f"{self.name} gone", lambda: self.exit_code is not None)


class House:
    """Starts what it needs; `close` stops all of it, also a house that did not come up."""

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        databases: Databases,
        settings: Mapping[str, str] | None = None,
        kafka: Kafka | None = None,
        replicas: int = 1,
    ) -> None:
        """`folder` is the house's own; `settings` (FRONTDESK_…) come on top of SHORTENED, for every role."""
        folder.mkdir(parents=True, exist_ok=True)
        self.layout = Layout(folder, ports)
        self.kafka = kafka or Kafka(self.layout.kafka, ports.of("kafka"), ports.of("kafka-controller"))
        self._replicas = replicas
        self.staff_imported = False
        self.channel_keys: dict[str, str] = {}
        self._databases = databases
        self._settings = {**SHORTENED, **(settings or {})}
        self._named: dict[str, tuple[str, str]] = {}
        self._connections: dict[str, psycopg.Connection[dict[str, Any]]] = {}
        self._roles: dict[tuple[str, str, str], RunningRole] = {}
        self._one_order = threading.Lock()
        self._parent: subprocess.Popen[bytes] | None = None
        self._sandbox: Program | None = None

    def open(self) -> None:
        """Everything up, every role ready. Only the main thread may call this (see `dies_with_parent`)."""
        for made in (self.layout.run, self.layout.logs):
            made.mkdir(parents=True, exist_ok=True)
        self.kafka.prepare()
        self.kafka.launch()
        self._named = {service: self._databases.fresh(service) for service in SERVICES}
        everything = self._environment()
        self._launch_parent(everything)
        self._sandbox = self._launch_sandbox(everything)
        self.kafka.wait_ready()
        control.declare(self.kafka.bootstrap, partitions=3, replication=self._replicas)
        self._sandbox.wait_ready()
        for service, role in ROLES:
            self.start(service, role)
        self.wait_ready()

    def close(self) -> None:
        """Roles first, then the servers."""
        if self._parent is not None:
            assert self._parent.stdin is not None
            self._parent.stdin.close()
            try:
                self._parent.wait(30)
            except subprocess.TimeoutExpired:
                self._parent.kill()
                self._parent.wait(5)
        if self._sandbox is not None:
            self._sandbox.stop()
        self.kafka.stop()
        for connection in self._connections.values():
            connection.close()
        for name, _ in self._named.values():
            self._databases.drop(name)

    def start(
        self,
        service: str,
        role: str,
        pause: str | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        label: str = "",
        module: str | None = None,
    ) -> RunningRole:
        """Starts a role that does not run; with `pause` it will stand still for ever at that point.

        `label` starts another one beside the first; `module`: where its `service` is, if not at its usual place.
        """
        before = self._roles.get((service, role, label))
        assert before is None or before.exit_code is not None, f"{service} {role}{label} runs already"
        pause_file = self.layout.run / f"{service}-{role}{label}.paused"
        pause_file.unlink(missing_ok=True)
        env = {"FRONTDESK_API_PORT": str(self.layout.ports.of(service))} if role == "api" else {}
        if pause is not None:
            env |= {"FRONTDESK_PAUSE": pause, "FRONTDESK_PAUSE_FILE": str(pause_file)}
        env |= settings or {}
        module = module or f"services.{service}.service"
        plan = {"service": service, "module": module, "roles": [role], "env": env}
        if label:
            plan["label"] = f"{service}-{role}{label}"
        log = self.layout.logs / f"{service}-{role}{label}.log"
        pid = self._order({"start": {"plan": plan, "log": str(log)}})["pid"]
        running = RunningRole(self, service, role, pid, log, pause_file, env, label)
        self._roles[service, role, label] = running
        return running

    def role(self, service: str, role: str, label: str = "") -> RunningRole:
        """The process that plays this role now, or played it last."""
        return self._roles[service, role, label]

    @property
    def roles(self) -> list[RunningRole]:
        """Every process that plays a role now, or played one last."""
        return list(self._roles.values())

    def forget(self, running: RunningRole) -> None:
        """A role's further process that has left for good."""
        del self._roles[running.service, running.role, running.label]

    def restart(self, service: str, role: str, pause: str | None = None) -> RunningRole:
        """Stops the role in order where it runs, and starts it again."""
        self.role(service, role).stop()
        return self.start(service, role, pause)

    def mend(self) -> None:
        """Makes the house whole: what has died, stands at a pause or has settings of its own is started as usual."""
        for (service, role, label), running in list(self._roles.items()):
            if label:
                running.stop()
                self.forget(running)
            elif running.exit_code is not None:
                self.start(service, role)
            elif set(running.env) - {"FRONTDESK_API_PORT"}:
                running.kill()
                self.start(service, role)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Returns once every role works. Raises HouseTrouble where one has ended."""
        for running in self._roles.values():
            running.wait_ready()

    def exit_code(self, pid: int) -> int | None:
        """How a process of ours ended; None while it runs."""
        code: int | None = self._order({"poll": pid})["code"]
        return code

    def url(self, service: str) -> str:
        """Of the service's database."""
        return self._named[service][1]

    def database(self, service: str) -> Database:
        """For units of work in a service's database; whoever asks closes it."""
        return Database(self.url(service), service, pool_size=2)

    def rows(self, service: str, statement: str, **values: Any) -> list[dict[str, Any]]:
        """What a query (`%(name)s`) finds in a service's database."""
        if service in self._connections and self._connections[service].broken:
            del self._connections[service]  # the server was restarted meanwhile
        if service not in self._connections:
            self._connections[service] = psycopg.connect(self.url(service), row_factory=dict_row, autocommit=True)
        return self._connections[service].execute(statement.encode(), values).fetchall()

    def _environment(self) -> dict[str, str]:
        known = {f"FRONTDESK_POSTGRES_{service.upper()}_PASSWORD": "" for service in SERVICES}
        known["FRONTDESK_SANDBOX_PASSWORD"] = _PASSWORD
        ours = {
            **service_environment(self.layout, known),
            "FRONTDESK_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "FRONTDESK_TESTING": "1",
            **{f"FRONTDESK_{service.upper()}_DATABASE_URL": self.url(service) for service in SERVICES},
            **self._settings,
        }
        return environment({name: value for name, value in ours.items() if name.startswith("FRONTDESK_")})

    def _launch_parent(self, everything: Mapping[str, str]) -> None:
        with (self.layout.logs / "parent.log").open("ab") as log:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.support.house_parent"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=dict(everything),
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )

    def _launch_sandbox(self, everything: Mapping[str, str]) -> Program:
        port = self.layout.ports.of("sandbox-inbox")
        sandbox = Program(
            "sandbox",
            "deploy.local.sandbox",
            log=self.layout.logs / "sandbox.log",
            environment=everything,
            what_is_missing=lambda: "" if listens(port) else str(port),
            ready_seconds=60,
            stop_seconds=5,
        )
        sandbox.launch()
        return sandbox

    def _order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._parent is not None, "open() comes first"
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        with self._one_order:
            self._parent.stdin.write(orjson.dumps(order) + b"\n")
            self._parent.stdin.flush()
            line = self._parent.stdout.readline()
        if not line:
            raise HouseTrouble(f"the roles' parent is gone: {self.layout.logs / 'parent.log'}")
        answer: dict[str, Any] = orjson.loads(line)
        return answer
