"""Kafka on a laptop: its own cluster only, one node per folder, nothing lost by a kill."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts
from deploy.local.trouble import Trouble
from shared.messaging import control
from shared.messaging.topics import admin


def test_given_a_running_node_when_another_takes_its_folder_then_it_is_refused(
    kafka_node: Kafka, claimed_ports: ClaimedPorts
) -> None:
    with pytest.raises(Trouble) as caught:
        Kafka(kafka_node.home, claimed_ports.spare(), claimed_ports.spare()).prepare()

    assert caught.value.code == "folder-in-use"


def test_given_a_topic_when_killed_and_started_again_then_it_is_there(
    folder: Path, claimed_ports: ClaimedPorts
) -> None:
    node = Kafka(folder / "killed-kafka", claimed_ports.spare(), claimed_ports.spare())
    node.start()
    topic = f"test-{uuid.uuid4()}"
    with admin(node.bootstrap) as client:
        client.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
        client.wait_for_topics([topic])

    node.kill()
    node.launch()
    node.wait_ready()

    assert [size.name for size in control.sizes(node.bootstrap, [topic])] == [topic]
    node.stop()


def test_given_a_taken_port_when_started_then_the_reason_is_told(
    kafka_node: Kafka, folder: Path, claimed_ports: ClaimedPorts
) -> None:
    second = Kafka(folder / "second-kafka", kafka_node.port, claimed_ports.spare())
    second.prepare()
    second.launch()

    with pytest.raises(Trouble, match="acceptor") as caught:
        second.wait_ready()

    assert caught.value.code == "server-exited"
    second.stop()


def test_given_a_java_that_is_none_when_started_then_it_is_said(
    tmp_path: Path, claimed_ports: ClaimedPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(Trouble) as caught:
        Kafka(tmp_path / "kafka", claimed_ports.spare(), claimed_ports.spare()).prepare()

    assert caught.value.code == "no-java"
