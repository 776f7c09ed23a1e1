"""P2 for B6: a stock Faust agent that does nothing but count.

It gets what ours gets: an event that has been read, here as Faust's own typed record, as its first page shows.
"""

from __future__ import annotations

import os
from typing import Any

import faust

from tests.bench.programs.counting import Counting

app = faust.App(
    "p2-no-op",
    broker=f"kafka://{os.environ['BENCH_BOOTSTRAP']}",
    store="memory://",
    datadir=os.environ["BENCH_SCRATCH"],
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    key_serializer="raw",
    consumer_auto_offset_reset="earliest",
    broker_max_poll_records=500,
)
counting = Counting()


class TicketEvent(faust.Record, serializer="json"):
    """What happened to a ticket; fields of both kinds of event in the backlog."""

    ticket_id: str
    state: str | None = None
    by: str | None = None
    report_id: str | None = None
    number: str | None = None
    category: str | None = None
    severity: str | None = None
    channel: str | None = None
    party_id: str | None = None
    opened_at: str | None = None
    first_reply_due: str | None = None
    solution_due: str | None = None


tickets = app.topic("tickets", key_type=bytes, value_type=TicketEvent)


@app.agent(tickets)
async def on_ticket(stream: Any) -> None:
    """Nothing."""
    async for _ in stream:
        counting.one_more()


if __name__ == "__main__":
    app.main()
