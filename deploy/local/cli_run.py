"""Commands that start and stop the stack, and show its logs."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import Annotated

import typer

from deploy.local import console, running, up
from deploy.local.console import tell, text
from deploy.local.layout import Layout
from deploy.local.trouble import Trouble
from shared.kernel import clock

_STOP_SECONDS = 60.0

app = typer.Typer()


@app.command("up")
def _up(
    demo: Annotated[bool, typer.Option(help="play a demo day where the stores are empty")] = True,
) -> None:
    """Start everything and stay until Ctrl-C."""
    up.up(Layout.from_environment(), demo=demo)


@app.command("down")
def _down() -> None:
    """Stop the copy that runs on this data folder; data survive."""
    layout = Layout.from_environment()
    if not running.is_running(layout):
        tell("was-not-running")
        return
    stop(layout)
    tell("stopped", folder=layout.data)


@app.command("reset")
def _reset(yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Delete all data of this copy."""
    layout = Layout.from_environment()
    if not (yes or typer.confirm(text("reset-ask", folder=layout.data))):
        tell("reset-kept")
        raise typer.Exit(1)
    if running.is_running(layout):
        stop(layout)
    for path in layout.own_files():
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    tell("reset-done", folder=layout.data)


def stop(layout: Layout) -> None:
    """Asks the running copy to stop and waits. Raises Trouble(`not-stopping`) after a minute."""
    state = running.read(layout)
    if state is None:
        return
    os.kill(state["pid"], signal.SIGTERM)
    until = clock.monotonic() + _STOP_SECONDS
    while running.is_running(layout):
        if clock.monotonic() > until:
            raise Trouble("not-stopping", pid=state["pid"], seconds=int(_STOP_SECONDS), logs=layout.logs)
        time.sleep(0.1)


@app.command("logs")
def _logs(
    name: Annotated[str | None, typer.Argument(help="one log; default: list them")] = None,
    lines: Annotated[int, typer.Option("-n", min=1, help="how many of the last lines")] = 50,
    follow: Annotated[bool, typer.Option("-f", help="go on showing new lines until Ctrl-C")] = False,
) -> None:
    """Show the last lines of a log."""
    files = Layout.from_environment().log_files()
    if name is None:
        for each, path in files.items():
            console.out.print(f"{each:32} {path}", markup=False)
        return
    if name not in files:
        raise Trouble("no-such-log", name=name, names=", ".join(files) or "–")
    with files[name].open(encoding="utf-8", errors="replace") as file:
        console.out.print("".join(file.readlines()[-lines:]), end="", markup=False)
        while follow:
            try:
                time.sleep(0.3)
            except KeyboardInterrupt:
                return
            console.out.print(file.read(), end="", markup=False)
