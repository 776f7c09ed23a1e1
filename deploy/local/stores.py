"""One question or act in a service's database, with the service's own login."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from deploy.local import credentials, environment, running
from deploy.local.layout import Layout
from deploy.local.trouble import Trouble
from shared.kernel.errors import Refused
from shared.store import tables
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork

Answer = TypeVar("Answer")


def ask(
    layout: Layout, service: str, question: Callable[[UnitOfWork], Awaitable[Answer]], *, rehearse: bool = False
) -> Answer:
    """Runs `question` in a unit of work of `service`, commits, and returns its answer. A rehearsal is rolled back: its
    answer is what would have been done.

    Raises Trouble(`not-running`) or (`database-silent`) where the database does not answer.
    """

    async def act(database: Database) -> Answer:
        return await (_rehearsed if rehearse else _asked)(database, question)

    return work(layout, service, act)


def work(layout: Layout, service: str, act: Callable[[Database], Awaitable[Answer]]) -> Answer:
    """Runs `act`, which commits by itself, on the database of `service`. Raises as `ask` does."""
    known = credentials.read(layout.credentials)
    if environment.database_elsewhere(service) is None and not running.is_running(layout):
        raise Trouble("not-running", folder=layout.data)
    return asyncio.run(_act(environment.database_url(layout, known, service), service, act))


def ask_intake(layout: Layout, act: Callable[[Database], Awaitable[Answer]]) -> Answer:
    """Runs one of intake's operator functions, which commit themselves, under the settings of the running stack.

    Raises Trouble(`refused`) with what would have been accepted.
    """
    if environment.database_elsewhere("intake") is None and not running.is_running(layout):
        raise Trouble("not-running", folder=layout.data)
    known = credentials.load_or_nothing(layout.credentials)
    os.environ.update(environment.service_environment(layout, known))
    try:
        return asyncio.run(_act(environment.database_url(layout, known, "intake"), "intake", act))
    except Refused as refused:
        code = "refused" if refused.expected else "refused-plainly"
        raise Trouble(code, problem=refused.code, expected=refused.expected) from refused


async def is_empty(uow: UnitOfWork) -> bool:
    """Whether this service has never decided anything that others would hear of."""
    return (await uow.execute(select(tables.outbox.c.position).limit(1))).first() is None


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


class _Undone(Exception):
    """Ends a rehearsal's transaction."""


async def _asked(database: Database, question: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
    async with database.transaction(Cause.of_person()) as uow:
        return await question(uow)


async def _rehearsed(database: Database, question: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
    answers: list[Answer] = []
    with suppress(_Undone):
        async with database.transaction(Cause.of_person()) as uow:
            answers.append(await question(uow))
            await uow.flush()
            raise _Undone
    return answers[0]


async def _act(url: str, service: str, act: Callable[[Database], Awaitable[Answer]]) -> Answer:
    database = Database(url, service, pool_size=1)
    try:
        return await act(database)
    except OperationalError as error:
        raise Trouble("database-silent", service=service, upper=service.upper()) from error
    finally:
        await database.close()
