"""Programs under measurement, each a process of its own, and the CPU that they use."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import psutil

from deploy.local.child import Child, first_line
from shared.kernel import clock
from shared.runtime.state import read_state
from tests.support.scripts import environment

_PATIENCE = 120.0


class ProgramTrouble(RuntimeError):
    """A program is not as a measurement needs it; the text says where to read more."""


class Program:
    """`python -m module arguments`, its output in a log. Ends with this process, however that ends."""

    def __init__(self, log: Path, module: str, arguments: Iterable[str], settings: Mapping[str, str]) -> None:
        self.log = log
        self.name = module
        self._child = Child(
            [sys.executable, "-m", module, *arguments],
            log=log,
            stop_signal=signal.SIGTERM,
            environment=environment(settings),
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.process.pid

    def wait(self, what: str, holds: Callable[[], bool], patience: float = _PATIENCE) -> None:
        """Returns once `holds`. Raises ProgramTrouble where the program ends, or it takes too long."""
        until = clock.monotonic() + patience
        while not holds():
            self.check_alive()
            if clock.monotonic() > until:
                raise ProgramTrouble(f"{self.name}: not {what} within {patience:.0f} s ({self.log})")
            time.sleep(0.02)

    def wait_said(self, word: str = "ready") -> None:
        """Returns once the program has written `word` at the beginning of a line."""
        self.wait(word, lambda: f"\n{word}" in "\n" + self.log.read_text(errors="replace"))

    def wait_ready(self, state: Path) -> None:
        """Returns once one of our services tells in its state file that it is ready."""

        def ready() -> bool:
            told = read_state(state)
            return told is not None and told[0].pid == self.pid and told[0].ready

        self.wait("ready", ready)

    async def result(self, path: Path, patience: float = _PATIENCE * 5) -> dict[str, float]:
        """What the program has left in that file (see `programs/counting.py`), once it is there."""
        until = clock.monotonic() + patience
        while not path.exists():
            self.check_alive()
            if clock.monotonic() > until:
                raise ProgramTrouble(f"{self.name}: no result within {patience:.0f} s ({self.log})")
            await asyncio.sleep(0.05)
        told: dict[str, float] = json.loads(path.read_text())
        return told

    def check_alive(self) -> None:
        """Raises ProgramTrouble where it has ended."""
        if self._child.exit_code is not None:
            reason = first_line(self.log, "critical", "Error", "error")
            raise ProgramTrouble(f"{self.name} ended with {self._child.exit_code}: {reason} ({self.log})")

    @property
    def cpu(self) -> float:
        """CPU-seconds so far, its children's too."""
        return cpu_of([self.pid])

    def stop(self) -> None:
        """Asks it to leave and waits; kills it after 20 s."""
        self._child.stop()

    def kill(self) -> None:
        """kill -9."""
        self._child.process.kill()
        self._child.process.wait(10)


def family(pids: Iterable[int]) -> list[psutil.Process]:
    """These processes and all that descend from them, as far as they live."""
    found: list[psutil.Process] = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    return found


def cpu_of(pids: Iterable[int]) -> float:
    """CPU-seconds, user and system, of processes and their descendants."""
    total = 0.0
    for process in family(pids):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def cpu_by_process(pids: Iterable[int]) -> dict[int, float]:
    """CPU-seconds of each of these processes and their descendants."""
    return {process.pid: sum(process.cpu_times()[:2]) for process in family(pids)}


def pss_mb(pids: Iterable[int]) -> float:
    """Memory of processes and their descendants in MB, shared pages counted once in all (PSS)."""
    total = 0
    for process in family(pids):
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 1e6
