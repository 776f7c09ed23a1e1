"""Held events: what cannot be applied is kept with its bytes and reason, and good events go on unhindered."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel.errors import Refused, Stale, Superseded
from shared.messaging.holding import RETRY_AFTER
from shared.messaging.reactions import Reaction, party
from shared.messaging.record import Record
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, effect, opened, progressed, record, service_of, tombstone

Fixed = dict[str, bool]


@pytest.fixture
def broken() -> dict[str, Exception]:
    """ticket id → what the reaction raises for it; take an entry out to mend it."""
    return {}


@pytest.fixture
async def bench(database_of: Callable[[str], str], broken: dict[str, Exception]) -> AsyncIterator[Bench]:
    async def react(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
        await effect(uow, event, envelope)
        if envelope.key in broken:
            raise broken[envelope.key]

    reactions = [
        Reaction(ComplaintProgressed, react, stale_after=timedelta(days=1)),
        Reaction(ComplaintOpened, effect, needs=lambda e: party(e.party_id)),
    ]
    made = Bench(service_of("callbacks", database_of("callbacks"), reactions))
    yield await made.prepare()
    await made.database.close()


def unreadable_records() -> list[tuple[str, Record]]:
    ticket = uuid4()
    good = record(progressed(ticket), 1)
    headers = dict(good.headers)

    def changed(**values: str | None) -> Record:
        merged = {**headers, **{f"ce_{k}": v.encode() for k, v in values.items() if v is not None}}
        for name, value in values.items():
            if value is None:
                del merged[f"ce_{name}"]
        return Record(good.topic, 0, 1, good.key, good.value, tuple(merged.items()))

    return [
        ("envelope ce_id", Record("tickets", 0, 1, b"k", b"\xff\xfe no event at all", ())),
        ("headers", Record("tickets", 0, 1, b"k", b"{}", (("ce_id", b"\xff"),))),
        ("envelope ce_id", changed(id="a\0b")),
        ("envelope ce_source", changed(source="/services/\0")),
        ("envelope", changed(made_up="a\0b")),
        ("key", Record("tickets", 0, 1, b"a\0b", good.value, good.headers)),
        ("envelope ce_sequence", changed(sequence=str(2**63))),
        ("schema NUL", record(progressed(ticket, "a\0b"), 1)),
        ("key", Record("tickets", 0, 1, b"\xff", good.value, good.headers)),
        ("envelope ce_specversion", changed(specversion="0.3")),
        ("envelope ce_time", changed(time="2026-01-01T10:00:00")),
        ("envelope ce_sequence", changed(sequence=None)),
        ("envelope", changed(sequence="one")),
        ("hops ce_hops", changed(hops="31")),
        ("too-large", record(progressed(ticket), 1, value=b"x" * (512 * 1024 + 1))),
        ("source-unknown", changed(source="/services/nobody")),
        ("source-unknown", changed(source="/services/notify")),
        ("tombstone", record(progressed(ticket), 1, value=None)),
        ("wrong-topic ce_type", changed(type="party-changed")),
        ("schema by", record(progressed(ticket), 1, value=f'{{"ticket_id":"{ticket}","state":"x","by":"?"}}'.encode())),
        ("schema", record(progressed(ticket), 1, value=b"{not json")),
        ("key ticket_id", record(progressed(ticket), 1, key=str(uuid4()))),
    ]


async def test_what_stays_unreadable_is_dead_again_after_a_retry(bench: Bench) -> None:
    noise = Record("tickets", 0, 1, b"k", b"\xff\xfe", ())
    await bench.batches.process([noise])
    await bench.rows("UPDATE held SET state = 'failed', next_try = now() RETURNING id")
    assert await bench.held.run_due() == 1
    assert await bench.rows("SELECT state FROM held WHERE tries = 2 AND next_try IS NULL") == ["dead"]


async def test_unreadable_bytes_are_kept_for_thirty_days(bench: Bench) -> None:
    ticket = uuid4()
    noise = Record("tickets", 0, 1, b"k", b"\xff\xfe", ())
    await bench.batches.process([noise, record(progressed(ticket), 1, value=b"{}")])
    for days, left in ((29, 2), (31, 1)):
        await bench.rows("UPDATE held SET held_at = now() - make_interval(days => :days)", days=days)
        await bench.held.age()
        assert len(await bench.held_rows()) == left
    assert [row[0] for row in await bench.held_rows()] == [str(ticket)], "what has a place in a queue stays"


async def test_a_new_build_tries_what_raised_at_once_and_the_same_build_does_not(
    bench: Bench, broken: dict[str, Exception]
) -> None:
    ticket = uuid4()
    broken[str(ticket)] = ValueError()
    await bench.batches.process([record(progressed(ticket), 1)])
    await bench.rows("UPDATE held SET next_try = now() + interval '1 hour'")
    broken.clear()
    await bench.held.age()
    assert await bench.held.run_due() == 0
    newer = Bench(bench.service, code_version="next")
    await newer.held.age()
    assert await newer.held.run_due() == 1
    await newer.database.close()
    assert await bench.effects() == [(str(ticket), 1)]


async def test_a_number_that_comes_again_broken_is_held_with_its_own_bytes_and_reason(bench: Bench) -> None:
    ticket = uuid4()
    first = record(progressed(ticket), 1, offset=3, value=b'{"ticket_id":"' + str(ticket).encode() + b'"}')
    second = record(progressed(ticket), 1, offset=4, type="party-changed")
    await bench.batches.process([first, second])
    assert [row[2:] for row in await bench.held_rows()] == [("dead", "wrong-topic ce_type")]
    assert await bench.rows('SELECT value FROM held WHERE "offset" = 4') == [second.value]


async def test_what_can_be_read_at_last_is_applied_once_and_leaves_no_trace(bench: Bench) -> None:
    """A new build reads what an old one could not: the row from before had no number yet."""
    ticket = uuid4()
    good = record(progressed(ticket), 1)
    broken_off = Record(good.topic, 0, 1, good.key, good.value, good.headers[1:])
    await bench.batches.process([broken_off])
    (held_id,) = await bench.rows("UPDATE held SET state = 'failed', next_try = now() RETURNING id")
    await bench.batches.process([replace(good, held_id=held_id)])
    assert await bench.effects() == [(str(ticket), 1)]
    assert await bench.held_rows() == []


async def test_a_backslash_before_u0000_is_no_nul(bench: Bench) -> None:
    ticket = uuid4()
    await bench.batches.process([record(progressed(ticket, "a\\u0000b"), 1)])
    assert await bench.effects() == [(str(ticket), 1)]


@pytest.mark.parametrize(("reason", "bad"), unreadable_records())
async def test_what_cannot_be_read_is_dead_with_its_original_bytes(bench: Bench, reason: str, bad: Record) -> None:
    other = uuid4()
    good = [record(progressed(other), 1, offset=10), record(progressed(other), 2, offset=11)]
    await bench.batches.process([good[0], bad, good[1]])
    assert await bench.effects() == [(str(other), 1), (str(other), 2)]
    assert [row[2:] for row in await bench.held_rows()] == [("dead", reason)]
    assert await bench.rows("SELECT value FROM held") == [bad.value]
    (headers,) = await bench.rows("SELECT headers FROM held")
    assert tuple((name, base64.b64decode(value)) for name, value in headers) == bad.headers
    await bench.batches.process([bad])
    assert len(await bench.held_rows()) == 1


async def test_a_dead_event_keeps_its_queue_shut_and_other_things_go_on(bench: Bench) -> None:
    ticket, other = uuid4(), uuid4()
    bad = record(progressed(ticket), 1, value=b"{}")
    await bench.batches.process([bad, record(progressed(ticket), 2), record(progressed(other), 1)])
    await bench.held.run_due()
    assert await bench.effects() == [(str(other), 1)]
    assert [row[1:] for row in await bench.held_rows()] == [(1, "dead", "schema ticket_id"), (2, "waiting", "queued")]


async def test_an_unknown_type_waits_for_a_build_that_knows_it(bench: Bench) -> None:
    ticket = uuid4()
    future = record(progressed(ticket), 1, dataschema="/schemas/complaint-progressed/2")
    await bench.batches.process([future, record(progressed(ticket), 2)])
    await bench.held.age()
    await bench.held.run_due()
    assert [row[1:] for row in await bench.held_rows()] == [(1, "waiting", "unknown-type"), (2, "waiting", "queued")]

    newer = Bench(bench.service, code_version="next")
    await newer.held.age()
    assert await newer.rows("SELECT sequence FROM held WHERE next_try IS NOT NULL") == [1]
    await newer.rows("UPDATE held SET held_at = now() - interval '25 hours', next_try = NULL")
    await newer.held.age()
    await newer.database.close()
    assert [row[1:3] for row in await bench.held_rows()] == [(1, "dead"), (2, "waiting")]


async def test_an_event_about_an_unknown_party_is_applied_when_the_party_comes(bench: Bench) -> None:
    ticket, guest = uuid4(), uuid4()
    await bench.batches.process([record(opened(ticket, guest), 1), record(progressed(ticket), 2)])
    assert await bench.effects() == []
    assert [row[1:] for row in await bench.held_rows()] == [(1, "waiting", "needs parties"), (2, "waiting", "queued")]

    released = await bench.batches.process([record(PartyChanged(party_id=guest), 1)])
    assert released == [("tickets", str(ticket))]
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), 1), (str(ticket), 2)]
    assert await bench.held_rows() == []


async def test_a_hold_for_a_party_that_came_meanwhile_is_looked_at_again_at_once(bench: Bench) -> None:
    """The party's transaction may commit between our look and our hold: then neither sees the other."""
    ticket, guest = uuid4(), uuid4()
    released = await bench.batches.process([record(opened(ticket, guest), 1)])
    assert released == [("tickets", str(ticket))]


