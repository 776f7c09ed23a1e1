"""Permissions by field: an answer's field says which permission opens it, and is null for callers without it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from pydantic import Field
from pydantic.fields import FieldInfo

from shared.web.schemas import Answer

A = TypeVar("A", bound=Answer)

_NAMED = "x-permission"
"""As it is called in OpenAPI too, so that clients know why a field is null."""


def opened_by(permission: str) -> Any:
    """The default of a field that only callers with `permission` see: `phone: str | None = opened_by("…")`."""
    return Field(default=None, json_schema_extra={_NAMED: permission})


def permission_of(field: FieldInfo) -> str | None:
    """The permission that opens a field; None where everybody sees it who sees the answer."""
    extra = field.json_schema_extra
    named = extra.get(_NAMED) if isinstance(extra, dict) else None
    return str(named) if named is not None else None


def closed_fields(answer: type[Answer]) -> dict[str, str]:
    """Field → permission, of every field of `answer` that is not for everybody."""
    named = ((name, permission_of(field)) for name, field in answer.model_fields.items())
    return {name: permission for name, permission in named if permission is not None}


def seen_by(answer: A, may: Callable[[str], bool] | Collection[str]) -> A:
    """`answer` without what its reader may not see; `may` are the reader's permissions, or says of one whether it is
    held over this very thing.
    """
    held = may if callable(may) else may.__contains__
    hidden = {name: None for name, permission in closed_fields(type(answer)).items() if not held(permission)}
    return answer.model_copy(update=hidden) if hidden else answer
