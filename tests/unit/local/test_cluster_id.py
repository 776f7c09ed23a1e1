"""The id of a laptop's Kafka cluster."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from deploy.local import kafka
from deploy.local.kafka import Kafka


def test_given_a_draw_with_a_leading_dash_then_it_is_drawn_again_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kafka-storage format --cluster-id -…` takes such an id for an option: one new folder in 64 did not start."""
    draws = iter([UUID(int=0xF8 << 120), UUID(int=1)])
    monkeypatch.setattr(kafka.uuid, "uuid4", lambda: next(draws))
    node = Kafka(tmp_path, 1, 2)

    assert node.cluster_id == "AAAAAAAAAAAAAAAAAAAAAQ"
    assert node.cluster_id == "AAAAAAAAAAAAAAAAAAAAAQ"
