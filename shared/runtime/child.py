"""One supervised process: forked from a parent that has loaded everything, or started anew where that is not safe."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.runtime.plan import ProcessPlan
from shared.telemetry.logs import logger

# Apple's frameworks break in a child that was forked without exec.
CAN_FORK = sys.platform != "darwin"

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Running(Protocol):
    """What can be asked of a started process."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""


class _Forked:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def start(plan: ProcessPlan, log: Path, env: dict[str, str], *, fork: bool, after_fork: Callable[[], None]) -> Running:
    """Starts the process in a session of its own (the terminal's Ctrl-C is the supervisor's to hear), output to `log`.

    `after_fork` runs first in a forked child, to let go of what belongs to the supervisor alone.
    """
    # Appending, so that the supervisor may cut the file while the process writes.
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        if fork:
            return _fork(plan, output, env, after_fork)
        return subprocess.Popen(
            [sys.executable, "-m", "shared.runtime.child", plan.model_dump_json()],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    finally:
        os.close(output)


def _fork(plan: ProcessPlan, output: int, env: dict[str, str], after_fork: Callable[[], None]) -> Running:
    # Held back until the child has handlers of its own: else it would hear a signal with ours and do nothing.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _Forked(pid)
    code = 1
    try:
        os.setsid()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        after_fork()
        _redirect(output)
        os.environ.update(env)
        code = live(plan)
    except BaseException as error:  # noqa: BLE001 - there is nobody above who could hear of it
        logger(__name__).critical("process could not begin", process=plan.name, exc_info=error)
    finally:
        # Never back into the supervisor's code: not by return, not by exception.
        os._exit(code)


def _redirect(output: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - for the process's life
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115


def live(plan: ProcessPlan) -> int:
    """The process's whole life; returns its exit code."""
    from shared.runtime.main import run

    service = importlib.import_module(plan.module).service
    # Settings that were read before the fork would be those of the parent.
    forget = getattr(service.settings, "cache_clear", None)
    if forget is not None:
        forget()
    return run(service, plan.roles)


if __name__ == "__main__":
    sys.exit(live(ProcessPlan.model_validate_json(sys.argv[1])))
