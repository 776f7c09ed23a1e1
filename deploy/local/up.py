"""`frontdesk up`: from nothing to all ready, then there until Ctrl-C, then everything stopped in order."""

from __future__ import annotations

import os
import signal
import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from deploy.local import aot, environment, jars, preflight
from deploy.local.console import out, tell, tell_step, tell_table, text
from deploy.local.layout import SERVICES, Layout
from deploy.local.running import Running
from deploy.local.stack import Stack, in_ci
from deploy.local.trouble import Trouble
from shared.kernel import clock

_WATCH_SECONDS = 0.5


def up(layout: Layout, *, demo: bool = True) -> None:
    """Blocks until SIGINT, SIGTERM or SIGHUP. Raises Trouble; whatever it started is stopped then."""
    began = clock.monotonic()
    for ended_by in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended_by, signal.default_int_handler)  # all three as Ctrl-C: the `finally` below stops the rest
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    running = Running(layout)
    running.claim()
    try:
        preflight.check(layout)
        running.tell(kafka_secured=environment.kafka_secured(layout))
        with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), transient=True) as bar:
            stack = Stack(layout, tell_step, _jar_bar(bar))
            _run(layout, running, stack, began, demo)
    except KeyboardInterrupt:
        pass
    finally:
        running.release()


def _run(layout: Layout, running: Running, stack: Stack, began: float, demo: bool) -> None:
    training = aot.Training(stack.kafka)
    try:
        stack.start()
        from deploy.local import demo_report  # loads the database library, which shall not hold up the start

        start_seconds = clock.monotonic() - began
        running.tell(ready=True, start_seconds=round(start_seconds, 2))
        _say_ready(layout, start_seconds)
        if demo and demo_report.stores_are_empty(layout):
            _play(layout)
        tell("stays", credentials=layout.credentials)
        out.file.flush()
        if not in_ci():
            training.begin()
        _watch(stack)
    finally:
        for further in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(further, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
        running.tell(ready=False)
        tell_step("stopping")
        training.cancel()
        stack.stop()
        tell("stopped", folder=layout.data)


def _play(layout: Layout) -> None:
    from deploy.local import demo_report

    tell_step("playing-demo")
    try:
        demo_report.show(demo_report.play(layout))
    except Trouble as trouble:  # the stack runs; the person may look what went wrong, and play again
        tell(trouble.code, **trouble.values)


def _watch(stack: Stack) -> None:
    while True:
        time.sleep(_WATCH_SECONDS)
        for name in stack.mend():
            tell("died", name=name)


def _say_ready(layout: Layout, start_seconds: float) -> None:
    from shared.runtime.supervisor import Supervisor

    status = Supervisor(layout.run).status()
    if status is not None:
        megabytes = status.pss_bytes / 1e6
        tell("all-ready", seconds=start_seconds, processes=len(status.processes) + 1, megabytes=megabytes)
    rows = [(service, f"{layout.api(service)}/docs") for service in SERVICES]
    tell_table(("head-service", "head-address"), [*rows, ("sandbox", layout.inbox)], title="title-addresses")


def _jar_bar(bar: Progress) -> jars.Progress:
    task = bar.add_task(text("fetching-jars"), visible=False)

    def told(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of, visible=done < of)

    return told
