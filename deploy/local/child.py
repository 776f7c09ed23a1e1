"""Child processes that never outlive us: stopped in order, and by the kernel when we are killed."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from deploy.local.trouble import Trouble

_PR_SET_PDEATHSIG = 1


def dies_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends `stop_signal` when the starting *thread* ends. None on other systems.

    Only the main thread may start servers, therefore: a worker thread's end would stop them.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # the parent died before the kernel was told
            os._exit(1)

    return arm


class FolderLock:
    """An flock on `folder/.lock`. A child that inherits `fd` holds it as long as it lives, also when we are gone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises Trouble(`folder-in-use`) where somebody else holds it."""
        handle = self.path.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise Trouble("folder-in-use", folder=self.path.parent) from None
        self._file = handle

    @property
    def fd(self) -> int:
        """The descriptor for `pass_fds`."""
        if self._file is None:
            raise RuntimeError("the lock is not taken")
        return self._file.fileno()

    def release(self) -> None:
        """Gives our share back; the lock is free when no child holds it either."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Child:
    """One running server."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        log: Path,
        stop_signal: signal.Signals,
        lock: FolderLock | None = None,
        waits: bool = False,
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
    ) -> None:
        """`waits`: it reads its standard input and begins at `let_go`."""
        self.stop_signal = stop_signal
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.PIPE if waits else subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for us alone; we stop the servers in order
                pass_fds=() if lock is None else (lock.fd,),
                env=None if environment is None else dict(environment),
                preexec_fn=dies_with_parent(stop_signal),
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()

    def let_go(self) -> None:
        """Tells a child that waits to begin."""
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it has exited; whoever watches it sees that
                self.process.stdin.close()

    def stop(self, seconds: float = 20.0) -> None:
        """Asks it to stop and waits; what still runs after `seconds` is killed."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def first_line(log: Path, *marks: str) -> str:
    """The first line of `log` that holds one of `marks`, else its last line: what a person wants to read first."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    for line in lines:
        if any(mark in line for mark in marks):
            return line.strip()
    return lines[-1].strip() if lines else "it said nothing"
