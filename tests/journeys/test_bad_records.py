"""Bad records over the running house: held with reason and original bytes, and everything around them is applied."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.demo import complaints
from deploy.local.demo.cast import WEB, Cast
from deploy.local.demo.desk import Desk
from deploy.local.layout import SERVICES
from services.intake.channels.operator import channel_add
from shared.contracts.topics import TOPICS
from tests.support.bad_records import (
    STRUCTURED,
    Json,
    Raw,
    message,
    of_a_ticket,
    outside,
    sequenced,
    states,
    structured,
)
from tests.support.house import House, eventually
from tests.support.scripts import ROOT, environment
from tests.support.stored import unacknowledged

_PARTITION = 0
_PEARS = "ALTER TABLE channel_message ADD CONSTRAINT no_pears CHECK (text NOT LIKE '%pear%') NOT VALID"
_PEARS_AGAIN = "ALTER TABLE channel_message DROP CONSTRAINT IF EXISTS no_pears"


@pytest.fixture
def tidy(house: House) -> Iterator[House]:
    """A house without held events, afterwards too: what these tests held, other tests must not find."""
    yield house
    for service in SERVICES:
        _execute(house, service, "DELETE FROM held")
    _execute(house, "intake", _PEARS_AGAIN)


async def test_given_bad_records_among_good_messages_then_each_is_held_and_no_good_one_waits(
    tidy: House, desk: Desk, cast: Cast
) -> None:
    """Outside channels write what they like, in structured and binary mode."""
    records, good = [], []
    for one in outside():
        told = message()
        records += [one, Raw("good", structured(told), STRUCTURED, str(told["message_id"]).encode())]
        good.append(told["message_id"])
        if one.reason is None and not one.stale:
            good.append(orjson.loads(one.value or b"")["message_id"])

    places = await _put(tidy, "channel-messages", records)

    await _eventually("every good message decided", lambda: _decided(tidy, good))
    await _eventually("everything acknowledged", lambda: not unacknowledged(tidy))
    assert _wrongly_held(tidy, "intake", "channel-messages", records, places) == []
    _whole_house_works(tidy, "complaints", "callbacks", "notify")
    await complaints.run_course(desk, *await _complain(desk, cast))


async def _complain(desk: Desk, cast: Cast) -> tuple[Any, ...]:
    person = cast.with_phone()
    return person, WEB, await complaints.complain(desk, person, 0), [complaints.SATISFIED]


@pytest.mark.parametrize("topic", ["tickets", "parties"])
async def test_given_bad_records_of_our_own_then_every_reader_holds_them_and_goes_on(
    tidy: House, desk: Desk, cast: Cast, topic: str
) -> None:
    """Sequenced and state topics: a broken producer stops nobody but the thing that it broke."""
    records, numbers = sequenced() if topic == "tickets" else (states(), {})

    places = await _put(tidy, topic, records)
    course = await _complain(desk, cast)

    await complaints.run_course(desk, *course)
    await _eventually("everything acknowledged", lambda: not unacknowledged(tidy))
    for service in TOPICS[topic].consumers:
        assert _wrongly_held(tidy, service, topic, records, places) == [], service
        assert _reached(tidy, service, numbers) == numbers, service
    gapped = next((one.key for one in records if one.name == "after the gap"), None)
    if gapped is not None:
        value, told = of_a_ticket(gapped.decode(), 2)
        await _put(tidy, topic, [Raw("the number that was missing", value, told, gapped)])
        for service in TOPICS[topic].consumers:
            await _eventually(
                "a closed gap", lambda of=service: _reached(tidy, of, [gapped.decode()])[gapped.decode()] == 3
            )


async def test_given_a_reaction_that_always_raises_when_mended_and_retried_then_it_is_applied(
    tidy: House, desk: Desk
) -> None:
    """What breaks is the database's own rule; what mends it is what an operator would do."""
    told = [message(f"A bag of {fruit}.") for fruit in ("apples", "pears", "plums", "a pear and figs", "cherries")]
    records = [Raw("ok", structured(each), STRUCTURED, str(each["message_id"]).encode()) for each in told]
    good, bad = [each["message_id"] for each in told[::2]], [each["message_id"] for each in told[1::2]]
    _execute(tidy, "intake", _PEARS)

    await _put(tidy, "channel-messages", records)

    await _eventually("every good message decided", lambda: _decided(tidy, good))
    await _eventually("both held", lambda: len(_held(tidy)) == 2)
    listed = _frontdesk(tidy, "held", "list")
    assert {(row["service"], row["key"], row["state"], row["reason"]) for row in listed} == {
        ("intake", each, "failed", "IntegrityError 23514") for each in bad
    }
    assert not any(_rows_of(tidy, each) for each in bad), "what raised left something"
    tries = min(row["tries"] for row in listed)
    numbers = [str(row["id"]) for row in listed]
    _frontdesk(tidy, "held", "retry", "intake", *numbers, json=False)
    await _eventually("tried in vain", lambda: all(row["tries"] > tries for row in _held(tidy)))
    # The clock would try them too, and might be faster than the command.
    _execute(tidy, "intake", "UPDATE held SET next_try = now() + interval '1 hour'")
    _execute(tidy, "intake", _PEARS_AGAIN)
    _frontdesk(tidy, "held", "retry", "intake", *numbers, json=False)
    await _eventually("both decided", lambda: _decided(tidy, bad))
    await _eventually("nothing held", lambda: _held(tidy) == [])


