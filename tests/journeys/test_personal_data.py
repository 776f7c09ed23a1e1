"""Nobody's name, number, address or words stand in what a house tells of itself, whatever goes wrong."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.demo import complaints, letters, visits
from deploy.local.demo.cast import SHOP, WEB, Cast, Person
from deploy.local.demo.desk import Desk
from deploy.local.environment import NUMBERS
from shared.store.cause import Cause
from tests.journeys.people import in_state
from tests.support.bad_records import STRUCTURED, Headers, headers, message, structured
from tests.support.bad_requests import SPOILED
from tests.support.front import knocking
from tests.support.good_requests import COMMANDS
from tests.support.house import House
from tests.support.leaks import Told, everything_told, found_in
from tests.support.otlp import Received
from tests.support.stored import wait_still

_NAMES = (
    "欧阳懿翎",
    "Thessaly Quillfeather",
    "司徒皓轩",
    "Oberon Mistlethwaite",
    "公孙芷若",
    "Isolde Featherstonehaugh",
)
_WORDS = (
    "紫檀木屏风裂开了",
    "the zebrawood harpsichord is warped",
    "南京西路一千七百八十八号",
    "42 Larkspur Crescent",
    "琉璃灯罩碎了一地",
    "my marzipan turned green",
)
_BREAKING, _BROKEN = "铜雀台上的风铃不响了", "the obsidian sundial runs backwards"
"""Words that the databases are made to choke on: in a reaction, and in a command."""

_TRACEPARENT = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
"""Makes every span of these requests and of what comes of them go out."""

_FAILED = (
    "SELECT 1 FROM attempt a JOIN message m ON m.id = a.message_id WHERE m.address = %(who)s AND a.result <> 'accepted'"
)
_CHOKES = (
    ("intake", "channel_message", "text", _BREAKING),
    ("complaints", "ticket_words", "body", _BROKEN),
)


@pytest.fixture
def choking(house: House) -> Iterator[House]:
    """A house whose databases refuse some words, so that errors come up whose details would tell them."""
    for service, table, column, words in _CHOKES:
        _execute(house, service, f"ALTER TABLE {table} ADD CONSTRAINT choke CHECK ({column} <> '{words}') NOT VALID")
    yield house
    for service, table, _, _ in _CHOKES:
        _execute(house, service, f"ALTER TABLE {table} DROP CONSTRAINT choke")
    for service in ("intake", "complaints", "callbacks", "notify"):
        _execute(house, service, "DELETE FROM held")
    httpx.delete(f"{house.layout.inbox}/faults").raise_for_status()


@pytest.fixture
def people(cast: Cast) -> list[Person]:
    """People whose names, numbers and addresses are nobody else's."""
    zone = cast.day_zone
    mailbox = f"{secrets.token_hex(4)}.quillfeather@larkspur.example"
    return [
        Person(_NAMES[0], "zh-CN", zone, phone=cast.with_phone().phone),
        Person(_NAMES[1], "en", zone, email=mailbox),
        Person(_NAMES[2], "zh-CN", zone, phone=cast.with_phone().phone),
        Person(_NAMES[3], "en", zone, email=f"oberon.{secrets.token_hex(4)}@mistlethwaite.example"),
        Person(_NAMES[4], "zh-CN", zone, phone=cast.with_phone().phone),
        Person(_NAMES[5], "en", zone, email=f"isolde.{secrets.token_hex(4)}@featherstonehaugh.example"),
    ]


async def test_given_good_and_bad_days_then_nothing_that_a_house_tells_of_itself_names_anybody(
    choking: House, desk: Desk, people: list[Person], telemetry: Received
) -> None:
    desk.headers = {"traceparent": _TRACEPARENT}
    answers = [answer async for answer in _bad_requests(choking, people)]
    await _good_day(desk, people)
    await _bad_records(choking, desk, people)
    answers += await _broken_command(choking, desk, people)
    await _refused_by_providers(choking, desk, people)
    await asyncio.to_thread(wait_still, choking)
    assert telemetry.wait_until(lambda seen: len(seen.trace(_TRACEPARENT[3:35])) > 100 and bool(seen.metrics))

    told = [*everything_told(choking, telemetry), *answers]

    words = [*_NAMES, *(person.address for person in people), *_WORDS, _BREAKING, _BROKEN]
    assert found_in(told, words) == []
    reasons = {row["reason"] for row in choking.rows("intake", "SELECT reason FROM held")}
    assert {"IntegrityError 23514", "schema sender", "envelope ce_id"} <= reasons, "what should go wrong did not"
    assert any(answer.where.endswith(" 500") for answer in answers)
    await _planted_is_found(choking, telemetry)


