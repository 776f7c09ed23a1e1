"""The edge to the database: sessions that a process holds, with time between question and answer, and trouble."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData

from shared.store.database import Database
from tests.faults.simulation.loop import Process
from tests.faults.simulation.postgres import statements
from tests.faults.simulation.postgres.errors import (
    ABORTED,
    IDLE_IN_TRANSACTION,
    SHUTDOWN,
    ServerSays,
    as_sqlalchemy,
    connection_lost,
)
from tests.faults.simulation.postgres.schema import Shape
from tests.faults.simulation.postgres.statements import Statement
from tests.faults.simulation.postgres.storage import Storage, Transaction
from tests.faults.simulation.postgres.values import bound

IDLE_SECONDS = 5.0
"""As `idle_in_transaction_session_timeout` of every session."""

_dialect = PGDialect_psycopg(paramstyle="named")
_compiled: dict[str, Statement] = {}


class Killed(BaseException):
    """The process is dead: it reaches nothing any more."""


class Result(IteratorResult[Any]):
    """SQLAlchemy's own result over rows of ours."""

    def __init__(self, answer: statements.Answer) -> None:
        super().__init__(SimpleResultMetaData(answer.names or []), iter(answer.rows))
        self.rowcount = answer.count
        self.returns_rows = answer.names is not None


class Server:
    """One service's PostgreSQL."""

    def __init__(self, shapes: dict[str, Shape], rng: random.Random, now: Callable[[], datetime]) -> None:
        self.shapes = shapes
        self.rng = rng
        self.storage = Storage(shapes.values(), rng, now)
        self.away = False
        self.sessions: set[Session] = set()
        self.slow = 0.002
        """Seconds that a way to the server and back takes on average."""

    def stop(self) -> None:
        """Immediate stop: every session is gone, nothing that was not committed stays."""
        self.away = True
        self.terminate()

    def start(self) -> None:
        """It takes sessions again."""
        self.away = False

    def terminate(self) -> None:
        """Every session is ended by the server."""
        for session in list(self.sessions):
            session.cut(SHUTDOWN)


class Session:
    """One connection of a process. Everything it does takes time, in which the process or the server may go."""

    def __init__(self, server: Server, process: Process, autocommit: bool) -> None:
        self.server = server
        self.process = process
        self.autocommit = autocommit
        self.tx: Transaction | None = None
        self.broken: str | None = None
        self.aborted = False
        self.working = False

    async def open(self) -> None:
        """Raises sqlalchemy.exc.OperationalError where nobody answers."""
        self._live()
        if self.server.away:
            await asyncio.sleep(0.001)
            raise connection_lost("connect")
        self.server.sessions.add(self)

    def cut(self, code: str) -> None:
        """The server ends the session."""
        self.broken = code
        if self.tx is not None:
            self.tx.rollback()
        self.server.sessions.discard(self)

    def idle_for_too_long(self) -> None:
        """The process was stopped in the middle of a transaction."""
        if self.tx is not None and not self.tx.ended and not self.working:
            self.cut(IDLE_IN_TRANSACTION)

    async def execution_options(self, **options: Any) -> Session:
        """Only what `Database.connection` asks for."""
        self.autocommit = options == {"isolation_level": "AUTOCOMMIT"}
        return self

    async def execute(self, statement: Any, parameters: Any = None) -> Result:
        """Runs a statement. Raises what SQLAlchemy raises."""
        sql, values = _sql_of(statement, parameters)
        compiled = _compiled.get(sql)
        if compiled is None:
            compiled = _compiled[sql] = statements.compile_statement(sql, self.server.shapes)
        self.working = True
        try:
            await self._way(sql)
            answer = await self._run(compiled, sql, {name: bound(value) for name, value in values.items()})
            await self._way(sql)
        except ServerSays as error:
            self.aborted = True
            self._live()
            raise as_sqlalchemy(error, sql) from None
        finally:
            self.working = False
        return Result(answer)

    async def _run(self, compiled: Statement, sql: str, values: dict[str, Any]) -> statements.Answer:
        if self.aborted and not self.autocommit:
            raise ServerSays(ABORTED, "current transaction is aborted")
        if self.tx is None or self.tx.ended:
            self.tx = self.server.storage.begin()
        tx = self.tx
        try:
            answer = await compiled.run(tx, values)
        except BaseException:
            # An error aborts the transaction: its locks go at once here, with the rollback there.
            tx.rollback()
            raise
        if self.broken is not None:
            raise connection_lost(sql)
        if self.autocommit:
            tx.commit()
        return answer

    async def commit(self) -> None:
        """Raises OperationalError where the answer does not come: the commit may have been made all the same."""
        if self.tx is None:
            return
        self.working = True
        await self._way("COMMIT")
        self.tx.commit()
        await self._way("COMMIT")
        self.working = False

    async def rollback(self) -> None:
        """Also when the process or the server is gone."""
        self.aborted = False
        if self.tx is not None:
            self.tx.rollback()

    def close(self) -> None:
        """Gives the connection back."""
        if self.tx is not None:
            self.tx.rollback()
        self.server.sessions.discard(self)

    async def _way(self, sql: str) -> None:
        self._live()
        self.process.talks()
        await asyncio.sleep(self.server.rng.random() * self.server.slow)
        self._live()
        if self.broken is not None:
            if self.broken == IDLE_IN_TRANSACTION:
                raise as_sqlalchemy(ServerSays(IDLE_IN_TRANSACTION, "terminating connection"), sql)
            raise connection_lost(sql)

    def _live(self) -> None:
        if not self.process.alive:
            raise Killed


class Engine:
    """What `Database` needs of SQLAlchemy's engine."""

    def __init__(self, server: Server, process: Process) -> None:
        self.server = server
        self.process = process
        self.sessions: set[Session] = set()
        process.at_death.append(self._die)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        """A session in a transaction: committed at the end, rolled back on any exception."""
        async with self._session(autocommit=False) as session:
            try:
                yield session
            except BaseException:
                await session.rollback()
                raise
            await session.commit()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Session]:
        """A session."""
        async with self._session(autocommit=False) as session:
            yield session

    @asynccontextmanager
    async def _session(self, autocommit: bool) -> AsyncIterator[Session]:
        session = Session(self.server, self.process, autocommit)
        await session.open()
        self.sessions.add(session)
        try:
            yield session
        finally:
            session.close()
            self.sessions.discard(session)

    def idle_for_too_long(self) -> None:
        """The process has stood still for longer than the server lets a transaction stand."""
        for session in list(self.sessions):
            session.idle_for_too_long()

    def _die(self) -> None:
        for session in list(self.sessions):
            session.close()


class SimulatedDatabase(Database):
    """The real `Database` over an engine of ours."""

    def __init__(self, server: Server, process: Process, service: str) -> None:
        self.service = service
        self.engine = Engine(server, process)  # type: ignore[assignment]


def _sql_of(statement: Any, parameters: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(statement, TextClause):
        return statement.text, dict(parameters or {})
    compiled = statement.compile(dialect=_dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), {**compiled.params, **(parameters or {})}