async def test_a_wake_up_that_was_lost_is_found_by_the_clock(bench: Bench) -> None:
    ticket, guest = uuid4(), uuid4()
    await bench.batches.process([record(opened(ticket, guest), 1)])
    await bench.batches.process([record(PartyChanged(party_id=guest), 1)])
    await bench.rows("UPDATE held SET next_try = NULL")
    await bench.held.run_due()
    assert await bench.effects() == []
    await bench.held.look_for_needs()
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), 1)]


async def test_an_erased_party_counts_as_here(bench: Bench) -> None:
    ticket, guest = uuid4(), uuid4()
    await bench.batches.process([tombstone(PartyChanged, guest, 5)])
    await bench.batches.process([record(opened(ticket, guest), 1)])
    assert await bench.effects() == [(str(ticket), 1)]


async def test_the_culprit_is_held_alone_and_the_batch_around_it_is_applied(
    bench: Bench, broken: dict[str, Exception]
) -> None:
    things = [uuid4() for _ in range(9)]
    broken[str(things[4])] = ValueError("a text that may hold a name")
    await bench.batches.process([record(progressed(t), 1, offset=n) for n, t in enumerate(things)])
    assert [key for key, _ in await bench.effects()] == [str(t) for n, t in enumerate(things) if n != 4]
    assert await bench.held_rows() == [(str(things[4]), 1, "failed", "ValueError")]


