"""notify's sender and receiver on a real database, SMSC and mail server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from deploy.local.sandbox.inbox import Received
from deploy.local.sandbox.sandbox import Sandbox
from services.notify.service import service
from services.notify.settings import settings
from shared.runtime.health import Health
from shared.runtime.service import RoleContext
from tests.store.notify.world import World


class WiredWorld(World):
    """notify with a sandbox behind it; roles run in this process where a test starts them."""

    def __init__(self, url: str, sandbox: Sandbox) -> None:
        super().__init__(url)
        self.url = url
        self.sandbox = sandbox

    @asynccontextmanager
    async def running(self, *roles: str) -> AsyncIterator[dict[str, Health]]:
        """Runs roles until the block ends, then lets them drain."""
        stopping = asyncio.Event()
        healths = {role: Health(role) for role in roles}
        tasks = [
            asyncio.create_task(
                service.roles[role](RoleContext(self.bench.service, self.bench.database, settings(), health, stopping))
            )
            for role, health in healths.items()
        ]
        try:
            await until(lambda: _true(all(health.not_ready is None for health in healths.values())), tasks)
            yield healths
        finally:
            stopping.set()
            await asyncio.gather(*tasks)

    async def until_states(self, **states: int) -> None:
        """Waits until as many messages as said are in each of these states."""

        async def reached() -> bool:
            rows = await self.bench.rows("SELECT state, count(*) FROM message GROUP BY state")
            return dict(rows) == states

        await until(reached)

    def inbox(self, channel: str) -> list[Received]:
        """What arrived, oldest first."""
        return self.sandbox.inbox.newest(after=0, channel=channel, recipient=None, limit=1000)[::-1]


async def until(reached: Callable[[], Awaitable[bool]], tasks: Any = ()) -> None:
    """Waits for something that must come; a minute is only there to end a broken run."""
    async with asyncio.timeout(60):
        while not await reached():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)


async def _true(value: bool) -> bool:
    return value
