"""Errors as people and programs get them: RFC 9457 problems with a stable code, and never the value that was sent."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from shared.kernel.errors import Refused
from shared.kernel.ids import new_id
from shared.web import contention
from shared.web.expected import expected_for
from shared.web.language import Language, language_for
from shared.web.phrases import in_language
from shared.web.schemas import Fault, Problem
from shared.web.texts import text_for

MEDIA_TYPE = "application/problem+json"

_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}
_ROUTING = {404: "no-such-route", 405: "method-not-allowed"}
_CODES = {"missing": "missing-field", "extra_forbidden": "unknown-field", "json_invalid": "malformed-json"}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_MOST_FAULTS = 50
"""More are not told at once: a form of five hundred visitors may have as many."""
_ROOTED = ("$", "query.", "path.", "header.", "cookie.")


def correlation_id(connection: HTTPConnection) -> str:
    """The id of this request: in its events, in its logs, and in a problem's `instance`."""
    known: str | None = getattr(connection.state, "correlation_id", None)
    if known is None:
        known = connection.state.correlation_id = str(new_id())
    return known


def problem(
    connection: HTTPConnection,
    status: int,
    code: str,
    *,
    field: str | None = None,
    expected: str | None = None,
    permission: str | None = None,
    errors: tuple[Fault, ...] | None = None,
) -> Response:
    """A problem in the caller's language. `field` may be a bare name of the body; it is told as JSONPath."""
    language = language_for(connection)
    text = text_for(code, status)
    body = Problem(
        type=f"urn:frontdesk:problem:{code}",
        title=text.title(language),
        status=status,
        code=code,
        detail=text.detail(language),
        field=field if field is None or field.startswith(_ROOTED) else f"$.{field}",
        expected=in_language(expected, language),
        errors=errors,
        permission=permission,
        instance=f"urn:uuid:{correlation_id(connection)}",
    )
    headers = {"Content-Language": language, "Cache-Control": "no-store", **_HEADERS.get(status, {})}
    return Response(body.model_dump_json(exclude_none=True), status, headers, MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Makes every error that routes raise a problem; what nobody foresaw is left to `LastResort`."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def answer_to(request: HTTPRequest, error: Exception) -> Response | None:
    """The problem that a route's error is told as; None for what is left to `LastResort`."""
    handler = next((handler for kind, handler in _HANDLERS.items() if isinstance(error, kind)), None)
    return None if handler is None else await handler(request, error)


async def _refused(request: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(
        request, error.status, error.code, field=error.field, expected=error.expected, permission=error.permission
    )


async def _invalid(request: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = faults(error.errors(), language_for(request))
    first = found[0]
    several = found if len(found) > 1 else None
    return problem(request, 422, first.code, field=first.field, expected=first.expected, errors=several)


def faults(errors: Sequence[Mapping[str, Any]], language: Language) -> tuple[Fault, ...]:
    """The validation errors of a model as they are told, without what was sent; the first fifty."""
    places = [tuple(error["loc"]) for error in errors]
    # A list whose entries are wrong is counted as too short as well, which is no news.
    news = [error for error in errors if not (error["type"] == "too_short" and _is_above(tuple(error["loc"]), places))]
    return tuple(_fault(error, language) for error in news[:_MOST_FAULTS])


def _is_above(place: tuple[int | str, ...], places: Iterable[tuple[int | str, ...]]) -> bool:
    return any(len(other) > len(place) and other[: len(place)] == place for other in places)


def _fault(error: Mapping[str, Any], language: Language) -> Fault:
    kind, where = str(error["type"]), error["loc"]
    code = "invalid-body" if tuple(where) == ("body",) else _CODES.get(kind, "invalid-field")
    expected = expected_for(kind, error.get("ctx") or {}, language)
    return Fault(code=code, field=json_path(where), expected=expected)


async def _routing(request: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _ROUTING.get(error.status_code, "refused")
    response = problem(request, error.status_code, code)
    response.headers.update(error.headers or {})
    return response


async def _database(request: HTTPRequest, error: Exception) -> Response:
    if contention.is_contention(error):
        return problem(request, 503, "busy")
    if contention.is_away(error):
        return problem(request, 503, "database-away")
    raise error


_HANDLERS: dict[type[Exception], Callable[[HTTPRequest, Exception], Awaitable[Response]]] = {
    Refused: _refused,
    RequestValidationError: _invalid,
    HTTPException: _routing,
    DBAPIError: _database,
    PoolTimeoutError: _database,
}


def json_path(where: Sequence[int | str]) -> str:
    """Where a validation error is: `$.sender.phone`, `$.lines[2].note`, `query.limit`.

    Names that the caller made up are told only where they look like a field's name: anything else might be somebody's
    name or number.
    """
    place, *parts = where or ("body",)
    path = "$" if place == "body" else str(place)
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if _PLAIN_NAME.fullmatch(part) else "[*]"
    return path
