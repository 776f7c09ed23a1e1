"""Which copy runs on a data folder: one at a time, told by an flock, described in `running.json`."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from deploy.local.layout import Layout
from deploy.local.trouble import Trouble
from shared.kernel import clock


class Running:
    """Our claim on the data folder, from `claim` to the end of this process."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._handle: IO[str] | None = None
        self._state: dict[str, Any] = {"pid": os.getpid(), "ready": False}

    def claim(self) -> None:
        """Raises Trouble(`already-running`) where another process has the folder, (`no-permission`) without rights."""
        try:
            self._layout.data.mkdir(parents=True, exist_ok=True)
            handle = _lock_file(self._layout).open("a")
        except PermissionError:
            raise Trouble("no-permission", folder=self._layout.data) from None
        except (FileExistsError, NotADirectoryError):
            raise Trouble("not-a-folder", folder=self._layout.data) from None
        if not _try_lock(handle):
            handle.close()
            pid = (read(self._layout) or {}).get("pid", "?")
            raise Trouble("already-running", pid=pid, folder=self._layout.data)
        self._handle = handle
        self.tell()

    def tell(self, **facts: object) -> None:
        """Adds to what others can read of this copy."""
        self._state |= facts
        part = self._layout.state.with_suffix(".part")
        part.write_text(json.dumps(self._state), encoding="utf-8")
        os.replace(part, self._layout.state)

    def release(self) -> None:
        """The folder is free again."""
        if self._handle is not None:
            self._layout.state.unlink(missing_ok=True)
            self._handle.close()
            self._handle = None


def read(layout: Layout) -> Mapping[str, Any] | None:
    """What the running copy says of itself; None where none runs (a dead one's file means nothing)."""
    if not is_running(layout) or not layout.state.exists():
        return None
    state: dict[str, Any] = json.loads(layout.state.read_text(encoding="utf-8"))
    return state


def wait_ready(layout: Layout, seconds: float = 120.0) -> None:
    """Returns when `up` has finished starting. Raises Trouble where it ends or takes too long."""
    until = clock.monotonic() + seconds
    while clock.monotonic() < until:
        state = read(layout)
        if state is None:
            raise Trouble("not-running", folder=layout.data)
        if state["ready"]:
            return
        time.sleep(0.2)
    raise Trouble("server-slow", server="Frontdesk", seconds=int(seconds), log=layout.logs)


def is_running(layout: Layout) -> bool:
    """Whether some process holds the folder."""
    path = _lock_file(layout)
    if not path.exists():
        return False
    with path.open("a") as handle:
        return not _try_lock(handle)


def _lock_file(layout: Layout) -> Path:
    return layout.data / ".lock"


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
