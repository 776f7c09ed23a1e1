"""The four databases as the checker reads them: connections of its own, made anew when the server was restarted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.rows import dict_row


class OwnConnections:
    """`rows` from any thread, one statement at a time."""

    def __init__(self, url_of: Callable[[str], str]) -> None:
        self._url_of = url_of
        self._open: dict[str, psycopg.Connection[dict[str, Any]]] = {}
        self._turn = threading.Lock()

    def rows(self, service: str, statement: str, **values: Any) -> list[dict[str, Any]]:
        """What a query (`%(name)s`) finds. Raises psycopg.OperationalError where there is no database."""
        with self._turn:
            try:
                return self._connection(service).execute(statement.encode(), values).fetchall()
            except psycopg.OperationalError:  # perhaps only this connection was ended
                if service in self._open:
                    self._open.pop(service).close()
                return self._connection(service).execute(statement.encode(), values).fetchall()

    def _connection(self, service: str) -> psycopg.Connection[dict[str, Any]]:
        connection = self._open.get(service)
        if connection is None or connection.closed:
            url = self._url_of(service)
            connection = psycopg.connect(url, row_factory=dict_row, autocommit=True, connect_timeout=3)
            self._open[service] = connection
        return connection

    def close(self) -> None:
        """Gives the connections back."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()
