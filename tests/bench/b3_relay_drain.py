"""B3: how fast a relay drains a backlog: rows a second from their commit to the mark on the last of them."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter

import psycopg

from tests.bench import ledger
from tests.bench.environment import Environment
from tests.bench.outboxes import Outbox
from tests.bench.pairing import Outcome, Sides
from tests.bench.payloads import Stored, ticket_events
from tests.bench.processes import Program
from tests.bench.scale import Scale

TOPIC = "tickets"


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """Both relays run all the time, each on an outbox of its own; the peer gets fewer rows, as it needs minutes."""
    backlog, short = ticket_events(scale.events), ticket_events(scale.peer_events)
    ours, peer = Outbox.make(environment), Outbox.make(environment)
    relays = [
        environment.role("services.complaints", "relay", FRONTDESK_COMPLAINTS_DATABASE_URL=ours.url),
        environment.program("tests.bench.peers.p1_relay", BENCH_DATABASE=peer.url),
    ]
    relays[1].wait_said()
    try:
        yield Sides(
            partial(_drain, environment, relays[0], ours, backlog),
            partial(_drain, environment, relays[1], peer, short),
            partial(_limit, environment, backlog),
        )
    finally:
        for relay in relays:
            relay.stop()


async def _drain(environment: Environment, relay: Program, outbox: Outbox, events: Sequence[Stored]) -> Outcome:
    since = await ledger.ends_of(environment.bootstrap, TOPIC)
    with psycopg.connect(outbox.url, autocommit=True) as connection:
        before = relay.cpu
        outbox.refill(events)
        began = perf_counter()
        while not outbox.is_drained(connection):
            await asyncio.sleep(0.01)
        seconds = perf_counter() - began
    used = relay.cpu - before
    wrong = await ledger.published_in_order(environment.bootstrap, TOPIC, since, events)
    if left := outbox.left():
        wrong.append(f"{left} rows not marked")
    return Outcome({"rate": len(events) / seconds}, cpu=used / len(events) * 1000, wrong=tuple(wrong))


async def _limit(environment: Environment, events: Sequence[Stored]) -> Outcome:
    since = await ledger.ends_of(environment.bootstrap, TOPIC)
    backlog, result = environment.file("backlog"), environment.file("result")
    backlog.write_bytes(pickle.dumps(list(events)))
    program = environment.program(
        "tests.bench.limits.only_produce", BENCH_BACKLOG=str(backlog), BENCH_RESULT=str(result)
    )
    told = await program.result(result)
    program.stop()
    wrong = await ledger.published_in_order(environment.bootstrap, TOPIC, since, events)
    return Outcome({"rate": len(events) / told["seconds"]}, cpu=told["cpu"] / len(events) * 1000, wrong=tuple(wrong))
