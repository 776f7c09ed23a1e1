"""Commands that tell how the stack and this machine are."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.local import preflight, running, status
from deploy.local.console import tell, tell_json, tell_table, text
from deploy.local.layout import Layout
from deploy.local.setting_list import setting_rows

Json = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]

app = typer.Typer()


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
