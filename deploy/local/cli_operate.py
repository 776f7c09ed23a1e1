"""Commands for those who operate: topics, lag, outboxes, held events, migrations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal, TypeVar

import typer

from deploy.local import environment, running, stores
from deploy.local.console import tell, tell_json, tell_table
from deploy.local.layout import SERVICES, Layout
from deploy.local.stores import migrate_all
from deploy.local.trouble import Trouble
from shared.contracts.topics import TOPICS
from shared.messaging import control, held_admin
from shared.runtime.settings import CommonSettings

Json = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
ServiceName = Literal["intake", "complaints", "callbacks", "notify"]
OneService = Annotated[ServiceName | None, typer.Option("--service", help="one service; default: all")]

Row = TypeVar("Row")

app = typer.Typer()
topics = typer.Typer(help="Kafka's topics: show them, or declare what is missing.", invoke_without_command=True)
held = typer.Typer(help="Events that are held back: list, show, retry.", no_args_is_help=True)
app.add_typer(topics, name="topics")
app.add_typer(held, name="held")


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


@app.command("outbox")
def _outbox(service: OneService = None, json: Json = False) -> None:
    """Show events that are decided but not yet published."""
    layout = Layout.from_environment()
    rows = [
        {"service": each, **asdict(row)}
        for each in _chosen(service)
        for row in stores.ask(layout, each, held_admin.list_unpublished)
    ]
    if json:
        tell_json(rows)
    else:
        tell_table(
            ("head-service", "head-topic", "head-key", "head-event", "head-waiting", "head-stuck"),
            [
                tuple(row[column] for column in ("service", "topic", "key", "type", "created_at", "stuck_reason"))
                for row in rows
            ],
        )


@held.command("list")
def _held_list(
    service: OneService = None,
    state: Annotated[
        Literal["waiting", "failed", "refused", "dead"] | None, typer.Option("--state", help="only those in this state")
    ] = None,
    json: Json = False,
) -> None:
    """List held events, the longest held first."""
    layout = Layout.from_environment()
    rows = [
        {"service": each, **asdict(row)}
        for each in _chosen(service)
        for row in stores.ask(layout, each, partial(held_admin.list_held, state=state))
    ]
    if json:
        tell_json(rows)
    elif not rows:
        tell("none-held")
    else:
        columns = ("service", "id", "topic", "key", "type", "state", "reason", "tries")
        heads = ("service", "number", "topic", "key", "event", "state", "reason", "tries")
        tell_table([f"head-{head}" for head in heads], [tuple(row[column] for column in columns) for row in rows])


@held.command("show")
def _held_show(service: ServiceName, number: int, json: Json = False) -> None:
    """Show one held event, texts masked."""
    found = stores.ask(Layout.from_environment(), service, partial(held_admin.show_held, held_id=number))
    if found is None:
        raise Trouble("no-such-held", service=service, number=number)
    if json:
        tell_json(found)
    else:
        tell_table(("head-name", "head-what"), list(found.items()))


@held.command("retry")
def _held_retry(service: ServiceName, numbers: Annotated[list[int], typer.Argument(min=1)]) -> None:
    """Have held events tried again now; recorded in the service's audit trail."""
    layout = Layout.from_environment()
    done = stores.ask(layout, service, partial(held_admin.retry_held, ids=numbers, by="operator"))
    missing = sorted(set(numbers) - set(done))
    if done:
        tell("held-retried", numbers=", ".join(map(str, done)))
    if missing:
        raise Trouble("no-such-held", service=service, number=", ".join(map(str, missing)))


def _chosen(service: str | None) -> tuple[str, ...]:
    return SERVICES if service is None else (service,)


def _asked(question: Callable[[str], list[Row]]) -> list[Row]:
    layout = Layout.from_environment()
    bootstrap = environment.kafka_bootstrap(layout)
    try:
        return question(bootstrap)
    except control.Unreachable as error:
        if environment.kafka_elsewhere() is None and not running.is_running(layout):
            raise Trouble("not-running", folder=layout.data) from error
        raise Trouble("kafka-silent", bootstrap=bootstrap, reason=error) from error
