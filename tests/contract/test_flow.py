"""The walk over the four services: who publishes what on receiving what, and who listens to whom."""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest

from deploy.contracts import service_of
from shared.contracts.event import Event
from shared.contracts.registry import event_types, events_of
from shared.contracts.topics import EVERY_SEQUENCED, SERVICES, TOPICS, Topic, TopicClass
from shared.messaging.reactions import Reaction
from tests.support.sources import nodes_of, trees

ALL = {name: service_of(name) for name in SERVICES}
REACTIONS = [(name, reaction) for name, service in ALL.items() for reaction in service.reactions]

OPENING = frozenset(
    {
        "case-opened",
        "complaint-reported",
        "complaint-opened",
        "complaint-reopened",
        "callback-planned",
        "visit-requested",
    }
)
"""Events that begin something that somebody will work on."""

Graph = dict[str, set[str]]


def unbound_graph(reactions: list[Reaction]) -> Graph:
    """Event → events that follow by reactions which do not say why a circle ends there."""
    graph: Graph = defaultdict(set)
    for reaction in reactions:
        if reaction.bound is None:
            graph[reaction.event.type] |= {published.type for published in reaction.publishes}
    return graph


def circle_in(graph: Graph) -> list[str] | None:
    """One circle, as the events on it; None where there is none."""
    finished: set[str] = set()

    def walk(event: str, path: list[str]) -> list[str] | None:
        if event in path:
            return [*path[path.index(event) :], event]
        if event in finished:
            return None
        for following in sorted(graph.get(event, ())):
            if found := walk(following, [*path, event]):
                return found
        finished.add(event)
        return None

    return next((found for event in sorted(graph) if (found := walk(event, []))), None)


def test_no_circle_of_events_without_a_bound() -> None:
    circle = circle_in(unbound_graph([reaction for _, reaction in REACTIONS]))
    assert circle is None, f"{' → '.join(circle or [])}: break it, or say in `bound` why it ends"


def test_the_walk_finds_a_circle() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}}) is None


@pytest.mark.parametrize("known", TOPICS.values(), ids=lambda topic: topic.name)
def test_who_is_said_to_read_a_topic_reacts_or_copies_and_nobody_else(known: Topic) -> None:
    readers = set()
    for name, service in ALL.items():
        events: list[type[Event]] = [reaction.event for reaction in service.reactions]
        if known.name in {event.topic.name for event in [*events, *(copy.event for copy in service.copies)]}:
            readers.add(name)
    assert readers == set(known.consumers), f"mend consumers of {known.name} in topics.py, or the service's tables"


@pytest.mark.parametrize("name", SERVICES)
def test_readers_of_a_state_topic_copy_it(name: str) -> None:
    copied = {copy.event.topic.name for copy in ALL[name].copies}
    read = {topic.name for topic in TOPICS.values() if topic.kind is TopicClass.STATE and name in topic.consumers}
    assert copied == read


@pytest.mark.parametrize("name", SERVICES)
def test_one_reaction_per_event_in_a_service(name: str) -> None:
    events = [reaction.event.type for reaction in ALL[name].reactions]
    assert len(events) == len(set(events)), "two reactions to one event: let one call both"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_publishes_only_what_it_owns(name: str) -> None:
    service = ALL[name]
    said = [published for row in (*service.reactions, *service.timers, *service.copies) for published in row.publishes]
    foreign = {event.type for event in said if name not in event.topic.producers}
    assert foreign == set(), f"{name} does not own these; see shared/contracts/topics.py"


def test_a_reaction_that_opens_something_names_the_age_beyond_which_it_does_not() -> None:
    ageless = [
        f"{name}: {reaction.event.type}"
        for name, reaction in REACTIONS
        if OPENING & {event.type for event in reaction.publishes} and reaction.stale_after is None
    ]
    assert ageless == [], "a consumer that was away for a month must not start what nobody waits for: add stale_after"


def test_every_event_is_made_by_a_service_that_owns_its_topic() -> None:
    made: dict[str, set[str]] = {name: _classes_called(f"services/{name}") for name in SERVICES}
    by_the_core = _classes_called("shared/messaging")
    silent = [
        event.type
        for event in event_types().values()
        if not any(event.__name__ in made[name] for name in event.topic.producers)
        and not (event.topic is EVERY_SEQUENCED and event.__name__ in by_the_core)
    ]
    assert silent == [], "nobody makes these: publish them, or take them out of shared/contracts/events"


def test_every_event_of_a_fact_or_sequenced_topic_is_acted_on_or_told_of() -> None:
    heard = {reaction.event.type for _, reaction in REACTIONS}
    unheard_topics = [
        topic.name
        for topic in TOPICS.values()
        if topic.kind is not TopicClass.STATE and not heard & {event.type for event in events_of(topic.name)}
    ]
    assert unheard_topics == []


def _classes_called(folder: str) -> set[str]:
    """Names that are called, or whose methods are: `Event(…)`, `Event.model_validate(…)`."""
    calls: set[str] = set()
    for tree in trees(folder).values():
        for node in nodes_of(tree):
            if isinstance(node, ast.Call):
                made = node.func.value if isinstance(node.func, ast.Attribute) else node.func
                calls |= {made.id} if isinstance(made, ast.Name) else set()
    return calls
