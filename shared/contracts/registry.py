"""Every event by its type: found from the files beside this one, so that a new event is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from shared.contracts import events
from shared.contracts.event import Event
from shared.contracts.topics import TOPICS, TopicClass


@cache
def event_types() -> dict[str, type[Event]]:
    """type → class, for every file in `events/`. Raises RuntimeError where two files claim one type."""
    found: dict[str, type[Event]] = {}
    for module in pkgutil.iter_modules(events.__path__):
        loaded = importlib.import_module(f"{events.__name__}.{module.name}")
        for value in vars(loaded).values():
            if isinstance(value, type) and issubclass(value, Event) and value.__module__ == loaded.__name__:
                if value.type in found:
                    raise RuntimeError(f"event type {value.type} stands in two files; rename one")
                found[value.type] = value
    return dict(sorted(found.items()))


def events_of(topic: str) -> list[type[Event]]:
    """The events that travel on `topic`, by type."""
    return [event for event in event_types().values() if event.travels_on(TOPICS[topic])]


def state_event(topic: str) -> type[Event]:
    """The one event of a compacted topic, which carries the full state."""
    (event,) = events_of(topic)
    assert event.topic.kind is TopicClass.STATE
    return event
