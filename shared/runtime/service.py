"""A service as data: what it answers, reacts to, times and copies. `service.py` of each service builds one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter

from shared.contracts.access import group_of
from shared.messaging.reactions import Copy, Reaction, TimerHandler
from shared.runtime.health import Health
from shared.runtime.settings import CommonSettings
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork


@dataclass(slots=True)
class RoleContext:
    """What a running role gets. It works until `stopping` is set, then finishes what is in flight and returns."""

    service: Service
    database: Database
    settings: CommonSettings
    health: Health
    stopping: asyncio.Event

    async def rest(self, seconds: float) -> None:
        """Waits `seconds`, or less when the role is to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return


RunRole = Callable[[RoleContext], Awaitable[None]]

KnownSources = Callable[[UnitOfWork, frozenset[str]], Awaitable[frozenset[str]]]
"""Which of these outside `ce_source` values are registered channels."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service's composition."""

    name: str
    settings: Callable[[], CommonSettings]
    database_url: Callable[[], str]
    routers: Sequence[APIRouter] = ()
    pages: Sequence[APIRouter] = ()
    """What answers people with HTML, without a token and outside the API's contract."""
    reactions: Sequence[Reaction] = ()
    timers: Sequence[TimerHandler] = ()
    copies: Sequence[Copy] = ()
    roles: Mapping[str, RunRole] = field(default_factory=dict)
    """Roles that only this service has, beside `api`, `consumer`, `relay` and `clock`."""
    known_sources: KnownSources | None = None

    @property
    def group(self) -> str:
        """The Kafka consumer group, and the consumer's name in inbox and held events."""
        return group_of(self.name)
