"""`frontdesk brake`, `outbox` and `events`: what stops a consumer, what is stuck on its way out, what is sent again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local import stores
from deploy.local.console import tell, tell_json, tell_table, text
from deploy.local.layout import Layout
from deploy.local.operating import By, Json, OneService, ServiceName, Yes, actor, chosen, tell_rehearsed
from deploy.local.trouble import Trouble
from shared.contracts.topics import TOPICS, TopicClass
from shared.messaging import brake as braking
from shared.messaging import held_admin, outbox_acts, replaying, republishing
from shared.messaging.long_work import Progress as Done
from shared.messaging.long_work import RelayStands, Step, TakenOver, Work, run_in_steps
from shared.messaging.outbox_acts import OutboxAct
from shared.messaging.replaying import Which
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

Positions = Annotated[list[int], typer.Argument(min=1, help="positions, as `frontdesk outbox` shows them")]
Instant = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])]
Discarding = Callable[..., Awaitable[list[OutboxAct]]]

app = typer.Typer()
brake = typer.Typer(
    help="Consumers that stopped because most reactions of their build raise.", invoke_without_command=True
)
outbox = typer.Typer(help="Events that are decided but not yet published.", invoke_without_command=True)
events = typer.Typer(help="Publish again what was published before.", no_args_is_help=True)
app.add_typer(brake, name="brake")
app.add_typer(outbox, name="outbox")
app.add_typer(events, name="events")


@brake.callback()
def _brake(context: typer.Context, json: Json = False) -> None:
    if context.invoked_subcommand is not None:
        return
    layout = Layout.from_environment()
    rows = [
        {"service": each, **asdict(row)}
        for each in chosen(None)
        for row in stores.ask(layout, each, braking.list_brakes)
    ]
    if json:
        tell_json(rows)
    elif not rows:
        tell("none-braked")
    else:
        columns = ("service", "code_version", "since", "things", "raised", "reacted", "reason")
        heads = ("service", "build", "since", "things", "raised", "reacted", "reason")
        tell_table([f"head-{head}" for head in heads], [tuple(row[column] for column in columns) for row in rows])


@brake.command("release")
def _release(service: ServiceName, yes: Yes = False, by: By = None) -> None:
    """Let a service's consumer go on within a second. Another build goes on by itself."""
    question = partial(braking.release_brakes, by=actor(by))
    released = stores.ask(Layout.from_environment(), service, question, rehearse=not yes)
    if not released:
        tell("none-braked")
        return
    tell("brake-released" if yes else "would-release", builds=", ".join(each.code_version for each in released))
    tell_rehearsed(yes)


@outbox.callback()
def _outbox(context: typer.Context, service: OneService = None, json: Json = False) -> None:
    if context.invoked_subcommand is not None:
        return
    layout = Layout.from_environment()
    rows = [
        {"service": each, **asdict(row)}
        for each in chosen(service)
        for row in stores.ask(layout, each, held_admin.list_unpublished)
    ]
    if json:
        tell_json(rows)
        return
    columns = ("service", "position", "topic", "key", "type", "created_at", "stuck_reason")
    heads = ("service", "position", "topic", "key", "event", "waiting", "stuck")
    tell_table([f"head-{head}" for head in heads], [tuple(row[column] for column in columns) for row in rows])


@outbox.command("retry")
def _outbox_retry(
    service: ServiceName, positions: Positions, yes: Yes = False, by: By = None, json: Json = False
) -> None:
    """Send stuck events again: the broker's settings have been mended."""
    _on_stuck(service, outbox_acts.retry_stuck, positions, yes=yes, by=by, json=json)


@outbox.command("discard")
def _outbox_discard(
    service: ServiceName, positions: Positions, yes: Yes = False, by: By = None, json: Json = False
) -> None:
    """Give stuck events up. On a sequenced topic `event-withdrawn` takes their number, so that readers go on."""
    _on_stuck(service, outbox_acts.discard_stuck, positions, yes=yes, by=by, json=json)


