"""Building apps and clients for tests of the HTTP side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI

from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.store.database import Database
from shared.web.app import create_app

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nothing"
"""A database that cannot be reached."""


def app_of(router: APIRouter, database_url: str = NOWHERE, service: str = "complaints") -> FastAPI:
    """The app of a service that has only `router`."""
    whole = Service(name=service, settings=CommonSettings, database_url=lambda: database_url, routers=[router])
    return create_app(whole, Database(database_url, service))


@asynccontextmanager
async def client_of(app: FastAPI, language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks to the app in this process, and closes its database afterwards."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://frontdesk.test", headers={"Accept-Language": language}
    ) as client:
        yield client
    await app.state.database.close()
