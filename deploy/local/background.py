"""Our own Python programs beside the servers: the supervisor of all roles, and the sandbox."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.child import Child, first_line
from deploy.local.layout import ROOT
from deploy.local.trouble import Trouble
from shared.kernel import clock

_ENVIRONMENT_NEEDED = {"PYTHONPATH": str(ROOT)}


class Program:
    """`python -m module`, whose output goes to `log`. `what_is_missing` is asked until it says nothing."""

    def __init__(
        self,
        name: str,
        module: str,
        *,
        log: Path,
        environment: Mapping[str, str],
        what_is_missing: Callable[[], str],
        ready_seconds: float,
        stop_seconds: float,
    ) -> None:
        self.name = name
        self.log = log
        self._module = module
        self._environment = {**environment, **_ENVIRONMENT_NEEDED}
        self._what_is_missing = what_is_missing
        self._ready_seconds = ready_seconds
        self._stop_seconds = stop_seconds
        self._child: Child | None = None

    def launch(self, *, waits: bool = False) -> None:
        """Starts it; with `waits` it only loads its code until `let_go`. Only the main thread may call this."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._child = Child(
            [sys.executable, "-m", self._module],
            log=self.log,
            stop_signal=signal.SIGTERM,
            environment=self._environment,
            waits=waits,
        )
        if not waits:
            self._child.let_go()

    def let_go(self) -> None:
        """A program that was launched with `waits` begins its work."""
        if self._child is not None:
            self._child.let_go()

    def wait_ready(self) -> None:
        """Raises Trouble where it exits or is not ready in time."""
        until = clock.monotonic() + self._ready_seconds
        while clock.monotonic() < until:
            if self.exit_code is not None:
                reason = first_line(self.log, "CRITICAL", "critical", "Error", "error")
                raise Trouble("server-exited", server=self.name, reason=reason, log=self.log)
            if not self._what_is_missing():
                return
            time.sleep(0.05)
        missing, seconds = self._what_is_missing(), int(self._ready_seconds)
        raise Trouble("program-slow", program=self.name, seconds=seconds, missing=missing, log=self.log.parent)

    @property
    def exit_code(self) -> int | None:
        """None while it runs or was never started."""
        return None if self._child is None else self._child.exit_code

    @property
    def pid(self) -> int | None:
        """Its process id while it was started."""
        return None if self._child is None else self._child.process.pid

    def stop(self) -> None:
        """Asks it to finish what is in flight and leave. Safe to call twice."""
        if self._child is not None:
            self._child.stop(self._stop_seconds)
            self._child = None
