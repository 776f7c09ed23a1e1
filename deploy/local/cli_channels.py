"""Commands about channels and their keys. A key is shown once; what is kept of it is a hash."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from deploy.local import stores
from deploy.local.console import tell, tell_json, tell_table
from deploy.local.layout import Layout
from deploy.local.operating import By, Json, actor

app = typer.Typer()
channel = typer.Typer(help="Channels that may send complaints and enquiries, and their keys.", no_args_is_help=True)
app.add_typer(channel, name="channel")

Name = Annotated[str, typer.Argument(help="e.g. web-form")]


@channel.command("add")
def _add(name: Name, json: Json = False) -> None:
    """Register a channel, or give it a new key instead of all others. The key is shown this once."""
    from services.intake.channels.operator import channel_add

    key = stores.ask_intake(Layout.from_environment(), lambda database: channel_add(database, name))
    tell_json({"name": name, "key": key}) if json else typer.echo(key)


@channel.command("rotate")
def _rotate(
    name: Name,
    overlap: Annotated[float, typer.Option(min=0, max=24 * 90, help="hours that the old keys are good still")] = 24,
    by: By = None,
    json: Json = False,
) -> None:
    """Give a channel one more key; the old ones end later, so that nothing has to stop meanwhile."""
    from services.intake.channels.operator import channel_rotate

    layout, good_for = Layout.from_environment(), timedelta(hours=overlap)
    key = stores.ask_intake(layout, lambda database: channel_rotate(database, name, overlap=good_for, by=actor(by)))
    tell_json({"name": name, "key": key, "overlap_hours": overlap}) if json else typer.echo(key)


@channel.command("keys")
def _keys(name: Name, json: Json = False) -> None:
    """List a channel's keys by the first digits of their hashes, and when each ends."""
    from services.intake.channels.operator import channel_keys

    found = stores.ask_intake(Layout.from_environment(), lambda database: channel_keys(database, name))
    rows = [{"key": key.short, "created_at": key.created_at, "ends": key.ends} for key in found]
    if json:
        tell_json(rows)
    else:
        tell_table(("head-key", "head-made", "head-ends"), [tuple(row.values()) for row in rows])


@channel.command("revoke")
def _revoke(
    name: Name, key: Annotated[str, typer.Argument(help="as `frontdesk channel keys` shows it")], by: By = None
) -> None:
    """End one key now. A process may believe it for five more seconds."""
    from services.intake.channels.operator import channel_revoke

    layout = Layout.from_environment()
    stores.ask_intake(layout, lambda database: channel_revoke(database, name, key, by=actor(by)))
    tell("key-revoked", key=key, name=name)


@channel.command("close")
def _close(name: Name, by: By = None) -> None:
    """Let nobody in by a channel any more; `add` opens it again."""
    from services.intake.channels.operator import channel_close

    stores.ask_intake(Layout.from_environment(), lambda database: channel_close(database, name, by=actor(by)))
    tell("channel-closed", name=name)
