"""The door to the supervisor: start one, find the one that runs, ask it, stop it.

    plan = Plan(processes=(ProcessPlan(service="intake", module="services.intake.service", roles=("api",),
                                       env={"FRONTDESK_API_PORT": "18001"}), …), run_dir=…, log_dir=…)
    supervisor = Supervisor(plan.run_dir)
    supervisor.start(plan)      # a process of its own, which outlives this one
    supervisor.status()         # also from another terminal: Supervisor(run_dir).status()
    supervisor.stop()

It forks, so it is never a thread of somebody else's process: `python -m shared.runtime.supervisor --plan file.json`
blocks until SIGTERM or Ctrl-C. Only one runs per `run_dir`.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from shared.kernel import clock
from shared.runtime.plan import Plan
from shared.runtime.status import SupervisorStatus, status_of
from shared.runtime.supervising import STATE, SupervisorState, supervise
from shared.telemetry import logs

_LOCK = "supervisor.lock"
_START_WITHIN = 60.0


class SupervisorTrouble(Exception):
    """It does not start or stop; the text is one sentence for people."""


class Supervisor:
    """The one supervisor of a `run_dir`, whoever started it."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._started: subprocess.Popen[bytes] | None = None

    def start(self, plan: Plan) -> int:
        """Starts it in the background and returns its pid once all processes have been started (not: are ready).

        Raises SupervisorTrouble where another one runs already or it ends at once.
        """
        if self.pid is not None:
            raise SupervisorTrouble(f"another copy is running (process {self.pid}); stop it first")
        plan.run_dir.mkdir(parents=True, exist_ok=True)
        plan.log_dir.mkdir(parents=True, exist_ok=True)
        file = plan.run_dir / "plan.json"
        file.touch(mode=0o600)
        file.write_text(plan.model_dump_json())
        own_log = plan.log_dir / "supervisor.log"
        with own_log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "shared.runtime.supervisor", "--plan", str(file)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started = process
        deadline = clock.monotonic() + _START_WITHIN
        while clock.monotonic() < deadline:
            if process.poll() is not None:
                raise SupervisorTrouble(f"the supervisor ended with code {process.returncode}; see {own_log}")
            told = self._state()
            if told is not None and told.pid == process.pid:
                return process.pid
            time.sleep(0.02)
        process.kill()
        raise SupervisorTrouble(f"the supervisor has started nothing within {_START_WITHIN:.0f} s; see {own_log}")

    @property
    def pid(self) -> int | None:
        """Its process, None where none runs: the lock tells, which the kernel lets go of when it dies."""
        try:
            with (self.run_dir / _LOCK).open("r+") as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(held.read() or 0) or None
        except FileNotFoundError:
            return None
        return None

    def status(self) -> SupervisorStatus | None:
        """What runs, how ready it is and what memory it takes; None where no supervisor runs."""
        told = self._state()
        return None if told is None or self.pid != told.pid else status_of(told, self.run_dir)

    def stop(self, within: float = 20) -> None:
        """Stops it and all its processes; does nothing where none runs. After `within` seconds it is killed, and its
        processes leave by themselves when they notice.
        """
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = clock.monotonic() + within
        while self.pid == pid:
            if clock.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                raise SupervisorTrouble(f"the supervisor (process {pid}) did not stop within {within:.0f} s; killed it")
            time.sleep(0.02)
        if self._started is not None:
            self._started.wait(5)

    def _state(self) -> SupervisorState | None:
        try:
            return SupervisorState.model_validate_json((self.run_dir / STATE).read_bytes())
        except FileNotFoundError:
            return None


def main() -> int:
    """Runs a plan until it is told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.runtime.supervisor", description="Keeps processes running.")
    parser.add_argument("--plan", type=Path, required=True, help="JSON file of shared.runtime.plan.Plan")
    plan = Plan.model_validate_json(parser.parse_args().plan.read_bytes())
    logs.configure("supervisor", ("supervisor",))
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    with (plan.run_dir / _LOCK).open("a+") as held:
        if not _locked(held):
            sys.stderr.write(f"another supervisor runs in {plan.run_dir}; stop it first\n")
            return 1
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        # A forked child that kept the lock would hold it beyond the supervisor's death.
        supervise(plan, after_fork=held.close)
    return 0


def _locked(held: TextIO) -> bool:
    # Several tries: somebody who asks whether we run holds the lock for an instant.
    for _ in range(50):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
