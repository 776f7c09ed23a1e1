"""Roles of a service in this process, as long as a test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.messaging import clock_role, consumer, relay
from shared.runtime.health import Health
from shared.runtime.service import RoleContext, RunRole, Service
from shared.runtime.settings import CommonSettings
from shared.store.database import Database


@asynccontextmanager
async def running(role: RunRole, service: Service, kafka: str, **settings: Any) -> AsyncIterator[RoleContext]:
    """Runs `role` until the block ends, then asks it to stop and waits for it."""
    context = RoleContext(
        service,
        Database(service.database_url(), service.name),
        CommonSettings(kafka_bootstrap=kafka, **settings),
        Health(role.__module__),
        asyncio.Event(),
    )
    task = asyncio.ensure_future(role(context))
    try:
        yield context
    finally:
        context.stopping.set()
        await task
        await context.database.close()


def consuming(service: Service, kafka: str, **settings: Any) -> Any:
    """The consumer role."""
    return running(consumer.run, service, kafka, **settings)


def relaying(service: Service, kafka: str) -> Any:
    """The relay role."""
    return running(relay.run, service, kafka)


def timing(service: Service, kafka: str, **settings: Any) -> Any:
    """The clock role."""
    return running(clock_role.run, service, kafka, **settings)


async def until(what: str, found: Any) -> None:
    """Waits until the awaitable that `found` makes says yes; a minute at most."""
    async with asyncio.timeout(60):
        while not await found():
            await asyncio.sleep(0.05)
