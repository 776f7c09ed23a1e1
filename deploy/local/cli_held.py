"""`frontdesk held`: events that are held back, and what to do about them."""

from __future__ import annotations

import json as json_lines
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from deploy.local import stores
from deploy.local.console import tell, tell_json, tell_table, text
from deploy.local.layout import Layout
from deploy.local.operating import By, Json, OneService, ServiceName, Yes, actor, chosen, tell_rehearsed
from deploy.local.trouble import Trouble
from shared.messaging import held_acts, held_admin
from shared.messaging.held_acts import Act
from shared.messaging.held_admin import Choice
from shared.store.unit_of_work import UnitOfWork

StateName = Literal["waiting", "failed", "refused", "dead"]
Numbers = Annotated[list[int] | None, typer.Argument(help="as listed; none: all that fit the options")]
State = Annotated[StateName | None, typer.Option("--state", help="only those in this state")]
Topic = Annotated[str | None, typer.Option("--topic", help="only those of this topic")]
Reason = Annotated[str | None, typer.Option("--reason", help="only those with this reason, or this first word of it")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="the oldest so many of them")]

Doing = Callable[..., Awaitable[list[Act]]]

app = typer.Typer()
held = typer.Typer(help="Events that are held back: see, retry, discard, export.", no_args_is_help=True)
app.add_typer(held, name="held")


@held.command("list")
def _list(
    service: OneService = None,
    state: State = None,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List held events, the longest held first."""
    layout = Layout.from_environment()
    choice = Choice(None, state, topic, reason, limit)
    rows = [
        {"service": each, **asdict(row)}
        for each in chosen(service)
        for row in stores.ask(layout, each, partial(held_admin.list_held, choice=choice))
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
def _show(service: ServiceName, number: int, json: Json = False) -> None:
    """Show one held event, texts masked."""
    found = stores.ask(Layout.from_environment(), service, partial(held_admin.show_held, held_id=number))
    if found is None:
        raise Trouble("no-such-held", service=service, number=number)
    if json:
        tell_json(found)
    else:
        tell_table(("head-name", "head-what"), list(found.items()))


@held.command("retry")
def _retry(
    service: ServiceName,
    numbers: Numbers = None,
    state: State = None,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 100,
    yes: Yes = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Have held events tried again now. Named ones at once; those that fit options with --yes."""
    choice = _choice(numbers, state, topic, reason, limit)
    acts = _act(service, held_acts.retry, choice, yes=yes or bool(numbers), by=by, json=json)
    done = [act.id for act in acts if act.refused is None]
    if done and numbers and not json:
        tell("held-retried", numbers=", ".join(map(str, done)))


@held.command("discard")
def _discard(
    service: ServiceName,
    numbers: Numbers = None,
    state: State = None,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 100,
    yes: Yes = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Give held events up for good: this service never reacts to them. What waits behind them goes on."""
    _act(service, held_acts.discard, _choice(numbers, state, topic, reason, limit), yes=yes, by=by, json=json)


@held.command("accept-gap")
def _accept_gap(
    service: ServiceName,
    numbers: Numbers = None,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 100,
    yes: Yes = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Go on without the numbers that the things of these held events wait for; they are dropped if they come."""
    _act(service, held_acts.accept_gap, _choice(numbers, None, topic, reason, limit), yes=yes, by=by, json=json)


@held.command("export")
def _export(
    service: ServiceName,
    file: Annotated[Path, typer.Argument(help="is made with mode 0600; must not be there yet")],
    numbers: Numbers = None,
    state: State = None,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 100,
    yes: Yes = False,
    by: By = None,
) -> None:
    """Write held events as they came, a line of JSON each, bytes in base64. They hold what people wrote."""
    layout, choice = Layout.from_environment(), _choice(numbers, state, topic, reason, limit)
    if not yes:
        tell("would-export", count=len(stores.ask(layout, service, partial(held_admin.list_held, choice=choice))))
        tell_rehearsed(yes)
        return
    with _private(file) as lines:

        def write(row: dict[str, Any]) -> None:
            lines.write(json_lines.dumps(row, default=str) + "\n")

        count = stores.ask(layout, service, partial(held_admin.export_held, choice=choice, write=write, by=actor(by)))
    tell("exported", count=count, file=file)


def _private(file: Path) -> Any:
    try:
        return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except FileExistsError:
        raise Trouble("file-exists", file=file) from None


def _choice(
    numbers: Sequence[int] | None, state: str | None, topic: str | None, reason: str | None, limit: int
) -> Choice:
    choice = Choice(tuple(numbers) if numbers else None, state, topic, reason, limit)
    if not choice.names_something:
        raise Trouble("choose-held")
    return choice


def _act(service: str, doing: Doing, choice: Choice, *, yes: bool, by: str | None, json: bool) -> list[Act]:
    async def question(uow: UnitOfWork) -> list[Act]:
        return await doing(uow, choice, by=actor(by))

    acts = stores.ask(Layout.from_environment(), service, question, rehearse=not yes)
    missing = sorted(set(choice.ids or ()) - {act.id for act in acts})
    if json:
        tell_json({"done": yes, "events": [asdict(act) for act in acts]})
    elif acts:
        heads = ("head-number", "head-topic", "head-key", "head-sequence", "head-outcome")
        tell_table(heads, [(act.id, act.topic, act.key, act.sequence, _outcome(act)) for act in acts])
        tell_rehearsed(yes)
    elif not missing:
        tell("none-held")
    if missing:
        raise Trouble("no-such-held", service=service, number=", ".join(map(str, missing)))
    return acts


def _outcome(act: Act) -> str:
    if act.refused is not None:
        return text(f"held-{act.refused}")
    if act.missing is not None:
        return text("gap-of", first=act.missing[0], last=act.missing[1])
    return text("word-yes")
