"""`python -m tests.support.house_parent`: has loaded all code once and forks each role of a test's house from it.

Reads a line of JSON per order from its standard input and answers with one: `{"start": {…}}` → `{"pid": 1}`,
`{"poll": 1}` → `{"code": null}`. When the input ends, because the test run asks for it or has died, it stops its
processes and leaves. A process that has died is not reaped before somebody asks, so no pid is used twice.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from deploy.local.layout import SERVICES
from shared.kernel import clock
from shared.runtime import child
from shared.runtime.plan import ProcessPlan
from shared.runtime.supervising import PRELOAD

_STOP_SECONDS = 15.0


def main() -> None:
    """Forks and reaps until the input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for module in (*PRELOAD, *(f"services.{service}.service" for service in SERVICES)):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    running: dict[int, child.Running] = {}
    try:
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(orjson.dumps(_obey(orjson.loads(line), running)) + b"\n")
            sys.stdout.buffer.flush()
    finally:
        _stop(running)


def _obey(order: dict[str, Any], running: dict[int, child.Running]) -> dict[str, Any]:
    if "poll" in order:
        return {"code": running[order["poll"]].poll()}
    asked = order["start"]
    plan = ProcessPlan.model_validate(asked["plan"])
    env = {**plan.env, "FRONTDESK_PROCESS_NAME": plan.name, "FRONTDESK_SUPERVISOR": str(os.getpid())}
    process = child.start(plan, Path(asked["log"]), env, fork=child.CAN_FORK, after_fork=lambda: None)
    running[process.pid] = process
    return {"pid": process.pid}


def _stop(running: dict[int, child.Running]) -> None:
    alive = [process for process in running.values() if process.poll() is None]
    for process in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    last = clock.monotonic() + _STOP_SECONDS
    while any(process.poll() is None for process in alive) and clock.monotonic() < last:
        time.sleep(0.02)
    for process in alive:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
