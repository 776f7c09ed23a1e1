"""What a body may be before anything reads it: at most 64 KiB, here within 10 s, and JSON that can be stored."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import Request as HTTPRequest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import problem

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
READ_SECONDS = 10.0

_MAX_WHOLE_NUMBER = 2**53 - 1
"""RFC 7493: beyond it, other programs lose digits."""


class _NotAccepted(Exception):
    def __init__(self, status: int, code: str, expected: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.expected = expected


class BodyLimits:
    """ASGI middleware: reads the whole body, counted as it comes, and hands it on only if it is acceptable."""

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES, read_seconds: float = READ_SECONDS) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.read_seconds = read_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 413, 408 or 400 itself; otherwise the app sees the body in one piece."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = HTTPRequest(scope)
        try:
            if b"%00" in scope.get("query_string", b"") or b"%00" in scope.get("raw_path", b""):
                raise _NotAccepted(400, "unusable-character", "an address without NUL")
            body = await self._read(request, receive)
            if body is None:
                return
            if is_json(request):
                check_json(body)
        except _NotAccepted as no:
            await problem(request, no.status, no.code, expected=no.expected)(scope, receive, send)
            return
        await self.app(scope, replay(body, receive), send)

    async def _read(self, request: HTTPRequest, receive: Receive) -> bytes | None:
        """The body; None where the caller hung up. What a caller says of its length is believed only if too much."""
        said = request.headers.get("content-length", "0")
        too_large = _NotAccepted(413, "body-too-large", f"at most {self.max_bytes} bytes")
        if not said.isdigit() or int(said[:20]) > self.max_bytes:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self.read_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > self.max_bytes:
                        raise too_large
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise _NotAccepted(408, "body-too-slow", f"the whole body within {self.read_seconds:g} s") from None


def check_json(body: bytes) -> None:
    """Refuses JSON that is malformed, not UTF-8, nested beyond 32, or holds what the store or other readers cannot
    keep: NUL, lone surrogates, NaN, whole numbers beyond 2^53 − 1.
    """
    if not body:
        return
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _NotAccepted(400, "malformed-json", "valid JSON in UTF-8") from None
    level: list[Any] = [whole]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, list):
                below += value
            else:
                _check_scalar(value)
        if not below:
            return
        level = below
    raise _NotAccepted(400, "json-too-deep", f"at most {MAX_DEPTH} levels")


def _check_scalar(value: object) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise _NotAccepted(400, "unusable-character", "text without NUL")
    if isinstance(value, int | float) and abs(value) > _MAX_WHOLE_NUMBER:
        raise _NotAccepted(400, "number-too-large", f"at most {_MAX_WHOLE_NUMBER}")


def is_json(request: HTTPRequest) -> bool:
    """Whether the body says that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def replay(body: bytes, receive: Receive) -> Receive:
    """Hands `body` on as if it had just come, in one piece."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
