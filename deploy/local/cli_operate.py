"""Commands for those who operate: topics, lag, migrations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal, TypeVar

import typer

from deploy.local import environment, running
from deploy.local.console import tell, tell_json, tell_table, text
from deploy.local.layout import SERVICES, Layout
from deploy.local.stores import migrate_all
from deploy.local.trouble import Trouble
from shared.contracts.access import CHANNELS, all_grants
from shared.contracts.topics import TOPICS
from shared.messaging import control, grants
from shared.messaging.kafka_access import KafkaAccess
from shared.runtime.settings import CommonSettings

Json = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
ServiceName = Literal["intake", "complaints", "callbacks", "notify"]

Row = TypeVar("Row")

app = typer.Typer()
topics = typer.Typer(
    help="Kafka's topics: show them, declare what is missing, see who may use them.", invoke_without_command=True
)
app.add_typer(topics, name="topics")


@topics.callback()
def _topics(context: typer.Context, json: Json = False) -> None:
    if context.invoked_subcommand is not None:
        return
    rows = [
        {
            **asdict(size),
            "class": str(TOPICS[size.name].kind),
            "producers": sorted(TOPICS[size.name].producers),
            "consumers": sorted(TOPICS[size.name].consumers),
        }
        for size in _asked(control.sizes)
    ]
    if json:
        tell_json(rows)
        return
    heads = ("head-topic", "head-class", "head-partitions", "head-records", "head-producers", "head-consumers")
    columns = ("name", "class", "partitions", "records")
    tell_table(
        heads,
        [
            (*(row[column] for column in columns), " ".join(row["producers"]), " ".join(row["consumers"]))
            for row in rows
        ],
    )


@topics.command("declare")
def _declare() -> None:
    """Create the topics of the registry that are missing; existing ones are left alone."""
    settings = CommonSettings()
    new = _asked(partial(control.declare, partitions=settings.topic_partitions, replication=settings.topic_replication))
    tell("topics-declared" if new else "topics-all-there", names=", ".join(new))


@topics.command("access")
def _access(
    apply: Annotated[bool, typer.Option("--apply", help="add what is missing")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="with --apply: take away what is surplus")] = False,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Kafka login of a channel that is not ours; may be repeated")
    ] = None,
    json: Json = False,
) -> None:
    """Compare who may do what on Kafka with the registry; changes nothing without --apply.

    Looks at logins of services and channels only; what others may do is never touched.
    """
    if revoke and not apply:
        raise typer.BadParameter("--revoke needs --apply")
    wanted = all_grants(channel or (CHANNELS,))
    found = _asked(
        partial(grants.mend, wanted=wanted, revoke=revoke) if apply else partial(grants.difference, wanted=wanted)
    )
    rows = [("missing", entry) for entry in found.missing] + [("surplus", entry) for entry in found.surplus]
    done = {"missing": apply, "surplus": apply and revoke}
    if json:
        tell_json([{"difference": what, "mended": done[what], **asdict(entry)} for what, entry in rows])
    elif not rows:
        tell("access-right")
    else:
        heads = ("difference", "principal", "access", "what", "mended")
        tell_table([f"head-{head}" for head in heads], [_access_row(what, entry, done[what]) for what, entry in rows])
    if not all(done[what] for what, _ in rows):
        raise typer.Exit(1)


def _access_row(what: str, entry: grants.Entry, mended: bool) -> tuple[object, ...]:
    wide = "" if entry.pattern == "literal" else f" ({entry.pattern})"
    host = "" if entry.host == "*" else f" @ {entry.host}"
    right = f"{entry.permission} {entry.operation}"
    return text(f"word-{what}"), entry.principal, right, f"{entry.resource} {entry.name}{wide}{host}", mended


@app.command("lag")
def _lag(json: Json = False) -> None:
    """Show how many records each service has still to read, by topic."""
    rows = _asked(partial(control.lags, groups=[f"frontdesk-{service}" for service in SERVICES]))
    if json:
        tell_json([asdict(row) for row in rows])
    else:
        tell_table(
            ("head-service", "head-topic", "head-lag"),
            [(row.group.removeprefix("frontdesk-"), row.topic, row.records) for row in rows],
        )


@app.command("migrate")
def _migrate(service: Annotated[ServiceName | None, typer.Argument(help="one service; default: all")] = None) -> None:
    """Bring databases to this build's newest revision."""
    layout = Layout.from_environment()
    done = migrate_all(layout, SERVICES if service is None else (service,))
    tell("migrated", services=", ".join(done) or "–")


def _asked(question: Callable[[KafkaAccess], Row]) -> Row:
    layout = Layout.from_environment()
    if environment.kafka_elsewhere() is None and not running.is_running(layout):
        raise Trouble("not-running", folder=layout.data)
    access = environment.kafka_access(layout)
    with environment.kafka_asked(access):
        return question(access)