async def test_given_a_held_record_when_shown_and_retried_then_only_what_was_mended_goes_on(
    tidy: House, desk: Desk
) -> None:
    """A stranger's message is applied once the channel is registered; noise stays what it is."""
    told = {**message("柳如是的信"), "sender": {"name": "柳如是", "phone": "+8613800138000"}}
    stranger = structured(told, source="/channels/late-comer")
    noise = Raw("noise", "柳如是 +8613800138000".encode(), [], b"noise")
    await _put(tidy, "channel-messages", [Raw("early", stranger, STRUCTURED, str(told["message_id"]).encode()), noise])
    await _eventually("both held", lambda: len(_held(tidy)) == 2)
    rows = _frontdesk(tidy, "held", "list")
    by_reason = {row["reason"]: row["id"] for row in rows}

    shown = [_frontdesk(tidy, "held", "show", "intake", str(number)) for number in by_reason.values()]
    for words in ("柳如是", "8613800138000"):
        assert words not in orjson.dumps([rows, shown]).decode()
    assert {each["reason"] for each in shown} == {"source-unknown", "envelope ce_id"}
    intake = tidy.database("intake")
    try:
        await channel_add(intake, "late-comer")
    finally:
        await intake.close()
    _frontdesk(tidy, "held", "retry", "intake", *map(str, by_reason.values()), json=False)

    await _eventually("the late message decided", lambda: _decided(tidy, [told["message_id"]]))
    await _eventually("noise tried again", lambda: [row["tries"] for row in _held(tidy)] == [2])
    (left,) = _frontdesk(tidy, "held", "list")
    assert (left["id"], left["state"], left["next_try"]) == (by_reason["envelope ce_id"], "dead", None)


async def _put(house: House, topic: str, records: Sequence[Raw]) -> list[int]:
    """Writes them in this order into one partition, packed with gzip; returns their offsets."""
    producer = AIOKafkaProducer(
        bootstrap_servers=house.kafka.bootstrap, compression_type="gzip", max_request_size=64_000_000
    )
    await producer.start()
    try:
        return [
            (await producer.send_and_wait(topic, one.value, one.key, _PARTITION, headers=one.headers)).offset
            for one in records
        ]
    finally:
        await producer.stop()


async def _eventually(what: str, holds: Callable[[], Any]) -> Any:
    """Waits beside the desk, which goes on watching its inbox."""
    return await asyncio.to_thread(eventually, what, holds)


def _wrongly_held(house: House, service: str, topic: str, records: Sequence[Raw], places: Sequence[int]) -> list[str]:
    """Where what is held differs from what should be: state, reason, key, value, headers."""
    query = 'SELECT * FROM held WHERE topic = %(topic)s AND "partition" = %(partition)s'
    held = {row["offset"]: row for row in house.rows(service, query, topic=topic, partition=_PARTITION)}
    wrong = []
    for record, place in zip(records, places, strict=True):
        row = held.pop(place, None)
        found = None if row is None else (row["state"], row["reason"], row["record_key"], row["value"], _headers(row))
        wanted = None
        if record.reason is not None:
            headers = [(name, value or b"") for name, value in record.headers]
            wanted = (record.state, record.reason, record.key, record.value, headers)
        if found != wanted:
            wrong.append(f"{record.name}: {_short(found)} instead of {_short(wanted)}")
    return wrong + [f"held besides: {row['reason']}" for row in held.values()]


def _held(house: House) -> list[Json]:
    return house.rows("intake", "SELECT * FROM held")


def _headers(row: Json) -> list[tuple[str, bytes]]:
    return [(name, base64.b64decode(value)) for name, value in row["headers"]]


def _short(told: tuple[Any, ...] | None) -> str:
    return "nothing" if told is None else " ".join(repr(each)[:80] for each in told)


def _decided(house: House, ids: Sequence[object]) -> bool:
    """Whether all these messages have become a report with a ticket number."""
    query = "SELECT id FROM channel_message WHERE id = ANY(%(ids)s::uuid[]) AND ticket_number IS NOT NULL"
    return len(house.rows("intake", query, ids=list(map(str, ids)))) == len(ids)


def _rows_of(house: House, message_id: str) -> list[Json]:
    return house.rows("intake", "SELECT id FROM channel_message WHERE id = %(id)s::uuid", id=message_id)


def _reached(house: House, service: str, things: Sequence[str] | dict[str, int]) -> dict[str, int]:
    """The last number that the service has applied of each of these tickets."""
    query = (
        "SELECT key, last FROM inbox WHERE topic = 'tickets' AND source = '/services/complaints' AND key = ANY(%(of)s)"
    )
    return {row["key"]: row["last"] for row in house.rows(service, query, of=list(things))}


def _whole_house_works(house: House, *services: str) -> None:
    """Nothing that intake has let in is held further on."""
    for service in services:
        rows = house.rows(service, "SELECT topic, type, state, reason FROM held")
        assert rows == [], service


def _frontdesk(house: House, *words: str, json: bool = True) -> Any:
    """What the `frontdesk` command answers."""
    env = {
        "FRONTDESK_DATA_DIR": str(house.layout.data),
        "FRONTDESK_PORT_BASE": str(house.layout.ports.base),
        "FRONTDESK_KAFKA_BOOTSTRAP": house.kafka.bootstrap,
        **{f"FRONTDESK_{service.upper()}_DATABASE_URL": house.url(service) for service in SERVICES},
    }
    command = [sys.executable, "-m", "deploy.local", *words, *(["--json"] if json else [])]
    done = subprocess.run(command, cwd=ROOT, env=environment(env), capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return orjson.loads(done.stdout) if json else None


def _execute(house: House, service: str, statement: str) -> None:
    with psycopg.connect(house.url(service), autocommit=True) as connection:
        connection.execute(statement.encode())
