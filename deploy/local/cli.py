"""The `frontdesk` command: what a person does with the stack on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import Annotated, Literal

import typer

from deploy.local import console, preflight, running, status, up
from deploy.local.console import tell, tell_json, tell_table, text
from deploy.local.layout import Layout
from deploy.local.operating import operating
from deploy.local.people import people
from deploy.local.setting_list import setting_rows
from deploy.local.trouble import Trouble
from shared.kernel import clock

_STOP_SECONDS = 60.0

Json = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]

app = typer.Typer(
    help="Frontdesk on this machine.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.registered_commands += [*operating.registered_commands, *people.registered_commands]
app.registered_groups += [*operating.registered_groups, *people.registered_groups]


def main() -> None:
    """Runs the command. What a person can mend ends with one sentence and exit code 1."""
    with console.plain_failures():
        app()


@app.callback()
def _language(
    lang: Annotated[
        Literal["en", "zh-CN"] | None, typer.Option("--lang", help="language of the output; default: that of LANG")
    ] = None,
) -> None:
    console.speak(lang)


@app.command("up")
def _up() -> None:
    """Start everything and stay until Ctrl-C."""
    up.up(Layout.from_environment())


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


@app.command("status")
def _status(json: Json = False) -> None:
    """Show processes, readiness, lag, unpublished rows and held events. Exit code 1 where not all is ready."""
    found = status.look(Layout.from_environment())
    if json:
        tell_json(found.as_json())
    else:
        status.show(found)
    if not found.ready:
        raise typer.Exit(1)


@app.command("doctor")
def _doctor(
    json: Json = False,
    settings: Annotated[bool, typer.Option("--settings", help="list every setting of every service instead")] = False,
) -> None:
    """Say what is wrong with this machine and how to mend it. Exit code 1 where something is."""
    layout = Layout.from_environment()
    if settings:
        rows = setting_rows(layout)
        heads = ("head-name", "head-default", "head-value", "head-description")
        if json:
            tell_json([row.as_json() for row in rows])
        else:
            tell_table(heads, [(row.name, row.default, row.value, row.description) for row in rows])
        return
    runs = running.read(layout)
    found = list(preflight.findings(layout, ports_must_be_free=runs is None))
    told = [(each.what, each.trouble and text(each.trouble.code, **each.trouble.values)) for each in found]
    if json:
        tell_json([{"what": what, "trouble": trouble} for what, trouble in told])
    else:
        if runs is not None:
            tell("doctor-runs", pid=runs["pid"])
        tell_table(("head-what", "head-finding"), [(what, trouble or text("well")) for what, trouble in told])
    if any(each.trouble for each in found):
        raise typer.Exit(1)
    if not json:
        tell("doctor-well")


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
