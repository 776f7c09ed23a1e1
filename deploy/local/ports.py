"""Which port is whose. All lie outside the ephemeral range: a reconnecting client must never take a server's port."""

from __future__ import annotations

import fcntl
import random
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.trouble import Trouble

DEFAULT_BASE = 18000
BLOCK = 100
_LOW, _HIGH = 20000, 32600  # below 32768, where Linux starts to hand out ports to clients

OFFSETS = {
    "intake": 1,
    "complaints": 2,
    "callbacks": 3,
    "notify": 4,
    "sandbox-smtp": 25,
    "receiver-smtp": 26,
    "postgres": 32,
    "sandbox-smsc": 75,
    "sandbox-inbox": 80,
    "kafka": 92,
    "kafka-controller": 93,
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The block of ports from `base`."""

    base: int = DEFAULT_BASE

    def of(self, name: str) -> int:
        """The port of `name`, a row of OFFSETS."""
        return self.base + OFFSETS[name]


def is_free(port: int) -> bool:
    """Whether a server may listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listens(port: int) -> bool:
    """Whether somebody accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class ClaimedPorts:
    """A block of free ports that no other test run or copy on this machine takes, until `release`."""

    def __init__(self, base: int, claim: IO[str]) -> None:
        self.ports = Ports(base)
        self._claim = claim
        self._spare = [port for port in range(base, base + BLOCK) if port - base not in OFFSETS.values()]

    def spare(self) -> int:
        """A further port of the block, each time another one."""
        while self._spare:
            port = self._spare.pop()
            if is_free(port):
                return port
        raise Trouble("no-free-ports", low=self.ports.base, high=self.ports.base + BLOCK)

    def release(self) -> None:
        """Lets others have the block."""
        self._claim.close()


def claim_ports() -> ClaimedPorts:
    """Finds a block whose ports are all free and holds it by an flock. Raises Trouble(`no-free-ports`)."""
    bases = list(range(_LOW, _HIGH, BLOCK))
    random.shuffle(bases)
    for base in bases:
        claim = _claim(base)
        if claim is None:
            continue
        if all(is_free(base + offset) for offset in OFFSETS.values()):
            return ClaimedPorts(base, claim)
        claim.close()
    raise Trouble("no-free-ports", low=_LOW, high=_HIGH)


def _claim(base: int) -> IO[str] | None:
    path = Path(tempfile.gettempdir()) / f"frontdesk-ports-{base}.lock"
    try:
        handle = path.open("a")
    except PermissionError:  # another user's claim
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle
