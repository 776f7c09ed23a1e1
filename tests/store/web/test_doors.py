"""Every route of every service: without a token 401, with a token that may nothing 403."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from deploy.contracts import service_of
from shared.contracts.topics import SERVICES
from shared.store.database import Database
from shared.web.app import create_app
from shared.web.problems import MEDIA_TYPE
from tests.store.web.staff import seat
from tests.support.routes import Door, doors_of
from tests.support.web import client_of

PUBLIC = {"intake POST /token"}
"""Routes that ask for nobody; /docs, /openapi.json, /livez and /readyz are public too."""

CHANNELS = {
    "intake POST /channel-messages",
    "intake GET /channel-messages/{message_id}",
    "intake POST /channel-visits",
}
"""Routes for channels, which have keys: a token of staff opens them as little as none."""

_SOME_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize("name", SERVICES)
async def test_every_route_that_is_not_public_is_locked(name: str, database_of: Callable[[str], str]) -> None:
    async with _client(name, database_of(name)) as (client, database):
        powerless = await seat(database)
        for door in doors_of(service_of(name)):
            if str(door) in PUBLIC:
                continue
            without = await _knock(client, door, {})
            assert without.status_code == 401, door
            assert without.headers["content-type"] == MEDIA_TYPE
            with_token = await _knock(client, door, powerless.headers)
            assert with_token.status_code == (401 if str(door) in CHANNELS else 403), door
            garbage = await _knock(client, door, {"Authorization": "Bearer nonsense"})
            assert garbage.status_code == 401, door


def test_routes_that_ask_for_no_permission_are_known_by_name() -> None:
    open_doors = {str(door) for name in SERVICES for door in doors_of(service_of(name)) if door.permission is None}
    assert open_doors == PUBLIC | CHANNELS, "give the route a permission, or say here why it needs none"


@pytest.mark.parametrize("name", SERVICES)
async def test_docs_and_health_are_public_and_load_nothing_from_elsewhere(
    name: str, database_of: Callable[[str], str]
) -> None:
    async with _client(name, database_of(name)) as (client, _):
        answers = {path: await client.get(path) for path in ("/docs", "/openapi.json", "/livez", "/readyz")}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert "://" not in answers["/docs"].text + answers["/openapi.json"].text


async def _knock(client: httpx.AsyncClient, door: Door, headers: dict[str, str]) -> httpx.Response:
    path = re.sub(r"\{[^}]+\}", _SOME_ID, door.path)
    body = {"nothing": "useful"} if door.method in ("POST", "PUT", "PATCH") else None
    return await client.request(door.method, path, json=body, headers=headers)


@asynccontextmanager
async def _client(name: str, url: str) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    database = Database(url, name)
    async with client_of(create_app(service_of(name), database)) as client:
        yield client, database
