"""The OpenAPI description: what routes say of themselves, and what is true of all of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.web.problems import MEDIA_TYPE
from shared.web.schemas import Problem

_CHANGES = frozenset({"post", "put", "patch", "delete"})
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "The same key with the same body within 24 hours gets the same answer and is done once.",
}


def operation_id(route: APIRoute) -> str:
    """Tag and function name: stays when a path moves."""
    tag = str(route.tags[0]) if route.tags else "public"
    return f"{tag}-{route.name}".replace("_", "-")


def install_openapi(app: FastAPI) -> None:
    """Makes `/openapi.json` tell of problems and of Idempotency-Key too."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _describe(app: FastAPI) -> dict[str, Any]:
    schema: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(told.pop("$defs"))
    components["Problem"] = told
    for path in schema.get("paths", {}).values():
        for method, operation in path.items():
            _name(operation)
            _add_problems(operation)
            if method in _CHANGES and operation.get("security"):
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return schema


def _name(operation: dict[str, Any]) -> None:
    """In a list of routes the first sentence says more than the function's name, which FastAPI puts there."""
    first, _, rest = operation.pop("description", "").partition("\n")
    if first:
        operation["summary"] = first.rstrip(".")
    if rest.strip():
        operation["description"] = rest.strip()


def _add_problems(operation: dict[str, Any]) -> None:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = operation["responses"]
    responses.pop("422", None)
    if operation.get("security"):
        responses["401"] = {"description": "No valid token of a member of staff", "content": content}
        responses["403"] = {"description": "The caller's roles do not allow this", "content": content}
    responses["default"] = {"description": "Any other problem (RFC 9457)", "content": content}