@events.command("republish")
def _republish(topic: str, yes: Yes = False, by: By = None, json: Json = False) -> None:
    """Publish every state and tombstone of a topic again: for a new service, a wiped broker, a lost copy."""
    known = TOPICS.get(topic)
    if known is None or known.kind is not TopicClass.STATE:
        states = sorted(name for name, each in TOPICS.items() if each.kind is TopicClass.STATE)
        raise Trouble("no-state-topic", topic=topic, names=", ".join(states))
    (owner,) = known.producers
    layout = Layout.from_environment()
    total = stores.ask(layout, owner, partial(republishing.how_many, topic=topic))
    if not yes:
        tell_json({"done": False, "keys": total}) if json else tell("would-republish", count=total, service=owner)
        if not json:
            tell_rehearsed(yes)
        return
    work = partial(_republish_some, topic=topic)
    _long(layout, owner, f"republish {topic}", work, total=total, start="", by=by, action="republish", json=json)


@events.command("replay")
def _replay(
    service: ServiceName,
    topic: Annotated[str | None, typer.Option(help="only this topic")] = None,
    key: Annotated[str | None, typer.Option(help="only this thing")] = None,
    since: Instant = None,
    until: Instant = None,
    yes: Yes = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Publish again, as it was, what an outbox still keeps: for a wiped broker or a reader with a lost database."""
    if topic is not None and service not in (TOPICS[topic].producers if topic in TOPICS else ()):
        owned = sorted(name for name, each in TOPICS.items() if service in each.producers)
        raise Trouble("not-its-topic", service=service, topic=topic, names=", ".join(owned))
    layout, which = Layout.from_environment(), Which(topic, key, since, until)
    if not yes:
        rows = stores.ask(layout, service, partial(replaying.kept, which=which))
        if json:
            tell_json({"done": False, "topics": [asdict(row) for row in rows]})
            return
        heads = ("head-topic", "head-count", "head-oldest", "head-newest")
        tell_table(heads, [(row.topic, row.events, row.oldest, row.newest) for row in rows])
        tell_rehearsed(yes)
        return
    first, last = stores.ask(layout, service, replaying.ends)
    work = partial(_replay_some, which=which, last=last)
    _long(layout, service, which.name, work, total=last - first, start=str(first), by=by, action="replay", json=json)


async def _republish_some(uow: UnitOfWork, after: str, *, topic: str) -> Step:
    return await republishing.republish_some(uow, topic, after)


async def _replay_some(uow: UnitOfWork, after: str, *, which: Which, last: int) -> Step:
    return await replaying.replay_some(uow, which, after, last)


def _long(
    layout: Layout,
    service: str,
    name: str,
    work: Work,
    *,
    total: int,
    start: str,
    by: str | None,
    action: str,
    json: bool,
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done = Done(0, 0, ended=False)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total)

        async def act(database: Database) -> Done:
            latest = done
            async for latest in run_in_steps(database, name, work, start=start, by=actor(by), action=action):
                bar.update(task, completed=latest.looked_at)
            return latest

        try:
            done = stores.work(layout, service, act)
        except RelayStands:
            raise Trouble("relay-stands", service=service) from None
        except TakenOver:
            raise Trouble("taken-over", name=name) from None
    if json:
        tell_json({"done": True, "published": done.published})
    else:
        tell("published-again", count=done.published, service=service)


def _on_stuck(service: str, doing: Discarding, positions: list[int], *, yes: bool, by: str | None, json: bool) -> None:
    async def question(uow: UnitOfWork) -> list[OutboxAct]:
        return await doing(uow, positions, by=actor(by))

    acts = stores.ask(Layout.from_environment(), service, question, rehearse=not yes)
    missing = sorted(set(positions) - {act.position for act in acts})
    if json:
        tell_json({"done": yes, "events": [asdict(act) for act in acts]})
    elif acts:
        heads = ("head-position", "head-topic", "head-key", "head-event", "head-outcome")
        rows = [
            (act.position, act.topic, act.key, act.type, text(f"outbox-{act.refused or act.became}")) for act in acts
        ]
        tell_table(heads, rows)
        tell_rehearsed(yes)
    if missing:
        raise Trouble("not-stuck", service=service, positions=", ".join(map(str, missing)))
