"""The short cut of channel messages changes how fast an answer is, and nothing else of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from services.intake.service import service
from shared.web.app import create_app
from shared.web.shortcut import Shortcuts
from tests.store.intake.builders import House

_MESSAGE = {
    "purpose": "complaint",
    "sender": {"name": "Li Na", "phone": "+86 138-0000-0001"},
    "text": "the tap drips",
    "occurred_at": "2026-11-02T09:30:00+08:00",
}
_JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def _client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake.test") as made:
        yield made


def _whole_way(house: House) -> FastAPI:
    app = create_app(service, house.bench.database)
    app.user_middleware = [each for each in app.user_middleware if each.cls is not Shortcuts]
    return app


def _told(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """All of an answer but what differs from one request to the next."""
    told = answer.json()
    for differs in ("id", "instance"):
        if differs in told:
            told[differs] = type(told[differs])
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return answer.status_code, headers, told


async def test_a_message_takes_the_short_cut(house: House) -> None:
    app = create_app(service, house.bench.database)
    app.router.routes.clear()
    async with _client(app) as client:
        answer = await client.post("/channel-messages", json=_MESSAGE, headers={"X-Channel-Key": house.key})
    assert answer.status_code == 202, answer.text
    assert await house.told("channel-messages") == ["channel-message-received"]


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (_JSON, _MESSAGE),
        ({"Content-Type": "application/cloud+json; charset=utf-8"}, _MESSAGE),
        ({"Content-Type": "text/plain"}, _MESSAGE),
        ({}, _MESSAGE),
        (_JSON | {"Accept-Language": "en", "Idempotency-Key": "k"}, _MESSAGE),
        (_JSON | {"Idempotency-Key": "k " * 200}, _MESSAGE),
        (_JSON, {}),
        (_JSON, None),
        (_JSON, []),
        (_JSON, b"{"),
        (_JSON, b""),
        (_JSON, b'{"text": NaN}'),
        (_JSON, _MESSAGE | {"text": "\0"}),
        (_JSON, _MESSAGE | {"text": 5}),
        (_JSON, _MESSAGE | {"nickname": "x"}),
        (_JSON, _MESSAGE | {"sender": {"phone": "12"}}),
        (_JSON, _MESSAGE | {"reply_address": "email"}),
        (_JSON, _MESSAGE | {"occurred_at": 1793604600}),
        (_JSON, _MESSAGE | {"occurred_at": "2026-11-02"}),
        (_JSON, _MESSAGE | {"occurred_at": "2199-01-01T00:00:00Z"}),
        (_JSON, _MESSAGE | {"text": "x" * 70_000}),
    ],
)
async def test_an_answer_is_the_same_on_both_ways(
    house: House, known: bool, headers: dict[str, str], body: Any
) -> None:
    sent = body if isinstance(body, bytes) else orjson.dumps(body)
    given = headers | {"Authorization": f"Bearer {house.key if known else 'nobody'}"}
    answers = []
    for app in (create_app(service, house.bench.database), _whole_way(house)):
        async with _client(app) as client:
            answers.append(_told(await client.post("/channel-messages?from=test", content=sent, headers=given)))
    assert answers[0] == answers[1]


async def test_another_method_is_told_which_one_there_is(house: House) -> None:
    async with _client(create_app(service, house.bench.database)) as client:
        answer = await client.put("/channel-messages", json=_MESSAGE)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
