"""Three brokers in one: each a node of its own, every record on all three, two of which must have it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts
from deploy.local.trouble import Trouble
from shared.kernel import clock

NODES = 3
_READY_SECONDS = 120.0


class Node(Kafka):
    """One of the three. `voters` is the quorum of controllers, the same for all."""

    def __init__(self, home: Path, number: int, port: int, controller_port: int, voters: str, cluster: str) -> None:
        super().__init__(home, port, controller_port)
        self.number = number
        self._voters = voters
        self._cluster = cluster

    def configure(self) -> None:
        """Beside what every node is told, its place among the three."""
        super().configure()
        properties = {
            "node.id": str(self.number),
            "controller.quorum.voters": self._voters,
            "controller.quorum.bootstrap.servers": "",
            "offsets.topic.replication.factor": str(NODES),
            "transaction.state.log.replication.factor": str(NODES),
            "transaction.state.log.min.isr": "2",
            "share.coordinator.state.topic.replication.factor": str(NODES),
            "min.insync.replicas": "2",
        }
        with self._properties.open("a", encoding="utf-8") as file:  # in a properties file the last word counts
            file.writelines(f"{name}={value}\n" for name, value in properties.items())

    def _format(self) -> None:
        (self.home / "cluster.id").write_text(self._cluster, encoding="ascii")
        made = subprocess.run(
            [
                *self._command(self._cache_flags()),
                *("kafka.tools.StorageTool", "format", "--cluster-id", self._cluster, "--config", self._properties),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if made.returncode != 0:
            raise Trouble("server-exited", server="Kafka", reason=made.stderr[-300:], log=self.home)


class Cluster:
    """Stands where a single node stands."""

    def __init__(self, home: Path, ports: ClaimedPorts) -> None:
        listening = [(ports.spare(), ports.spare()) for _ in range(NODES)]
        voters = ",".join(f"{number}@127.0.0.1:{each[1]}" for number, each in enumerate(listening, 1))
        first = Kafka(home / "cluster", *listening[0])
        first.home.mkdir(parents=True)
        self.nodes = [
            Node(home / f"node-{number}", number, *each, voters, first.cluster_id)
            for number, each in enumerate(listening, 1)
        ]
        self.bootstrap = ",".join(node.bootstrap for node in self.nodes)

    def prepare(self) -> None:
        """Formats what is new."""
        for node in self.nodes:
            node.prepare()

    def launch(self) -> None:
        """All three; only the main thread may do that."""
        for node in self.nodes:
            node.launch()

    def wait_ready(self) -> None:
        """Returns once all three are there."""
        last = clock.monotonic() + _READY_SECONDS
        while clock.monotonic() < last:
            if self._there() == NODES:
                return
            time.sleep(0.3)
        raise Trouble("server-slow", server="Kafka", seconds=int(_READY_SECONDS), log=self.nodes[0].log)

    def stop(self) -> None:
        """All three in order."""
        for node in self.nodes:
            node.stop()

    def leader_of(self, topic: str) -> Node:
        """The node that leads the topic's first partition."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap.split(","))
        try:
            (described,) = admin.describe_topics([topic])
            led = {each["partition_index"]: each["leader_id"] for each in described["partitions"]}
        finally:
            admin.close()
        return self.nodes[led[0] - 1]

    def _there(self) -> int:
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap.split(","), request_timeout_ms=3_000)
        except (KafkaError, OSError):
            return 0
        try:
            return len(admin.describe_cluster().get("brokers", ()))
        except (KafkaError, OSError):
            return 0
        finally:
            admin.close()
