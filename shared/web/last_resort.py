"""The outermost layer: gives each request its id, and turns what nobody foresaw into a 500 that tells no values."""

from __future__ import annotations

import traceback

import structlog
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import correlation_id, problem

_log = structlog.get_logger("frontdesk.web")


class LastResort:
    """ASGI middleware. Exceptions stop here: a server that logs them would log what their texts hold."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with problem `internal-error` where nothing has been answered yet."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        connection = HTTPConnection(scope)
        request_id = correlation_id(connection)
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the last one who can answer
            _log.error("request-failed", correlation_id=request_id, method=scope["method"], **where(error))
            if started:
                raise ConnectionAbortedError("an answer broke off") from None
            await problem(connection, 500, "internal-error")(scope, receive, send)


def where(error: BaseException) -> dict[str, object]:
    """The class of an exception and the places it came through, without its text, which may hold people's data."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "error_class": f"{type(error).__module__}.{type(error).__qualname__}",
        "places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
