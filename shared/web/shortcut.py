"""Short cuts: routes for load, answered ahead of FastAPI's routing, dependencies and stacks.

Those take several times as long as all that such a route does. In code and in the documents it is a route like any
other. What is usual at it, JSON that fits its model, is answered here; anything else goes the whole way and is refused
there, in the words of every route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.edge import Edge
from shared.web.limits import is_json, replay
from shared.web.problems import answer_to

Endpoint = Callable[[HTTPRequest, Any, Edge], Awaitable[Response]]
Made = TypeVar("Made", bound=Endpoint)

_MARK = "frontdesk_shortcut"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A POST without parameters in its path: `endpoint(request, body, edge)`, where `admit` makes the edge."""

    admit: Callable[[HTTPRequest], Awaitable[Edge]]
    model: type[BaseModel]
    endpoint: Endpoint

    async def answer(self, request: HTTPRequest, sent: bytes) -> Response | None:
        """The endpoint's; None where what was sent is not what it takes."""
        if not is_json(request):
            return None
        try:
            body = self.model.model_validate_json(sent)
        except ValidationError:
            return None
        return await self.endpoint(request, body, await self.admit(request))


def shortcut(admit: Callable[[HTTPRequest], Awaitable[Edge]]) -> Callable[[Made], Made]:
    """Marks an endpoint, below its route's decorator. `admit` does what the route's `Depends` for the edge does."""

    def mark(endpoint: Made) -> Made:
        setattr(endpoint, _MARK, Shortcut(admit, get_type_hints(endpoint)["body"], endpoint))
        return endpoint

    return mark


def shortcuts_of(routers: Iterable[APIRouter]) -> dict[str, Shortcut]:
    """The marked routes of these routers, by path."""
    routes = (route for router in routers for route in router.routes if isinstance(route, APIRoute))
    return {route.path: getattr(route.endpoint, _MARK) for route in routes if hasattr(route.endpoint, _MARK)}


class Shortcuts:
    """ASGI middleware within `BodyLimits`, which hands a body on in one piece."""

    def __init__(self, app: ASGIApp, by_path: Mapping[str, Shortcut]) -> None:
        self.app = app
        self.by_path = by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or hands the request on as it came."""
        found = self.by_path.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        sent: bytes = (await receive())["body"]
        request = _Read(scope, sent)
        try:
            response = await found.answer(request, sent)
        except Exception as error:
            response = await answer_to(request, error)
            if response is None:
                raise
        if response is None:
            await self.app(scope, replay(sent, receive), send)
        else:
            await response(scope, receive, send)


class _Read(HTTPRequest):
    """A request whose body is here."""

    def __init__(self, scope: Scope, sent: bytes) -> None:
        super().__init__(scope)
        self._sent = sent

    async def body(self) -> bytes:
        return self._sent