async def test_a_failed_event_is_tried_with_growing_pauses_until_it_is_mended(
    bench: Bench, broken: dict[str, Exception]
) -> None:
    ticket = uuid4()
    broken[str(ticket)] = ValueError()
    await bench.batches.process([record(progressed(ticket), 1), record(progressed(ticket), 2)])
    pauses: list[float] = []
    for _ in RETRY_AFTER:
        (pause,) = await bench.rows(
            "SELECT round(extract(epoch FROM next_try - now())) FROM held WHERE state = 'failed'"
        )
        pauses.append(round(float(pause)))
        await bench.rows("UPDATE held SET next_try = now() WHERE next_try IS NOT NULL")
        await bench.held.run_due()
    expected = [round(pause.total_seconds()) for pause in RETRY_AFTER]
    assert all(abs(seen - wanted) <= 1 for seen, wanted in zip(pauses, expected, strict=True)), pauses
    assert [row[1:] for row in await bench.held_rows()] == [(1, "dead", "ValueError"), (2, "waiting", "queued")]
    assert await bench.effects() == []


async def test_a_mended_reaction_takes_the_held_event_and_its_queue(bench: Bench, broken: dict[str, Exception]) -> None:
    ticket = uuid4()
    broken[str(ticket)] = ValueError()
    await bench.batches.process([record(progressed(ticket), n) for n in (1, 2, 3)])
    broken.clear()
    await bench.rows("UPDATE held SET next_try = now() WHERE state = 'failed'")
    await bench.held.run_due()
    assert await bench.effects() == [(str(ticket), 1), (str(ticket), 2), (str(ticket), 3)]
    assert await bench.held_rows() == []


