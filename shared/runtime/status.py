"""What runs now: what the supervisor tells, what each process tells, and the memory that the system counts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from shared.runtime.state import BEAT_SECONDS, read_state
from shared.runtime.supervising import ChildState, SupervisorState

_SILENT_AFTER = 20 * BEAT_SECONDS


class ProcessStatus(BaseModel):
    """One process of the plan. `reasons`: role → why it is not ready."""

    model_config = ConfigDict(frozen=True)

    name: str
    service: str
    roles: tuple[str, ...]
    pid: int | None
    ready: bool
    alive: bool
    reasons: dict[str, str]
    started: datetime | None
    restarts: int
    crash_loop: bool
    last_exit: int | None
    pss_bytes: int
    """Its share of memory: pages that n processes share count 1/n in each."""


class SupervisorStatus(BaseModel):
    """The supervisor and its processes; `pss_bytes` is the sum with its own."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: datetime
    ready: bool
    pss_bytes: int
    processes: tuple[ProcessStatus, ...]


def status_of(told: SupervisorState, run_dir: Path) -> SupervisorStatus:
    """Reads each process's state file and memory."""
    processes = tuple(_process(child, run_dir) for child in told.processes)
    return SupervisorStatus(
        pid=told.pid,
        started=told.started,
        ready=not told.stopping and all(process.ready for process in processes),
        pss_bytes=pss(told.pid) + sum(process.pss_bytes for process in processes),
        processes=processes,
    )


def _process(child: ChildState, run_dir: Path) -> ProcessStatus:
    found = read_state(run_dir / f"{child.name}.json")
    state = None
    # A process that refused to start leaves its reason behind, beside the pid that is no more.
    reasons = dict(found[0].reasons) if found is not None else {}
    alive = False
    if found is not None and child.pid is not None and found[0].pid == child.pid:
        state, age = found
        alive = state.alive and age < _SILENT_AFTER
    elif child.pid is not None:
        reasons, alive = {"process": "starting"}, True
    elif "process" not in reasons:
        reasons = {"process": "died"}
    return ProcessStatus(
        name=child.name,
        service=child.service,
        roles=child.roles,
        pid=child.pid,
        ready=state is not None and state.ready and alive,
        alive=alive,
        reasons=reasons,
        started=state.started if state is not None else None,
        restarts=child.restarts,
        crash_loop=child.crash_loop,
        last_exit=child.last_exit,
        pss_bytes=pss(child.pid) if child.pid is not None else 0,
    )


def pss(pid: int) -> int:
    """Proportional set size in bytes; where the system does not tell, what is private; 0 for one that is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    try:
        return int(psutil.Process(pid).memory_full_info().uss)
    except psutil.Error:
        return 0
