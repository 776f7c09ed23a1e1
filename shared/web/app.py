"""A service's HTTP side in one call: limits, problems, docs, health, routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from shared.runtime.health import Health
from shared.runtime.service import Service
from shared.store.database import Database
from shared.web.docs import install_docs
from shared.web.health import install_health
from shared.web.last_resort import LastResort
from shared.web.limits import BodyLimits
from shared.web.openapi import install_openapi, operation_id
from shared.web.problems import install_problem_handlers
from shared.web.shortcut import Shortcuts, shortcuts_of

API_VERSION = "1"
DRAIN_SECONDS = 10.0


def create_app(service: Service, database: Database) -> FastAPI:
    """The ASGI app of `service` on `database`. Opens no connection; whoever runs it puts the roles' health into
    `app.state.healths`.
    """
    app = FastAPI(
        title=f"Frontdesk {service.name}",
        version=API_VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=operation_id,
        lifespan=_drain,
    )
    app.state.database = database
    app.state.service = service
    healths: list[Health] = []
    app.state.healths = healths
    in_flight: set[asyncio.Future[Any]] = set()
    app.state.in_flight = in_flight
    for router in (*service.routers, *service.pages):
        app.include_router(router)
    install_problem_handlers(app)
    install_openapi(app)
    install_docs(app)
    install_health(app)
    app.add_middleware(Shortcuts, shortcuts_of(service.routers))
    app.add_middleware(BodyLimits)
    app.add_middleware(LastResort)
    return app


@asynccontextmanager
async def _drain(app: FastAPI) -> AsyncIterator[None]:
    """At the stop, waits for commands whose callers have hung up: at most 10 s."""
    yield
    if app.state.in_flight:
        await asyncio.wait(set(app.state.in_flight), timeout=DRAIN_SECONDS)