async def _planted_is_found(house: House, telemetry: Received) -> None:
    """Whoever never finds anything proves nothing: a name put into each kind of place is found there."""
    planted, number = "慕容雪见 Planted", "+8613912345678"
    with (house.layout.logs / "planted.log").open("w", encoding="utf-8") as log:
        log.write(orjson.dumps({"message": planted, "to": number[3:]}).decode())
    complaints_store = house.database("complaints")
    try:
        async with complaints_store.transaction(Cause.of_person()) as uow:
            uow.audit("test", "plant", "name", "1", detail=planted, number=number)
    finally:
        await complaints_store.close()
    async with httpx.AsyncClient() as client:
        await client.post(f"{telemetry.endpoint}/planted", content=f"{planted} {number}".encode())
    told = message()
    await _put(house, [(structured(told), [*STRUCTURED, ("to", f"{planted} {number}".encode())], told["message_id"])])
    places = {
        where
        for each in everything_told(house, telemetry)
        for where in found_in([each], [planted]) + found_in([each], [number])
    }
    assert {place.removeprefix("word 0 in ") for place in places} == {
        "log planted",
        "the audit trail of complaints",
        "telemetry",
        "to on channel-messages",
    }
    wait_still(house)


@pytest.mark.parametrize(
    "spelled",
    [
        "欧阳懿翎",
        "%E6%AC%A7%E9%98%B3%E6%87%BF%E7%BF%8E",
        "\\u6b27\\u9633\\u61ff\\u7fce",
        "\\xe6\\xac\\xa7\\xe9\\x98\\xb3\\xe6\\x87\\xbf\\xe7\\xbf\\x8e",
        "e6aca7e998b3e687bfe7bf8e",
        "eyJuYW1lIjoi5qyn6Ziz5oe/57+OIn0=",
        "5qyn6Ziz5oe/57+O",
    ],
)
def test_a_name_is_found_in_every_spelling(spelled: str) -> None:
    assert found_in([Told("log", f"before {spelled} after".encode())], ["欧阳懿翎"]) == ["word 0 in log"]


@pytest.mark.parametrize(
    "spelled", ["+8613912345678", "8613912345678", "13912345678", "139 1234 5678", "139-1234-5678"]
)
def test_a_number_is_found_in_every_spelling(spelled: str) -> None:
    assert found_in([Told("log", spelled.encode())], ["+8613912345678"]) == ["word 0 in log"]


async def _good_day(desk: Desk, people: list[Person]) -> None:
    """Complaints, visits and letters with answers, over every channel."""
    caller, writer, guest, visitor, *_ = people
    answers = [{"zh-CN": f"不满意，{_WORDS[4]}", "en": f"3 {_WORDS[5]}"}, complaints.SATISFIED]
    told = {**complaints.report(caller, 0), "text": f"{_WORDS[0]}，{_WORDS[2]}", "subject": _WORDS[0]}
    by_phone = (await desk.channel(WEB, "POST", "/channel-messages", told))["id"]
    told = {**complaints.report(writer, 0), "text": f"{_WORDS[1]}, {_WORDS[3]}", "subject": _WORDS[1]}
    by_mail = (await desk.channel(WEB, "POST", "/channel-messages", told))["id"]
    await asyncio.gather(
        complaints.run_course(desk, caller, WEB, by_phone, answers),
        complaints.run_course(desk, writer, WEB, by_mail, answers),
        visits.run_course(desk, guest, timedelta(seconds=45), answers[0], by_guest=True),
    )
    await desk.write_mail(visitor, letters.MAILBOX, _WORDS[1], f"{_WORDS[5]}\n{visitor.name}\n{_WORDS[3]}")
    await desk.received(visitor, 1)
    before = len(await desk.arrived(guest.address))
    await desk.send_sms(guest, NUMBERS[1], f"{_WORDS[0]} {guest.name}")
    await desk.received(guest, before + 1)


async def _bad_requests(house: House, people: list[Person]) -> AsyncIterator[Told]:
    """Every spoiled body with people in it, and people in addresses, headers and fields' names."""
    caller, writer, *_ = people
    headers = await knocking(house)
    whole = {"name": caller.name, "phone": caller.phone, "email": writer.email, "words": [*_WORDS]}
    async with httpx.AsyncClient(timeout=60, headers={"traceparent": _TRACEPARENT}) as client:

        async def sent(service: str, method: str, path: str, who: str, **request: object) -> Told:
            own = {**headers[who], **request.pop("headers", {})}  # type: ignore[dict-item]
            url = house.layout.api(service) + path
            answer = await client.request(method, url, headers=own, **request)  # type: ignore[arg-type]
            return Told(f"answer {service} {path.split('/')[1]} {answer.status_code}", _whole(answer))

        for number, command in enumerate(COMMANDS):
            path = re.sub(r"\{\w+\}", str(uuid4()), command.path)
            for spoiled in SPOILED[number % 6 :: 6]:
                kind = {} if spoiled.content_type is None else {"Content-Type": spoiled.content_type}
                content = spoiled.spoil({**(command.body or {}), **whole})
                yield await sent(command.service, "POST", path, command.who, content=content, headers=kind)
            odd = {**(command.body or {}), str(caller.phone): caller.name, "sender": {caller.name: writer.email}}
            yield await sent(command.service, "POST", path, command.who, json=odd)
        for service, path, who in (
            ("intake", f"/parties/{caller.phone}", "agent"),
            ("intake", f"/visits?state={caller.name}&host_id={caller.phone}", "host"),
            ("complaints", f"/tickets?number={writer.email}", "supervisor"),
            ("complaints", f"/people/{caller.name}/{caller.phone}", "supervisor"),
            ("callbacks", f"/callbacks?rule={caller.name}", "supervisor"),
            ("notify", f"/messages?before={caller.phone}", "supervisor"),
        ):
            yield await sent(service, "GET", path, who)
            yield await sent(
                service, "DELETE", path, who, headers={"User-Agent": caller.phone, "Referer": writer.email}
            )
        yield await sent("intake", "POST", "/token", "nobody", json={"email": writer.email, "password": caller.phone})
        liar = {"Authorization": f"Bearer {writer.email}", "X-Request-Id": str(caller.phone)}
        yield await sent("intake", "POST", "/channel-messages", "nobody", json=whole, headers=liar)


