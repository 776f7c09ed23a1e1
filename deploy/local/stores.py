"""One question or act in a service's database, with the service's own login."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from deploy.local import credentials, environment, running
from deploy.local.layout import Layout
from deploy.local.trouble import Trouble
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

Answer = TypeVar("Answer")


def ask(layout: Layout, service: str, question: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
    """Runs `question` in a unit of work of `service`, commits, and returns its answer.

    Raises Trouble(`not-running`) or (`database-silent`) where the database does not answer.
    """
    known = credentials.read(layout.credentials)
    if environment.database_elsewhere(service) is None and not running.is_running(layout):
        raise Trouble("not-running", folder=layout.data)
    return asyncio.run(_ask(environment.database_url(layout, known, service), service, question))


def migrate_all(layout: Layout, services: Iterable[str]) -> list[str]:
    """Brings these services' databases to this build's newest revision; returns those that were behind."""
    from shared.store.migrations import migrate, pending  # Alembic: only here

    done = []
    known = credentials.load(layout.credentials)
    for service in services:
        url = environment.database_url(layout, known, service)
        try:
            if pending(service, url):
                migrate(service, url)
                done.append(service)
        except OperationalError as error:
            raise Trouble("database-silent", service=service, upper=service.upper()) from error
    return done


async def _ask(url: str, service: str, question: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
    database = Database(url, service, pool_size=1, max_overflow=0)
    try:
        async with database.transaction(Cause.of_person()) as uow:
            return await question(uow)
    except OperationalError as error:
        raise Trouble("database-silent", service=service, upper=service.upper()) from error
    finally:
        await database.close()
