"""One transaction of one service: its statements, its events, its timers. The edge that opened it commits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Executable, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import Envelope, Received
from shared.contracts.event import Event
from shared.contracts.topics import TopicClass
from shared.kernel import clock
from shared.store import tables
from shared.store.bulk import Insert, Row, insert_rows, insert_together
from shared.store.cause import Cause
from shared.store.creation_context import current_traceparent
from shared.store.outgoing import Outgoing, fact_rows, numbered_rows
from shared.store.scheduling import Schedule, Setting, write_timers


@dataclass(slots=True)
class Permit:
    """Which events the running reaction or timer has said it publishes; None where a person acts."""

    publishes: frozenset[type[Event]] | None = None


class UnitOfWork:
    """Statements run at once; inserts, events and timers are queued and written in bulk, before the next statement
    that might read them (`execute`) or at the end (`flush`). Nothing here commits.
    """

    def __init__(self, connection: AsyncConnection, service: str, cause: Cause, now: datetime | None = None) -> None:
        self.connection = connection
        self.service = service
        self.cause = cause
        self.now = now or clock.now()
        """The instant of this unit of work, in UTC: every decision in it uses this one."""
        self.permit = Permit()
        self.incoming: Received | None = None
        """The record that the running reaction was given, with its bytes as they came."""
        self.gathered: dict[object, Any] = {}
        """What was found once and is asked for more often, by names of whoever does: for a whole batch
        (`Reaction.gather`), or in one command."""
        self._at_flush: list[Callable[[], Awaitable[None]]] = []
        self._rows: dict[tuple[Table, tuple[str, ...]], list[Mapping[str, Any]]] = {}
        self._outgoing: list[Outgoing] = []
        self._schedule: Schedule = {}
        self._made: Counter[tuple[tuple[str, str] | None, str]] = Counter()

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Runs a statement after the queued inserts, so that it sees them."""
        await self._write_rows()
        return await self.connection.execute(statement, parameters)

    def insert(self, table: Table, **row: Any) -> None:
        """Queues a row."""
        self._rows.setdefault((table, tuple(row)), []).append(row)

    def at_flush(self, write: Callable[[], Awaitable[None]]) -> None:
        """Queues a statement, e.g. one UPDATE for many rows; it runs after the queued rows, before the events' rows."""
        self._at_flush.append(write)

    def new_id(self, kind: str) -> UUID:
        """An id for something of `kind`: random for a person's act, the same again for the same event's reaction."""
        self._made[(self.cause.origin, kind)] += 1
        return self.cause.id_of(kind, self._made[(self.cause.origin, kind)])

    def publish(self, event: Event, *, about: Iterable[object] = ()) -> str:
        """Records `event` for the relay and returns its id. `about`: ids of the parties and addresses it tells of.

        Raises RuntimeError where this service does not own the event's topic, or the reaction has not said that it
        publishes this.
        """
        self._check_may_publish(type(event))
        envelope = self._envelope(type(event), event.key_value)
        self._outgoing.append(Outgoing(envelope, event.encode(), tuple(map(str, about))))
        return envelope.id

    def erase(self, state: type[Event], key: object) -> None:
        """Publishes a tombstone for `key` on the state topic of `state`: it wins for ever."""
        if state.topic.kind is not TopicClass.STATE:
            raise RuntimeError(f"{state.topic.name} keeps no state; only state topics know tombstones")
        self._check_may_publish(state)
        self._outgoing.append(Outgoing(self._envelope(state, str(key)), None, (str(key),)))

    def schedule(self, kind: str, subject: object, due: datetime, **data: Any) -> None:
        """Sets the one pending timer (kind, subject); a pending one moves. `data` is JSON without personal data."""
        self._schedule[(kind, str(subject))] = Setting(due, data, self.cause, current_traceparent())

    def cancel(self, kind: str, subject: object) -> None:
        """Takes the pending timer (kind, subject) away, if there is one."""
        self._schedule[(kind, str(subject))] = None

    def audit(self, actor: object, action: str, subject_kind: str, subject_id: object, **detail: Any) -> None:
        """Appends to the audit trail. `detail` is JSON without personal data."""
        self.insert(
            tables.audit,
            at=self.now,
            actor=str(actor),
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            detail=detail,
        )

    @property
    def has_work(self) -> bool:
        """Whether something is queued that `flush` would write."""
        return bool(self._at_flush or self._rows or self._outgoing or self._schedule)

    async def flush(self) -> None:
        """Writes everything queued; the outbox last, because its numbers are locked until the commit."""
        if self._at_flush:
            await self._write_rows()
        writes, self._at_flush = self._at_flush, []
        for write in writes:
            await write()
        schedule, self._schedule = self._schedule, {}
        await write_timers(self.connection, schedule)
        outgoing, self._outgoing = self._outgoing, []
        await self._write_rows(await numbered_rows(self.connection, outgoing, self.now))

    async def flush_together(self, first: Insert | None, then: str, **given: Any) -> None:
        """Writes `first` and what is queued, rows and events that are facts, by `insert_together`."""
        rows, self._rows = self._rows, {}
        outgoing, self._outgoing = self._outgoing, []
        inserts = [first] if first else []
        inserts += [Insert(table, queued) for (table, _), queued in rows.items()]
        inserts += [Insert(tables.outbox, fact_rows(outgoing, self.now))] if outgoing else []
        await insert_together(self.connection, inserts, then, **given)

    async def _write_rows(self, outbox: Sequence[Row] = ()) -> None:
        """Writes what is queued, and these, in one statement."""
        rows, self._rows = self._rows, {}
        inserts = [Insert(table, queued) for (table, _), queued in rows.items()]
        inserts += [Insert(tables.outbox, outbox)] if outbox else []
        if len(inserts) == 1:
            await insert_rows(self.connection, inserts[0].table, inserts[0].rows)
        elif inserts:
            await insert_together(self.connection, inserts, "SELECT 1")

    def _check_may_publish(self, event: type[Event]) -> None:
        if self.service not in event.topic.producers:
            raise RuntimeError(f"{self.service} may not write to {event.topic.name}; see shared/contracts/topics.py")
        if self.permit.publishes is not None and event not in self.permit.publishes:
            raise RuntimeError(f"{event.type} is not among the `publishes` of this reaction; add it there")

    def _envelope(self, event: type[Event], key: str) -> Envelope:
        return Envelope(
            id=str(self.new_id(event.type)),
            source=f"/services/{self.service}",
            type=event.type,
            topic=event.topic.name,
            key=key,
            time=self.now,
            dataschema=event.dataschema(),
            correlation_id=self.cause.correlation_id,
            causation_id=self.cause.causation_id,
            hops=self.cause.hops,
            traceparent=current_traceparent(),
        )
