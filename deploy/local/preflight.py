"""What must hold on this machine before anything is started. `up` raises the first, `doctor` shows them all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from deploy.local import environment, kafka, ports, running
from deploy.local.layout import Layout
from deploy.local.trouble import Trouble

NEEDED_DISK_MB = 2_048
NEEDED_MEMORY_MB = 1_500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `trouble` None means well."""

    what: str
    trouble: Trouble | None


def check(layout: Layout) -> None:
    """Raises the first Trouble. Changes nothing."""
    for finding in findings(layout, ports_must_be_free=True):
        if finding.trouble is not None:
            raise finding.trouble


def findings(layout: Layout, *, ports_must_be_free: bool) -> Iterator[Finding]:
    """Everything that can be looked at without starting anything."""
    yield _finding("folder", lambda: _folder(layout))
    yield _finding("disk", lambda: _disk(layout))
    yield _finding("memory", _memory)
    if environment.kafka_elsewhere() is None:
        yield _finding("java", _java)
    if ports_must_be_free:
        for name in needed_ports():
            yield _finding(f"port {layout.ports.of(name)}", lambda name=name: _port(layout, name))  # type: ignore[misc]


def needed_ports() -> list[str]:
    """The rows of OFFSETS that this copy would listen on."""
    there = {"postgres"} if not environment.postgres_needed() else set()
    if environment.kafka_elsewhere():
        there |= {"kafka", "kafka-controller"}
    return [name for name in ports.OFFSETS if name not in there]


def _finding(what: str, look: Callable[[], None]) -> Finding:
    try:
        look()
    except Trouble as trouble:
        return Finding(what, trouble)
    return Finding(what, None)


def _folder(layout: Layout) -> None:
    nearest = next(path for path in (layout.data, *layout.data.parents) if path.exists())
    if not nearest.is_dir():
        raise Trouble("not-a-folder", folder=nearest)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise Trouble("no-permission", folder=nearest)


def _disk(layout: Layout) -> None:
    nearest = next(path for path in (layout.data, *layout.data.parents) if path.exists())
    free_mb = shutil.disk_usage(nearest).free // 2**20
    if free_mb < NEEDED_DISK_MB:
        raise Trouble("disk-full", folder=layout.data, free_mb=free_mb, needed_mb=NEEDED_DISK_MB)


def _memory() -> None:
    free_mb = psutil.virtual_memory().available // 2**20
    if free_mb < NEEDED_MEMORY_MB:
        raise Trouble("memory-short", free_mb=free_mb, needed_mb=NEEDED_MEMORY_MB)


def _java() -> None:
    kafka.java()


def _port(layout: Layout, name: str) -> None:
    port = layout.ports.of(name)
    if not ports.is_free(port):
        raise Trouble("port-taken", port=port, what=name)


def runs(layout: Layout) -> bool:
    """Whether a copy runs on this data folder: then its ports are taken by itself."""
    return running.is_running(layout)
