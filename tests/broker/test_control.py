"""The control plane's questions, asked of a real broker."""

from __future__ import annotations

import uuid

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from deploy.local.kafka import Kafka
from deploy.local.ports import ClaimedPorts
from shared.messaging import control
from shared.messaging.topics import admin


def test_given_a_broker_when_asked_who_it_is_then_it_is_ours(kafka_node: Kafka) -> None:
    cluster = control.cluster_of(kafka_node.bootstrap)

    assert cluster == control.Cluster(kafka_node.cluster_id, brokers=1)


def test_given_nobody_on_the_port_when_asked_then_silence_is_no_error(claimed_ports: ClaimedPorts) -> None:
    nowhere = f"127.0.0.1:{claimed_ports.spare()}"

    assert control.cluster_of(nowhere) is None
    with pytest.raises(control.Unreachable):
        control.sizes(nowhere)


def test_given_records_when_a_group_has_committed_some_then_its_lag_is_the_rest(kafka: str) -> None:
    topic, group = f"test-{uuid.uuid4()}", f"test-{uuid.uuid4()}"
    partition = TopicPartition(topic, 0)
    _create(kafka, topic)
    _append(kafka, partition, records=5)

    _commit(kafka, group, partition, 3)

    assert control.lags(kafka, [group, "frontdesk-nobody"], [topic]) == [control.Lag(group, topic, 2)]
    assert control.sizes(kafka, [topic]) == [control.TopicSize(topic, partitions=2, records=5)]


def _create(bootstrap: str, topic: str) -> None:
    with admin(bootstrap) as client:
        client.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
        client.wait_for_topics([topic])


def _append(bootstrap: str, partition: TopicPartition, records: int) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    sent = [producer.send(partition.topic, b"{}", partition=partition.partition) for _ in range(records)]
    for each in sent:
        each.get(10)
    producer.close()


def _commit(bootstrap: str, group: str, partition: TopicPartition, offset: int) -> None:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    consumer.assign([partition])
    consumer.commit({partition: OffsetAndMetadata(offset, "", -1)})
    consumer.close()
