"""Rules for every event: documented, keyed, and no personal data where it does not belong."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from shared.contracts.event import Event, Value
from shared.contracts.registry import event_types, events_of
from shared.contracts.schemas import sentence
from shared.contracts.topics import SERVICES, TOPICS, Topic, TopicClass

EVENTS = list(event_types().values())

PERSONAL = frozenset(
    {"name", "phone", "email", "mobile", "fax", "address", "value", "sender", "recipient", "contact", "birthday"}
    | {"gender", "id_number", "passport", "plate", "ip", "password", "token", "secret", "url"}
    | {"text", "subject", "words", "note", "comment", "remark", "body"}
)
"""Field names that hold what a person is, has or said."""

PERSONAL_ENDINGS = ("_name", "_phone", "_email", "_address", "_text", "_note", "_words", "_comment", "_number_plate")

ALLOWED = frozenset({("department-changed", "name")})
"""(event, field) that only looks personal; say why: a department's name is no person's."""


def _fields(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    """(path, own name) of every field, inner ones too."""
    for name, field in model.model_fields.items():
        yield f"{path}{name}", name
        for inner in _models(field.annotation):
            yield from _fields(inner, f"{path}{name}.")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def looks_personal(name: str) -> bool:
    """Whether a field of this name would hold personal data."""
    return name in PERSONAL or name.endswith(PERSONAL_ENDINGS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_personal_data_travel_only_on_topics_marked_so(event: type[Event]) -> None:
    if event.topic.personal:
        return
    found = [path for path, name in _fields(event) if looks_personal(name) and (event.type, path) not in ALLOWED]
    assert found == [], f"{event.type} travels on {event.topic.name} for 400 days: name people by id instead"


def test_the_rule_knows_personal_fields_when_it_sees_them() -> None:
    assert looks_personal("phone")
    assert looks_personal("guest_name")
    assert not looks_personal("address_id")
    assert not looks_personal("subject_id")
    party = event_types()["party-changed"]
    assert "addresses.value" in [path for path, name in _fields(party) if looks_personal(name)]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_every_event_stands_in_a_file_of_its_name_and_says_what_happened(event: type[Event]) -> None:
    module = importlib.import_module(event.__module__)
    assert event.__module__.rpartition(".")[2] == event.type.replace("-", "_")
    assert event.__name__ == "".join(part.capitalize() for part in event.type.split("-"))
    assert sentence(event).endswith(".")
    assert (module.__doc__ or "").startswith(f"{event.type}: ")
    assert event.key in event.model_fields
    assert event.model_fields[event.key].is_required(), "the key is never guessed"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_parts_of_events_are_values_too(event: type[Event]) -> None:
    for _, inner in inspect.getmembers(importlib.import_module(event.__module__), inspect.isclass):
        if inner.__module__ == event.__module__:
            assert issubclass(inner, Value), f"{inner.__name__} must be a Value: frozen and strict"


@pytest.mark.parametrize("known", TOPICS.values(), ids=lambda topic: topic.name)
def test_every_topic_carries_something_and_belongs_to_somebody(known: Topic) -> None:
    assert events_of(known.name)
    assert known.producers
    assert known.producers | known.consumers <= set(SERVICES)
    if known.kind is TopicClass.STATE:
        assert len(events_of(known.name)) == 1
        assert known.producers <= known.consumers, "its owner must see when a late relay overwrites a newer record"
    if known.kind is TopicClass.SEQUENCED:
        assert not known.personal
        assert len(known.producers) == 1
