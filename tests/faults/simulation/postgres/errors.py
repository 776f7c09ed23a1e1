"""What this PostgreSQL says when it does not do as asked: the real driver's exceptions under the real codes."""

from __future__ import annotations

import psycopg
from psycopg import errors
from sqlalchemy.exc import DBAPIError

DEADLOCK = "40P01"
LOCK_TIMEOUT = "55P03"
IDLE_IN_TRANSACTION = "25P03"
ABORTED = "25P02"
UNIQUE = "23505"
DIVISION_BY_ZERO = "22012"
NOT_NULL = "23502"
CHECK = "23514"
SECOND_TIME = "21000"
WRONG_TYPE = "42804"
SHUTDOWN = "57P01"


class ServerSays(Exception):
    """An error of the server, by its five-letter code."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class NotSimulated(Exception):
    """A statement uses something that this PostgreSQL does not have: build it, and compare it with the real one."""


def as_sqlalchemy(error: ServerSays, statement: str) -> DBAPIError:
    """The exception that SQLAlchemy on psycopg raises for it."""
    origin = errors.lookup(error.code)(error.detail or error.code)
    return _wrapped(origin, statement, invalidated=error.code in (SHUTDOWN, IDLE_IN_TRANSACTION))


def connection_lost(statement: str) -> DBAPIError:
    """The server is not there, or has hung up."""
    return _wrapped(psycopg.OperationalError("server closed the connection unexpectedly"), statement, invalidated=True)


def _wrapped(origin: psycopg.Error, statement: str, *, invalidated: bool) -> DBAPIError:
    wrapped = DBAPIError.instance(
        statement, {}, origin, psycopg.Error, hide_parameters=True, connection_invalidated=invalidated
    )
    assert isinstance(wrapped, DBAPIError)
    return wrapped
