"""The supervisor's work: start, watch, restart with growing waits, stop. One thread, no loop, no socket: it forks."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.kernel import clock
from shared.runtime import child
from shared.runtime.plan import Plan, ProcessPlan
from shared.runtime.restarting import Restarting
from shared.runtime.state import read_state
from shared.telemetry.logs import logger

STATE = "supervisor.json"
CRASH_LOOP = 3
"""As many deaths in a row, none after a life of `well_after`, are shown as a crash loop."""

_TICK = 0.1
PRELOAD = (
    "shared.runtime.main",
    "shared.runtime.http",
    "shared.store.migrations",
    "shared.messaging.grants",
    "shared.messaging.consumer",
    "shared.messaging.relay",
    "shared.messaging.clock_role",
    "shared.messaging.topics",
    "faust.transport.drivers.aiokafka",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
)
"""What a role loads only when it is played, loaded before the fork: a process that starts again has no time for it."""

log = logger(__name__)


class ChildState(BaseModel):
    """What the supervisor knows of one process."""

    model_config = ConfigDict(frozen=True)

    name: str
    service: str
    roles: tuple[str, ...]
    pid: int | None
    restarts: int
    crash_loop: bool
    last_exit: int | None
    starts_at: datetime | None
    """When it is started again, while it waits for that."""


class SupervisorState(BaseModel):
    """What `supervisor.json` holds."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: datetime
    stopping: bool
    processes: tuple[ChildState, ...]


class _Child:
    """One process of the plan and its history. Instants are of the monotonic clock."""

    def __init__(self, plan: ProcessPlan, whole: Plan) -> None:
        self.plan = plan
        self.whole = whole
        self.log = whole.log_dir / f"{plan.name}.log"
        self.running: child.Running | None = None
        self.restarts = 0
        self.restarting = Restarting(whole)
        self.last_exit: int | None = None
        self.starts_at: datetime | None = None
        self._due = 0.0
        self._started = 0.0
        self._sign: tuple[float, float] | None = None

    def start_if_due(self, *, fork: bool, after_fork: Callable[[], None]) -> None:
        if self.running is not None or clock.monotonic() < self._due:
            return
        env = {
            **self.plan.env,
            "FRONTDESK_RUN_DIR": str(self.whole.run_dir),
            "FRONTDESK_PROCESS_NAME": self.plan.name,
            "FRONTDESK_SUPERVISOR": str(os.getpid()),
        }
        self.running = child.start(self.plan, self.log, env, fork=fork, after_fork=after_fork)
        self._started = clock.monotonic()
        self._sign = None
        self.starts_at = None
        log.info("process started", process=self.plan.name, pid=self.running.pid, restarts=self.restarts)

    def notice_death(self) -> None:
        if self.running is None or (code := self.running.poll()) is None:
            return
        lived = clock.monotonic() - self._started
        wait = self.restarting.wait_after(lived)
        self.restarts += 1
        self.last_exit = code
        self._due = clock.monotonic() + wait
        self.starts_at = datetime.fromtimestamp(clock.now().timestamp() + wait, clock.now().tzinfo)
        log.error(
            "process died",
            process=self.plan.name,
            pid=self.running.pid,
            code=code,
            lived=round(lived, 1),
            restart_in=round(wait, 1),
            crash_loop=self.crash_loop,
        )
        self.running = None

    def kill_if_hung(self) -> None:
        if self.running is None:
            return
        told = read_state(self.whole.run_dir / f"{self.plan.name}.json")
        now = clock.monotonic()
        if told is not None and told[0].pid == self.running.pid:
            state, age = told
            changed = clock.now().timestamp() - age
            # Compared on the monotonic clock: a laptop that slept has not let its processes hang.
            if self._sign is None or abs(self._sign[0] - changed) > 0.05:
                self._sign = (changed, now)
            hung = not state.alive
        else:
            hung = False
        since = self._sign[1] if self._sign is not None else self._started
        if hung or now - since > self.whole.hung_after:
            log.error("process hangs; killing it", process=self.plan.name, pid=self.running.pid)
            os.kill(self.running.pid, signal.SIGKILL)

    def cut_log(self) -> None:
        """Copies a log that has grown too long aside and empties it: the process keeps its descriptor."""
        if self.log.exists() and self.log.stat().st_size > self.whole.log_bytes:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    @property
    def crash_loop(self) -> bool:
        return self.restarting.deaths >= CRASH_LOOP

    @property
    def state(self) -> ChildState:
        well = self.running is not None and clock.monotonic() - self._started >= self.whole.well_after
        return ChildState(
            name=self.plan.name,
            service=self.plan.service,
            roles=self.plan.roles,
            pid=self.running.pid if self.running is not None else None,
            restarts=self.restarts,
            crash_loop=self.crash_loop and not well,
            last_exit=self.last_exit,
            starts_at=self.starts_at,
        )


def supervise(plan: Plan, *, after_fork: Callable[[], None] = lambda: None, fork: bool = child.CAN_FORK) -> None:
    """Keeps the plan's processes running until SIGTERM or SIGINT, then stops them and returns.

    Must be the only thread of its process. Raises ImportError where a module of the plan is missing.
    """
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: asked.append(received))
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    plan.log_dir.mkdir(parents=True, exist_ok=True)
    if fork:
        _preload((*PRELOAD, *plan.preload, *(process.module for process in plan.processes)))
    children = [_Child(process, plan) for process in plan.processes]
    started = clock.now()
    written: SupervisorState | None = None
    checks_at = 0.0
    while not asked:
        for each in children:
            each.notice_death()
            each.start_if_due(fork=fork, after_fork=after_fork)
        if clock.monotonic() >= checks_at:
            for each in children:
                each.kill_if_hung()
                each.cut_log()
            checks_at = clock.monotonic() + 1
        written = _tell(plan.run_dir, started, children, written, stopping=False)
        time.sleep(_TICK)
    _tell(plan.run_dir, started, children, written, stopping=True)
    _stop(children, plan.stop_within)
    (plan.run_dir / STATE).unlink(missing_ok=True)


def _preload(modules: Sequence[str]) -> None:
    began = clock.monotonic()
    for module in dict.fromkeys(modules):
        importlib.import_module(module)
    # Frozen objects are not touched by the children's collector, so their pages stay shared.
    gc.collect()
    gc.freeze()
    log.info("loaded", seconds=round(clock.monotonic() - began, 2))


def _tell(
    run_dir: Path, started: datetime, children: list[_Child], written: SupervisorState | None, *, stopping: bool
) -> SupervisorState:
    state = SupervisorState(
        pid=os.getpid(), started=started, stopping=stopping, processes=tuple(each.state for each in children)
    )
    if state != written:
        draft = run_dir / f"{STATE}.new"
        draft.write_text(state.model_dump_json())
        draft.replace(run_dir / STATE)
    return state


def _stop(children: list[_Child], within: float) -> None:
    running = [each.running for each in children if each.running is not None]
    for process in running:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
    deadline = clock.monotonic() + within
    while any(process.poll() is None for process in running) and clock.monotonic() < deadline:
        time.sleep(0.02)
    for process in running:
        if process.poll() is None:
            log.error("process did not stop in time; killing it", pid=process.pid, seconds=within)
            os.kill(process.pid, signal.SIGKILL)
            while process.poll() is None:
                time.sleep(0.01)