async def test_the_number_coming_again_from_the_log_is_tried_too(bench: Bench, broken: dict[str, Exception]) -> None:
    ticket = uuid4()
    broken[str(ticket)] = ValueError()
    first = record(progressed(ticket), 1)
    await bench.batches.process([first])
    broken.clear()
    await bench.batches.process([first])
    assert await bench.effects() == [(str(ticket), 1)]
    assert await bench.held_rows() == []


async def test_a_refusal_is_held_for_an_operator_with_code_and_field(
    bench: Bench, broken: dict[str, Exception]
) -> None:
    ticket = uuid4()
    broken[str(ticket)] = Refused("ticket-state", field="command")
    await bench.batches.process([record(progressed(ticket), 1)])
    assert [row[1:] for row in await bench.held_rows()] == [(1, "refused", "ticket-state command")]
    assert await bench.rows("SELECT next_try FROM held") == [None]


@pytest.mark.parametrize(
    ("raised", "note"),
    [(Superseded("older-revision"), "superseded:older-revision"), (Stale("too-late"), "stale:too-late")],
)
async def test_what_is_superseded_is_recorded_and_the_story_goes_on(
    bench: Bench, broken: dict[str, Exception], raised: Exception, note: str
) -> None:
    ticket = uuid4()
    broken[str(ticket)] = raised
    await bench.batches.process([record(progressed(ticket), 1)])
    broken.clear()
    await bench.batches.process([record(progressed(ticket), 2)])
    assert await bench.effects() == [(str(ticket), 2)]
    assert await bench.held_rows() == []
    assert await bench.rows("SELECT action, subject_id FROM audit") == [(note, str(ticket))]


async def test_an_event_past_its_age_starts_nothing(bench: Bench) -> None:
    ticket = uuid4()
    await bench.batches.process([record(progressed(ticket), 1, age=timedelta(days=2))])
    assert await bench.effects() == []
    assert await bench.rows("SELECT action FROM audit") == ["stale"]
    assert await bench.rows("SELECT last FROM inbox") == [1]


async def test_two_workers_that_retry_one_fact_apply_it_once(database_of: Callable[[str], str]) -> None:
    from shared.contracts.events.complaint_reported import ComplaintReported
    from tests.support.core import reported

    guest = uuid4()
    reaction = Reaction(ComplaintReported, effect, needs=lambda e: party(e.party_id))
    one = await Bench(service_of("complaints", database_of("complaints"), [reaction])).prepare()
    await one.batches.process([record(reported(guest))])
    await one.batches.process([record(PartyChanged(party_id=guest), 1)])
    two = Bench(one.service)
    rows = await one.rows("SELECT count(*) FROM held")
    import asyncio

    await asyncio.gather(one.held.run_due(), two.held.run_due())
    effects = await one.effects()
    left = await one.held_rows()
    await one.database.close()
    await two.database.close()
    assert (rows, len(effects), left) == ([1], 1, [])


def test_ids_named_by_an_event_are_found_for_erasure() -> None:
    from shared.messaging.record import ids_in

    guest: UUID = uuid4()
    assert ids_in(opened(uuid4(), guest)) == [str(guest)]
