"""The committed JSON Schemas: one file per event and version, made from the classes in `events/`."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Any

from shared.contracts.event import Event, Value

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def schema_file(event: type[Event]) -> str:
    """The name of the file in `schemas/`."""
    return f"{event.type}.{event.version}.json"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of what a writer sends; readers pass over fields that they do not know."""
    schema = event.model_json_schema(mode="serialization")
    _describe(schema, event)
    for name, part in schema.get("$defs", {}).items():
        _describe(part, _parts(event)[name])
    schema.pop("additionalProperties", None)
    return {"$schema": _SCHEMA, "$id": event.dataschema(), **schema, "title": event.type}


def sentence(event: type[Event]) -> str:
    """What has happened, in one sentence."""
    return inspect.cleandoc(event.__doc__ or "").split("\n\n")[0].replace("\n", " ")


@cache
def field_notes(part: type[Value]) -> dict[str, str]:
    """Field → the docstring below it, for those that have one."""
    (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(part))).body
    assert isinstance(tree, ast.ClassDef)
    notes: dict[str, str] = {}
    for before, here in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
            match here:
                case ast.Expr(value=ast.Constant(value=str(note))):
                    notes[before.target.id] = " ".join(note.split())
                case _:
                    pass
    return notes


def _parts(event: type[Event]) -> dict[str, type[Value]]:
    module = inspect.getmodule(event)
    values = vars(module).values()
    return {value.__name__: value for value in values if isinstance(value, type) and issubclass(value, Value)}


def _describe(schema: dict[str, Any], part: type[Value]) -> None:
    """Puts the notes in, and takes out the titles that only repeat the names."""
    notes = field_notes(part)
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if name in notes:
            field["description"] = notes[name]
    schema.pop("additionalProperties", None)
    schema["description"] = " ".join(inspect.cleandoc(part.__doc__ or "").split())
