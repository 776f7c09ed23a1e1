"""Plays a demo day and tells what came of it."""

from __future__ import annotations

from deploy.local import stores
from deploy.local.console import tell, tell_table
from deploy.local.demo.report import DemoReport
from deploy.local.layout import SERVICES, Layout


def play(layout: Layout) -> DemoReport:
    """One new day on the running stack, whose own people and addresses are counted alone. Raises Trouble."""
    from deploy.local.demo import day  # loads clients that no other command needs

    return day.play(layout)


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
