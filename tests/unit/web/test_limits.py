"""What a body may be: size, time, JSON that can be kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from starlette.requests import Request as HTTPRequest
from starlette.types import Message, Receive, Scope, Send

from shared.web.limits import MAX_BODY_BYTES, MAX_DEPTH, BodyLimits
from tests.support.web import app_of, client_of

router = APIRouter(tags=["tests"])
JSON = {"Content-Type": "application/json"}


@router.post("/echo")
async def echo(request: HTTPRequest) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(router)) as made:
        yield made


async def test_given_64_kib_then_it_passes_and_one_byte_more_does_not(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", content=b"x" * MAX_BODY_BYTES)).json() == {"bytes": MAX_BODY_BYTES}
    refused = await client.post("/echo", content=b"x" * (MAX_BODY_BYTES + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large")


async def test_given_chunks_without_a_length_then_they_are_counted(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1000 + 1):
            yield b"x" * 1000

    refused = await client.post("/echo", content=chunks())
    assert "content-length" not in refused.request.headers
    assert refused.status_code == 413


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed-json"),
        (b'{"a": NaN}', "malformed-json"),
        (b'{"a": "\xff"}', "malformed-json"),
        (b'{"a": "\\ud800"}', "malformed-json"),
        (b'{"a": "\\u0000"}', "unusable-character"),
        (b'{"\\u0000": 1}', "unusable-character"),
        (b'{"a": 9007199254740993}', "number-too-large"),
        (b'{"a": -1e300}', "number-too-large"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "json-too-deep"),
        (b"[" * 30_000 + b"]" * 30_000, "malformed-json"),
    ],
)
async def test_given_json_that_cannot_be_kept_then_400(client: httpx.AsyncClient, body: bytes, code: str) -> None:
    refused = await client.post("/echo", content=body, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "body", [b"", b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, b'{"a": 9007199254740991, "b": [1.5, null]}']
)
async def test_given_json_within_the_limits_then_it_passes(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post("/echo", content=body, headers=JSON)).json() == {"bytes": len(body)}


@pytest.mark.parametrize("path", ["/echo?name=%00", "/echo/%00"])
async def test_given_nul_in_the_address_then_400(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path)).json()["code"] == "unusable-character"


@pytest.mark.parametrize("said", ["-1", "ten", "1" * 5000])
async def test_given_a_length_that_is_none_then_413(client: httpx.AsyncClient, said: str) -> None:
    assert (await client.post("/echo", content=b"x", headers={"Content-Length": said})).status_code == 413


async def test_given_a_body_that_never_ends_then_408() -> None:
    answers = await _drive([{"type": "http.request", "body": b"{", "more_body": True}])
    assert answers[0]["status"] == 408


async def test_given_the_caller_hangs_up_then_the_app_is_not_called() -> None:
    assert await _drive([{"type": "http.disconnect"}]) == []


async def _drive(messages: list[Message]) -> list[Message]:
    """Runs the middleware alone; when `messages` are used up, nothing more ever comes."""
    answers: list[Message] = []
    waiting = iter(messages)

    async def receive() -> Message:
        try:
            return next(waiting)
        except StopIteration:
            await asyncio.Event().wait()
            raise

    async def send(message: Message) -> None:
        answers.append(message)

    async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("the app must not see this")

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    await BodyLimits(never, read_seconds=0.05)(scope, receive, send)
    return answers
