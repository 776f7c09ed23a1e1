"""intake's app in this process, and what the people of the house send to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from services.intake.directory.operator import token
from services.intake.service import service
from shared.web.app import create_app
from tests.store.intake.builders import House


@dataclass
class Office:
    """The house's people at their desks. Tokens are kept as long as the office is open."""

    house: House
    app: FastAPI
    client: httpx.AsyncClient
    tokens: dict[str, str]

    async def get(self, name: str, path: str, status: int = 200) -> Any:
        """What `name` reads at `path`."""
        answer = await self.client.get(path, headers=await self.headers(name))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, name: str, path: str, body: Any = None, status: int = 200) -> Any:
        """What `name` is answered who sends `body`; intake then hears of what it published itself."""
        content = {} if body is None else {"json": body}
        answer = await self.client.post(path, headers=await self.headers(name), **content)
        assert answer.status_code == status, answer.text
        await self.house.read_back()
        return answer.json()

    async def headers(self, name: str) -> dict[str, str]:
        """What `name` sends with each request."""
        if name not in self.tokens:
            self.tokens[name] = (await token(self.house.bench.database, f"{name}@example.com")).token
        return {"Authorization": f"Bearer {self.tokens[name]}", "Accept-Language": "en"}


@asynccontextmanager
async def office_of(house: House) -> AsyncIterator[Office]:
    """The doors are open."""
    app = create_app(service, house.bench.database)
    async with browser_of(app) as client:
        yield Office(house, app, client, {})


def browser_of(app: FastAPI, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """Somebody at that IP address."""
    transport = httpx.ASGITransport(app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://intake.test")
