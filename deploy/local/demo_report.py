"""What a demo day counts, and how the result is told. `demo/day.py` plays it: `play(layout) -> DemoReport`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from deploy.local import stores
from deploy.local.console import tell, tell_table
from deploy.local.layout import SERVICES, Layout


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What came of one day. Seconds from the request, the inbound message or the timer's due instant to "delivered";
    messages deferred by quiet hours are counted apart.
    """

    events: Mapping[str, int]
    tickets: Mapping[str, int]
    visits: Mapping[str, int]
    callbacks: Mapping[str, int]
    messages: Mapping[str, Mapping[str, int]]
    seconds_to_delivered: Mapping[str, float]
    deferred: int
    held: int
    dead: int

    def as_json(self) -> dict[str, Any]:
        """As it is: names to counts, `seconds_to_delivered` with p50 and p99."""
        return asdict(self)


def play(layout: Layout) -> DemoReport:
    """One new day on the running stack, whose own people and addresses are counted alone. Raises Trouble."""
    report: DemoReport = importlib.import_module("deploy.local.demo.day").play(layout)
    return report


def show(report: DemoReport) -> None:
    """As tables and one sentence."""
    kinds = {"tickets": report.tickets, "visits": report.visits, "callbacks": report.callbacks, **report.messages}
    counts = [(f"{kind} {state}", count) for kind, states in kinds.items() for state, count in sorted(states.items())]
    tell_table(("head-event", "head-count"), sorted(report.events.items()), title="title-events")
    tell_table(("head-kind", "head-count"), counts, title="title-demo")
    seconds = report.seconds_to_delivered
    tell("demo-delivered", p50=seconds["p50"], p99=seconds["p99"], deferred=report.deferred)
    if report.held or report.dead:
        tell("demo-held", held=report.held, dead=report.dead)


def stores_are_empty(layout: Layout) -> bool:
    """Whether no service has ever published anything: then `up` plays a day, so that there is something to see."""
    return all(stores.ask(layout, service, stores.is_empty) for service in SERVICES)
