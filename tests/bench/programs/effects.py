"""callbacks with one reaction for B5: each event of a ticket makes a domain row and an event of its own.

`make_table` makes the table that the three sides write to; the clock in it gives the rate without anybody watching.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import psycopg
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.callback_attempted import CallbackAttempted
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Copy, Reaction
from shared.runtime.main import main
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.store.unit_of_work import UnitOfWork

effect = Table(
    "effect",
    MetaData(),
    Column("event_id", Text),
    Column("key", Text),
    Column("number", BigInteger),
    Column("state", Text),
)
AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def make_table(url: str) -> None:
    """The domain of B5: a row per event, with the instant at which it was written."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text NOT NULL, "
            "key text NOT NULL, number bigint NOT NULL, state text NOT NULL, "
            "at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )


def outgoing_of(event: ComplaintOpened | ComplaintProgressed) -> CallbackAttempted:
    """The event that follows from an event: about the same thing, so that its numbers count up."""
    return CallbackAttempted(
        callback_id=event.ticket_id,
        subject_kind="ticket",
        subject_id=event.ticket_id,
        attempt=1,
        result="asked",
        at=AT,
    )


async def react(uow: UnitOfWork, event: ComplaintOpened | ComplaintProgressed, envelope: Envelope) -> None:
    """One row, one event."""
    state = getattr(event, "state", "opened")
    uow.insert(effect, event_id=envelope.id, key=envelope.key, number=envelope.sequence, state=state)
    uow.publish(outgoing_of(event))


_PUBLISHES: frozenset[type[Event]] = frozenset({CallbackAttempted})

service = Service(
    name="callbacks",
    settings=CommonSettings,
    database_url=lambda: os.environ["BENCH_DATABASE"],
    reactions=[Reaction(event, react, publishes=_PUBLISHES) for event in (ComplaintOpened, ComplaintProgressed)],
    copies=[Copy(PartyChanged), Copy(StaffChanged)],
)

if __name__ == "__main__":
    main(service)
