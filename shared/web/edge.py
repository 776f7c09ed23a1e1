"""The edge between HTTP and the domain: who calls, and one transaction around what they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import orjson
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from shared.kernel.errors import Refused
from shared.messaging import copies
from shared.security.caller import Caller, staff_caller
from shared.security.permissions import missing
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork
from shared.web.contention import with_retries
from shared.web.idempotency import IdempotencyKey, StoredAnswer, answered, remember
from shared.web.problems import correlation_id

__all__ = ["Caller", "Edge", "Gate", "bearer", "requires"]

T = TypeVar("T")

bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A staff token of POST /token (intake).")


class Edge:
    """One request of one caller. It alone opens and commits the transaction."""

    def __init__(self, request: HTTPRequest, caller: Caller) -> None:
        self.request = request
        self.caller = caller

    async def command(self, run: Callable[[UnitOfWork], Awaitable[BaseModel]], *, status: int = 200) -> Response:
        """Runs a command in one transaction and answers with what it returns.

        Honours Idempotency-Key, tries again after a deadlock, and goes on to the commit when the caller hangs up: half
        of a decision is never left open, and a repeat with the same key finds its answer.
        """
        key = await self._idempotency_key()

        async def attempt() -> StoredAnswer:
            async with self._transaction() as uow:
                copies.keep(uow)
                if key is not None and (before := await answered(uow, key)):
                    return before
                answer = StoredAnswer(status, (await run(uow)).model_dump(mode="json"))
                if key is not None:
                    remember(uow, key, answer)
                return answer

        done = await self._to_its_end(with_retries(attempt))
        headers = {"Cache-Control": "no-store"}
        return Response(orjson.dumps(done.body), done.status, headers, "application/json")

    async def query(self, run: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Reads in one transaction; what it records of the reading itself (audit) is committed."""
        return await self.transact(run)

    async def transact(self, run: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Runs a command in one transaction, for who answers with something else than JSON; tries again after a
        deadlock, and goes on to the commit when the caller hangs up.
        """

        async def attempt() -> T:
            async with self._transaction() as uow:
                copies.keep(uow)
                return await run(uow)

        return await self._to_its_end(with_retries(attempt))

    def _transaction(self) -> Any:
        return database_of(self.request).transaction(Cause(correlation_id(self.request)))

    async def _idempotency_key(self) -> IdempotencyKey | None:
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return None
        path = f"{self.request.method} {self.request.url.path}"
        sent = self.request.url.query.encode() + b"\n" + await self.request.body()
        return IdempotencyKey.of(f"{self.caller.kind}:{self.caller.id}", path, key, sent)

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        # A cancelled psycopg call may leave a connection half used; so the short transaction is shielded, and the app
        # waits at its stop for what is in flight.
        task = asyncio.ensure_future(work)
        in_flight: set[asyncio.Future[Any]] = self.request.app.state.in_flight
        in_flight.add(task)
        task.add_done_callback(in_flight.discard)
        return await asyncio.shield(task)


class Gate:
    """A dependency that lets members of staff with one permission pass."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    async def __call__(
        self, request: HTTPRequest, credentials: HTTPAuthorizationCredentials | None = Depends(bearer)
    ) -> Edge:
        if credentials is None:
            raise Refused("token-missing", status=401)

        async def attempt() -> Caller:
            async with database_of(request).reading(Cause(correlation_id(request))) as uow:
                return await staff_caller(uow, credentials.credentials)

        caller = await with_retries(attempt)
        request.state.language = caller.language
        if self.permission not in caller.permissions:
            raise missing(self.permission)
        return Edge(request, caller)


def requires(permission: str) -> Callable[..., Awaitable[Edge]]:
    """A dependency for routes: `edge: Edge = Depends(requires("tickets.judge"))`.

    Answers 401 without a valid token of a member of staff who is still here, 403 without the permission, 503 while this
    service knows no signing key.
    """
    return Gate(permission)


def database_of(request: HTTPRequest) -> Database:
    """The database of the service that answers this request."""
    database: Database = request.app.state.database
    return database
