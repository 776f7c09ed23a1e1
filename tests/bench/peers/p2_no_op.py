"""P2 for B6: a stock Faust agent that does nothing but count."""

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
    value_serializer="raw",
    consumer_auto_offset_reset="earliest",
    broker_max_poll_records=500,
)
tickets = app.topic("tickets", key_type=bytes, value_type=bytes)
counting = Counting()


@app.agent(tickets)
async def on_ticket(stream: Any) -> None:
    """Nothing."""
    async for _ in stream:
        counting.one_more()


if __name__ == "__main__":
    app.main()
