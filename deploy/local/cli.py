"""The `frontdesk` command: what a person does with the stack on this machine.

A command's module is loaded when the command is called: `up` shall start servers before it loads anything heavy.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import Annotated, Literal

import typer

from deploy.local import console

_MODULES = {
    "up": "cli_run",
    "down": "cli_run",
    "reset": "cli_run",
    "logs": "cli_run",
    "status": "cli_look",
    "doctor": "cli_look",
    "demo": "cli_people",
    "inbox": "cli_people",
    "staff": "cli_people",
    "channel": "cli_channels",
    "token": "cli_people",
    "topics": "cli_operate",
    "lag": "cli_operate",
    "held": "cli_held",
    "brake": "cli_events",
    "outbox": "cli_events",
    "events": "cli_events",
    "migrate": "cli_operate",
}


def command(modules: Iterable[str]) -> typer.Typer:
    """`frontdesk` with the commands of these modules."""
    app = typer.Typer(
        help="Frontdesk on this machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        callback=_language,
    )
    for module in modules:
        part: typer.Typer = importlib.import_module(f"deploy.local.{module}").app
        app.registered_commands += part.registered_commands
        app.registered_groups += part.registered_groups
    return app


def _language(
    lang: Annotated[
        Literal["en", "zh-CN"] | None, typer.Option("--lang", help="language of the output; default: that of LANG")
    ] = None,
) -> None:
    console.speak(lang)


def main() -> None:
    """Runs the command. What a person can mend ends with one sentence and exit code 1."""
    wanted = next((word for word in sys.argv[1:] if word in _MODULES), None)
    modules = dict.fromkeys(_MODULES.values()) if wanted is None else (_MODULES[wanted],)
    with console.plain_failures():
        command(modules)(prog_name="frontdesk")
