"""`python -m deploy.local.roles`: every role of every service under the supervisor, in few processes.

Loads all code at once and then waits for the end of its standard input: that is how `up` says that databases and
topics are there. Loading takes as long as Kafka's start, so the two run side by side.
"""

from __future__ import annotations

import importlib
import sys

from deploy.local.layout import Layout
from deploy.local.processes import PROCESSES
from shared.runtime import supervisor
from shared.runtime.plan import Plan, ProcessPlan

# What every role needs; the supervisor loads the rest, if there is one, before it forks.
PRELOAD = ("shared.runtime.main", "shared.runtime.http", "shared.messaging.consumer", "shared.messaging.relay")


def plan(layout: Layout) -> Plan:
    """PROCESSES for the supervisor."""
    return Plan(
        processes=tuple(
            ProcessPlan(
                service=process.service,
                module=f"services.{process.service}.service",
                roles=process.roles,
                env={"FRONTDESK_API_PORT": str(layout.ports.of(process.service))} if "api" in process.roles else {},
            )
            for process in PROCESSES
        ),
        run_dir=layout.run,
        log_dir=layout.logs,
    )


def main() -> int:
    """Blocks until SIGTERM; returns the exit code."""
    whole = plan(Layout.from_environment())
    for module in (*PRELOAD, *(process.module for process in whole.processes)):
        importlib.import_module(module)
    sys.stdin.read()
    whole.run_dir.mkdir(parents=True, exist_ok=True)
    file = whole.run_dir / "plan.json"
    file.write_text(whole.model_dump_json(), encoding="utf-8")
    sys.argv[1:] = ["--plan", str(file)]
    return supervisor.main()


if __name__ == "__main__":
    sys.exit(main())
