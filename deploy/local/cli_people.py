"""Commands about people and channels: staff, channel keys, tokens, and what the sandbox phone and mailbox received."""

from __future__ import annotations

import typer

app = typer.Typer()
