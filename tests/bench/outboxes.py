"""Outboxes of the complaints service filled with a backlog, for the relays of B3 and B4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import psycopg

from tests.bench.environment import Environment
from tests.bench.payloads import Stored

_COLUMNS = "id, aggregatetype, aggregateid, type, payload, headers, sequence, created_at"


@dataclass(frozen=True, slots=True)
class Outbox:
    """One side's outbox in a database of its own."""

    url: str

    @classmethod
    def make(cls, environment: Environment) -> Outbox:
        """An empty one."""
        return cls(environment.database("complaints"))

    def refill(self, events: Sequence[Stored]) -> None:
        """Replaces what is in it by unpublished events, which become visible all at once."""
        with psycopg.connect(self.url) as connection:
            connection.execute("TRUNCATE outbox RESTART IDENTITY")
            with connection.cursor().copy(f"COPY outbox ({_COLUMNS}) FROM STDIN".encode()) as copy:
                for event in events:
                    copy.write_row(
                        (
                            event.id,
                            event.topic,
                            event.key,
                            event.type,
                            event.payload,
                            orjson.dumps(event.headers).decode(),
                            event.sequence,
                            "2026-11-02T09:30:00Z",
                        )
                    )
            connection.execute("ANALYZE outbox")  # as it would be where rows come little by little

    def is_drained(self, connection: psycopg.Connection[tuple[bool]]) -> bool:
        """Whether the last row is marked: a look-up by its key, which costs the servers nothing to speak of."""
        row = connection.execute(
            "SELECT published_at IS NOT NULL FROM outbox WHERE position = (SELECT max(position) FROM outbox)"
        ).fetchone()
        return row is not None and row[0]

    def left(self) -> int:
        """How many rows are not marked."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT count(*) FROM outbox WHERE published_at IS NULL").fetchone()
        assert row is not None
        return int(row[0])