def _whole(answer: httpx.Response) -> bytes:
    return answer.content + b"".join(name + b": " + value + b"\n" for name, value in answer.headers.raw)


async def _bad_records(house: House, desk: Desk, people: list[Person]) -> None:
    """Records with people in them that cannot be read, break their schema, or choke the database."""
    caller, writer, *_ = people
    sender = {"name": caller.name, "phone": caller.phone, "email": writer.email}

    def told(**fields: object) -> dict[str, object]:
        whole: dict[str, Any] = {"text": _WORDS[0], "sender": sender, **fields}
        return message(**whole)

    choking, again = told(text=_BREAKING), told()
    key = str(again["message_id"])
    records: list[tuple[bytes, Headers, object]] = [
        (structured(choking), STRUCTURED, choking["message_id"]),
        (orjson.dumps(sender), [], "noise"),
        (f"{caller.name} {caller.phone}".encode("gbk"), STRUCTURED, "gbk"),
        (structured(told(sender=caller.name)), STRUCTURED, "whole-sender"),
        (structured(told(sender={**sender, "name": caller.name * 100})), STRUCTURED, "long-name"),
        (structured(told(received_at=caller.phone)), STRUCTURED, "no-date"),
        (structured(told(purpose=caller.name)), STRUCTURED, "no-purpose"),
        (orjson.dumps(again), headers(key, id="the-same"), key),
        (orjson.dumps({**again, "text": _WORDS[1]}), headers(key, id="the-same"), key),
        (orjson.dumps({**again, str(caller.phone): 1}), headers(key, type="praise-received"), key),
    ]
    await _put(house, records)
    await in_state(house, "intake", "SELECT 1 FROM held WHERE reason = 'IntegrityError 23514'")
    await complaints.ticket_of(desk, SHOP, key)


async def _put(house: House, records: list[tuple[bytes, Headers, object]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=house.kafka.bootstrap)
    await producer.start()
    try:
        for value, told, key in records:
            traced = [*told, ("ce_traceparent", _TRACEPARENT.encode())]
            await producer.send_and_wait("channel-messages", value, str(key).encode(), headers=traced)
    finally:
        await producer.stop()


async def _broken_command(house: House, desk: Desk, people: list[Person]) -> list[Told]:
    """A member of staff writes what the database refuses: 500, and nobody hears what was written."""
    message_id = await complaints.complain(desk, people[0], 0)
    ticket = await complaints.ticket_of(desk, WEB, message_id)
    supervisor = (await knocking(house))["supervisor"]
    url = f"{house.layout.api('complaints')}/tickets/{ticket}/judge"
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(
            url, json={"valid": False, "reason": _BROKEN}, headers={**desk.headers, **supervisor}
        )
    return [Told(f"answer complaints judge {answer.status_code}", _whole(answer))]


async def _refused_by_providers(house: House, desk: Desk, people: list[Person]) -> None:
    """The phone network and the mail server refuse with codes, and break off."""
    *_, caller, writer = people
    async with httpx.AsyncClient() as client:
        for fault in (
            {"sms": {"reject": 11, "recipient": caller.phone}},
            {"sms": {"drop": "lost", "recipient": caller.phone}},
            {"mail": {"reject": 550, "stage": "rcpt", "recipient": writer.email}},
            {"mail": {"reject": 451, "recipient": writer.email}},
        ):
            (await client.post(f"{house.layout.inbox}/faults", json=fault)).raise_for_status()
    for person in (caller, writer):
        await complaints.ticket_of(desk, WEB, await complaints.complain(desk, person, 1))
        await in_state(house, "notify", _FAILED, who=person.address)


def _execute(house: House, service: str, statement: str) -> None:
    with psycopg.connect(house.url(service), autocommit=True) as connection:
        connection.execute(statement.encode())
