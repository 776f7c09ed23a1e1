"""A service's database: the pool, the time limits, and the only place that opens and commits units of work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.store import arrays
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork

LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
}
"""What every session asks of PostgreSQL; a session that hangs must not hold others up."""


def engine_url(url: str) -> URL:
    """`postgresql://…` for SQLAlchemy on psycopg 3."""
    return make_url(url).set(drivername="postgresql+psycopg")


class Database:
    """The pool of one process. `hide_parameters` keeps people's data out of error texts."""

    def __init__(self, url: str, service: str, *, pool_size: int = 10) -> None:
        arrays.install()
        self.service = service
        self.engine: AsyncEngine = create_async_engine(
            engine_url(url),
            pool_size=pool_size,
            # One that is closed again when it is given back is opened anew a moment later, dozens of times a second.
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            hide_parameters=True,
            # A relay reads a JSON column per row; the standard library's reader takes three times as long.
            json_deserializer=orjson.loads,
            connect_args={"options": _options(), "connect_timeout": 5, "application_name": f"frontdesk-{service}"},
        )

    @asynccontextmanager
    async def transaction(self, cause: Cause) -> AsyncIterator[UnitOfWork]:
        """A unit of work that is flushed and committed at the end, rolled back on any exception."""
        async with self.engine.begin() as connection:
            uow = UnitOfWork(connection, self.service, cause)
            yield uow
            await uow.flush()

    @asynccontextmanager
    async def reading(self, cause: Cause) -> AsyncIterator[UnitOfWork]:
        """A unit of work that only looks something up, each statement by itself: nothing is begun, nothing committed.

        Raises RuntimeError where something was to be written.
        """
        async with self.connection() as connection:
            uow = UnitOfWork(connection, self.service, cause)
            yield uow
            if uow.has_work:
                raise RuntimeError("this unit of work only reads; open a transaction to write")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A bare connection that commits each statement: for leases, claims and look-ups of the core."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        """Gives every connection back."""
        await self.engine.dispose()


def _options() -> str:
    return " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
