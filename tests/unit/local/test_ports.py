"""Ports of the laptop stack."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import OFFSETS, ClaimedPorts, Ports, claim_ports, is_free, listens

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.fixture
def claimed() -> Iterator[ClaimedPorts]:
    block = claim_ports()
    yield block
    block.release()


def test_given_a_listener_when_its_port_is_tried_then_it_is_not_free(claimed: ClaimedPorts) -> None:
    port = claimed.spare()
    assert is_free(port)

    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert listens(port)

    assert not listens(port)


def test_given_a_claimed_block_when_others_claim_then_they_get_another_one(claimed: ClaimedPorts) -> None:
    others = [claim_ports() for _ in range(3)]

    bases = {claimed.ports.base, *(other.ports.base for other in others)}

    assert len(bases) == 4
    for other in others:
        other.release()


def test_given_a_block_when_spare_ports_are_taken_then_none_is_given_twice_nor_anybodys_own(
    claimed: ClaimedPorts,
) -> None:
    spare = [claimed.spare() for _ in range(20)]

    assert len(set(spare)) == 20
    assert not {claimed.ports.of(name) for name in OFFSETS} & set(spare)


def test_no_server_listens_where_the_system_gives_ports_to_clients(claimed: ClaimedPorts) -> None:
    lowest = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else 32768

    for ports in (Ports(), claimed.ports):
        assert all(ports.of(name) < lowest for name in OFFSETS)
