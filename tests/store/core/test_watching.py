"""Alarms: what stands too long is said, once, and said to be over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.topics import REPORTS, TICKETS, Topic
from shared.kernel import clock
from shared.messaging.reactions import Reaction, party
from shared.messaging.record import Record
from shared.messaging.watching import ALARMS, Sayer, look_after, look_at_unread
from shared.store.cause import Cause
from tests.support.core import Bench, effect, opened, progressed, record, service_of

QUIET = {alarm.name: 0 for alarm in ALARMS}


@pytest.fixture
async def bench(database_of: Callable[[str], str]) -> AsyncIterator[Bench]:
    reactions = [Reaction(ComplaintOpened, effect, needs=lambda event: party(event.party_id))]
    made = Bench(service_of("callbacks", database_of("callbacks"), reactions))
    yield await made.prepare()
    await made.database.close()


async def alarms(bench: Bench) -> dict[str, int]:
    counts = await look_after(bench.database, Sayer())
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(
    ("name", "records", "seconds"),
    [
        ("gap", lambda one: [record(progressed(one), 1), record(progressed(one), 3)], 60),
        ("needs", lambda one: [record(opened(one, uuid4()), 1)], 3600),
        ("unknown-type", lambda one: [record(progressed(one), 1, type="complaint-imagined")], 0),
        ("dead", lambda one: [Record("tickets", 0, 1, b"k", b"noise", ())], 0),
    ],
)
async def test_what_is_held_too_long_is_an_alarm_from_its_time_on(
    bench: Bench, name: str, records: Callable[[object], list[Record]], seconds: int
) -> None:
    assert await look_after(bench.database, Sayer()) == QUIET
    await bench.batches.process(records(uuid4()))
    for age, wanted in ((max(seconds - 5, 0), {} if seconds else {name: 1}), (seconds + 5, {name: 1})):
        await bench.rows("UPDATE held SET held_at = now() - make_interval(secs => :age)", age=age)
        assert await alarms(bench) == wanted


async def test_rows_that_do_not_get_out_are_an_alarm(database_of: Callable[[str], str]) -> None:
    bench = Bench(service_of("complaints", database_of("complaints")))
    async with bench.database.transaction(Cause.of_person()) as uow:
        uow.publish(progressed(uuid4()))
    seen = [await alarms(bench)]
    await bench.rows("UPDATE outbox SET created_at = now() - interval '61 seconds'")
    seen.append(await alarms(bench))
    await bench.rows("UPDATE outbox SET replayed_at = now()")
    seen.append(await alarms(bench))
    await bench.rows("UPDATE outbox SET stuck_reason = 'MessageSizeTooLargeError'")
    seen.append(await alarms(bench))
    await bench.database.close()
    assert seen == [{}, {"unpublished": 1}, {}, {"stuck": 1}]


def test_an_alarm_is_said_when_it_begins_and_when_it_is_over() -> None:
    sayer = Sayer()
    with capture_logs() as lines:
        for count in (0, 2, 3, 0, 0, 1):
            sayer.say("gap", count, "numbers missing")
    assert [(line["event"], line.get("count")) for line in lines] == [("alarm", 2), ("alarm over", None), ("alarm", 1)]


@pytest.mark.parametrize("topic", [REPORTS, TICKETS], ids=lambda topic: topic.name)
def test_a_record_unread_for_half_of_its_retention_is_an_alarm(topic: Topic) -> None:
    assert topic.retention is not None
    now = clock.now()

    def unread(age: timedelta) -> list[str]:
        record = Record(topic.name, 0, 1, None, None, (), written_at=(now - age).timestamp())
        younger = Record(topic.name, 1, 1, None, None, (), written_at=now.timestamp())
        with capture_logs() as lines:
            ages = look_at_unread([record, younger], Sayer())
        assert ages[topic.name] == pytest.approx(age.total_seconds(), abs=5)
        return [line["topic"] for line in lines]

    assert unread(topic.retention / 2 - timedelta(minutes=1)) == []
    assert unread(topic.retention / 2 + timedelta(minutes=1)) == [topic.name]


def test_a_record_whose_age_is_not_known_is_no_alarm() -> None:
    assert look_at_unread([Record("reports", 0, 1, None, None, ())], Sayer()) == {}
