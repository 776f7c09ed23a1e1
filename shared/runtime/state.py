"""What a process tells of itself in a file: read by `frontdesk status` and the supervisor, where no HTTP is needed.

The file's own age is the heartbeat: an event loop that no longer turns no longer touches it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.kernel import clock
from shared.runtime.health import Health
from shared.telemetry import metrics
from shared.telemetry.logs import logger

BEAT_SECONDS = 0.5
_LAG_WORTH_A_LINE = 1.0

log = logger(__name__)


class ProcessState(BaseModel):
    """One process, at one instant."""

    model_config = ConfigDict(frozen=True)

    service: str
    roles: tuple[str, ...]
    pid: int
    started: datetime
    ready: bool
    alive: bool
    reasons: dict[str, str]
    """Role → why it is not ready; `process` → why the process does not start at all."""


class StateFile:
    """`run_dir/<name>.json`, replaced whole, so that nobody reads half of it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.json"
        self._written: ProcessState | None = None

    def tell(self, state: ProcessState) -> None:
        """Writes what has changed; touches the file where nothing has. Raises OSError."""
        if state == self._written and self.path.exists():
            os.utime(self.path)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}.new")
        draft.write_text(state.model_dump_json())
        draft.replace(self.path)
        self._written = state

    def remove(self) -> None:
        """The process has left."""
        self.path.unlink(missing_ok=True)


def read_state(path: Path) -> tuple[ProcessState, float] | None:
    """The state in a file and its age in seconds; None where there is none (any more)."""
    try:
        age = clock.now().timestamp() - path.stat().st_mtime
        return ProcessState.model_validate_json(path.read_bytes()), age
    except FileNotFoundError:
        return None


async def beat(
    service: str,
    roles: tuple[str, ...],
    healths: Sequence[Health],
    stopping: asyncio.Event,
    file: StateFile | None,
    supervisor: int | None,
) -> None:
    """Tells the state every half second, measures how late the loop comes round, and stops the process when the
    supervisor that started it is gone. Runs until cancelled.
    """
    started = clock.now()
    told = True
    while True:
        reasons = {health.role: health.not_ready for health in healths if health.not_ready is not None}
        state = ProcessState(
            service=service,
            roles=roles,
            pid=os.getpid(),
            started=started,
            ready=not reasons,
            alive=all(health.alive for health in healths),
            reasons=reasons,
        )
        if file is not None:
            try:
                file.tell(state)
                told = True
            except OSError as error:  # a full disk must not stop the work; it is told once
                if told:
                    log.error("state cannot be written", exc_info=error)
                told = False
        if supervisor is not None and os.getppid() != supervisor and not stopping.is_set():
            log.error("the supervisor is gone; leaving", supervisor=supervisor)
            stopping.set()
        asked = clock.monotonic()
        await asyncio.sleep(BEAT_SECONDS)
        lag = max(0.0, clock.monotonic() - asked - BEAT_SECONDS)
        metrics.LOOP_LAG.record(lag)
        if lag > _LAG_WORTH_A_LINE:
            log.warning("the event loop stood still", seconds=round(lag, 3))
