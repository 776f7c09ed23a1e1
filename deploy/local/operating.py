"""What the commands of operators have in common: who acts, on which service, and whether it is meant."""

from __future__ import annotations

import getpass
import os
from typing import Annotated, Literal

import typer

from deploy.local.console import tell
from deploy.local.layout import SERVICES

ServiceName = Literal["intake", "complaints", "callbacks", "notify"]
OneService = Annotated[ServiceName | None, typer.Option("--service", help="one service; default: all")]
Json = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
Yes = Annotated[bool, typer.Option("--yes", help="do it; without this only what would be done is shown")]
By = Annotated[str | None, typer.Option("--by", help="who is recorded as acting; default: your login's name")]


def chosen(service: str | None) -> tuple[str, ...]:
    """The one that was named, else all."""
    return SERVICES if service is None else (service,)


def actor(by: str | None) -> str:
    """Who acts: who was named, else the name of the login."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def tell_rehearsed(yes: bool) -> None:
    """Says that nothing was changed, where it was not meant."""
    if not yes:
        tell("nothing-changed")
