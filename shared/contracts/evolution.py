"""How a schema may change: optional additions only. What else changes is a new event type, `….v2`.

Both directions count: yesterday's reader reads today's writer, and today's reader reads records kept for 400 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_WORDS = frozenset({"description", "title", "$id", "$schema", "examples"})


def breaks(older: Schema, newer: Schema) -> list[str]:
    """What a reader of one would not understand of the other, a sentence each; empty where both get along."""
    return list(_object_breaks(older, newer, older, newer, "$"))


def _object_breaks(older: Schema, newer: Schema, old_root: Schema, new_root: Schema, where: str) -> Iterator[str]:
    old, new = older.get("properties", {}), newer.get("properties", {})
    for name in sorted(old.keys() - new.keys()):
        yield f"{where}.{name} was taken away; keep it, or make a new type"
    for name in sorted(new.keys() - old.keys()):
        if name in newer.get("required", ()):
            yield f"{where}.{name} is new and required; give it a default"
    for name in sorted(old.keys() & new.keys()):
        if (name in older.get("required", ())) != (name in newer.get("required", ())):
            yield f"{where}.{name} changed between required and optional"
        yield from _field_breaks(old[name], new[name], old_root, new_root, f"{where}.{name}")


def _field_breaks(older: Schema, newer: Schema, old_root: Schema, new_root: Schema, where: str) -> Iterator[str]:
    older, newer = _resolved(older, old_root), _resolved(newer, new_root)
    if "properties" in older and "properties" in newer:
        yield from _object_breaks(older, newer, old_root, new_root, where)
    elif "items" in older and "items" in newer:
        yield from _field_breaks(older["items"], newer["items"], old_root, new_root, f"{where}[]")
        if _rules(older, "items") != _rules(newer, "items"):
            yield f"{where} has other limits"
    elif _plain(older, old_root) != _plain(newer, new_root):
        yield f"{where} allows other values; add a field or make a new type"


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = root["$defs"][reference.rpartition("/")[2]]
    return found


def _rules(schema: Schema, *without: str) -> Schema:
    return {name: value for name, value in schema.items() if name not in _WORDS and name not in without}


def _plain(value: Any, root: Schema) -> Any:
    """The same without words, references followed, so that two can be compared."""
    if isinstance(value, dict):
        return {name: _plain(inner, root) for name, inner in _rules(_resolved(value, root)).items()}
    return [_plain(inner, root) for inner in value] if isinstance(value, list) else value
