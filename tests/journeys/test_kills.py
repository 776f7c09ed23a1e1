"""Real processes killed at the worst moment, started again, and the books held against each other afterwards.

A role stands still at a named pause (`shared/kernel/pause.py`), is killed there with SIGKILL, and starts as usual.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import UUID

import httpx

from deploy.local.demo import complaints
from deploy.local.demo.cast import WEB, Cast
from deploy.local.demo.desk import DemoFailed, Desk
from shared.messaging import control
from tests.journeys.ledger import balance, events_of, in_sandbox
from tests.journeys.people import Posted, all_acknowledged, complain_all, in_state, notices
from tests.support.house import ROLES, House, RunningRole, eventually

LOAD, HALF = 50, 25
_SEED = 20


async def test_given_a_relay_killed_between_send_and_mark_then_what_it_sends_again_has_no_second_effect(
    house: House, desk: Desk, cast: Cast
) -> None:
    """The promise: nothing acknowledged is lost, and takes effect once."""
    _stop(house, "intake", "relay")
    posted = await complain_all(desk, cast, LOAD)
    records = _records(house, "channel-messages")

    await _killed_at(house, "intake", "relay", "relay.after_send")
    # What the consumer made of them meanwhile is in the outbox too.
    unpublished = "SELECT 1 FROM outbox WHERE published_at IS NULL AND aggregatetype = 'channel-messages'"
    unmarked = house.rows("intake", unpublished)
    assert len(unmarked) == LOAD
    house.start("intake", "relay")

    await _each_has_one_ticket(house, desk, posted)
    assert _records(house, "channel-messages") - records == 2 * LOAD, "nothing was sent twice: the kill came elsewhere"


async def test_given_a_consumer_of_complaints_killed_between_commit_and_ack_then_each_report_is_one_ticket(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CP-01: a ticket, once for each report."""
    _stop(house, "complaints", "consumer")
    posted = await complain_all(desk, cast, HALF)
    await _all_in_state(house, "intake", "channel_message", "id", posted, "report_id IS NOT NULL")

    paused = await _paused(house, "complaints", "consumer", "consumer.after_commit")
    await in_state(house, "complaints", "SELECT 1 FROM ticket WHERE message_id = ANY(%(ids)s)", ids=_ids(posted))
    await _kill(paused)
    house.start("complaints", "consumer")

    await _each_has_one_ticket(house, desk, posted)


async def test_given_a_consumer_of_notify_killed_between_commit_and_ack_then_each_notice_is_one_message(
    house: House, desk: Desk, cast: Cast
) -> None:
    """NT-11: one notice once."""
    _stop(house, "notify", "consumer")
    posted = await complain_all(desk, cast, HALF)
    await _all_in_state(house, "intake", "channel_message", "id", posted, "ticket_id IS NOT NULL")

    paused = await _paused(house, "notify", "consumer", "consumer.after_commit")
    tickets = [row["id"] for row in _tickets(house, posted)]
    await in_state(house, "notify", "SELECT 1 FROM message WHERE subject_id = ANY(%(ids)s)", ids=tickets)
    await _kill(paused)
    house.start("notify", "consumer")

    await _each_has_one_ticket(house, desk, posted)
    await _each_heard_once(house, desk, posted)


async def test_given_a_sender_killed_between_call_and_answer_then_each_category_decides_about_its_doubt(
    house: House, desk: Desk, cast: Cast
) -> None:
    """An answer is repeated once and marked; a survey is not, and its reply still counts."""
    asked, new, writer = cast.with_phone(), cast.with_phone(), cast.with_email()
    resolved = await complaints.ticket_of(desk, WEB, await complaints.complain(desk, asked, 0))
    await desk.received(asked, 1)
    await complaints.accept(desk, resolved)
    await balance(house)
    _stop(house, "notify", "sender")
    await complaints.resolve(desk, resolved, again=0)
    posted = [Posted(person, await complaints.complain(desk, person, 0)) for person in (new, writer)]
    tickets = [await complaints.ticket_of(desk, WEB, one.message_id) for one in posted]
    callback = await in_state(
        house, "callbacks", "SELECT * FROM callback WHERE subject_id = %(id)s AND state <> 'planned'", id=resolved
    )
    for subject in (*tickets, callback["id"]):
        await in_state(house, "notify", "SELECT 1 FROM message WHERE subject_id = %(id)s", id=subject)

    paused = await _paused(house, "notify", "sender", "sender.after_call")
    await asyncio.gather(desk.received(new, 1), desk.received(writer, 1), desk.received(asked, 2))
    await _kill(paused)
    assert len(house.rows("notify", "SELECT 1 FROM attempt WHERE result IS NULL")) >= len(posted) + 1
    house.start("notify", "sender")
    await balance(house)

    (survey,) = notices(house, callback["id"])
    assert (survey["state"], survey["attempts"], survey["reason"]) == ("sent_unconfirmed", 1, "sender-died")
    assert len(await desk.arrived(asked.address)) == 2
    (answer,) = notices(house, tickets[0])
    calls = house.rows("notify", "SELECT * FROM attempt WHERE message_id = %(id)s ORDER BY number", id=answer["id"])
    assert [(call["result"], call["repeat"]) for call in calls] == [("unknown", False), ("accepted", True)]
    first, second = await desk.arrived(new.address)
    assert first["text"] == second["text"]
    # A mail's report names it, so its doubt may end before its repeat; repeated, it keeps its Message-ID.
    assert len({message["reference"] for message in await desk.arrived(writer.address)}) == 1
    await desk.answer(asked, (await desk.arrived(asked.address))[1], "1")
    await complaints.reach(desk, resolved, "closed")
    await balance(house)


async def test_given_a_clock_of_callbacks_killed_while_firing_then_each_callback_falls_due_once(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CB-04: each timer fires once."""
    people = [cast.with_phone() for _ in range(8)]
    posted = [Posted(person, await complaints.complain(desk, person, 0)) for person in people]
    tickets = await all_acknowledged(house, desk, posted)
    await asyncio.gather(*(complaints.accept(desk, ticket) for ticket in tickets))
    _stop(house, "callbacks", "clock")
    await asyncio.gather(*(complaints.resolve(desk, ticket, again=0) for ticket in tickets))
    for ticket in tickets:
        await in_state(house, "callbacks", "SELECT 1 FROM callback WHERE subject_id = %(id)s", id=ticket)

    await _killed_at(house, "callbacks", "clock", "clock.firing")
    query = "SELECT * FROM callback WHERE subject_id = ANY(%(ids)s)"
    assert {row["state"] for row in house.rows("callbacks", query, ids=tickets)} == {"planned"}
    house.start("callbacks", "clock")
    for person in people:
        await desk.received(person, 2)
    await balance(house)

    for callback in house.rows("callbacks", query, ids=tickets):
        assert events_of(house, callback["id"])["callback-due"] == 1
        fired = "SELECT 1 FROM timer WHERE kind = 'callback-due' AND subject = %(id)s AND fired_at IS NOT NULL"
        assert len(house.rows("callbacks", fired, id=str(callback["id"]))) == 1
    for person in people:
        assert len(await desk.arrived(person.address)) == 2


async def test_given_every_role_killed_in_turn_under_load_then_the_books_balance(
    house: House, desk: Desk, cast: Cast
) -> None:
    """No pause: wherever the kill falls. Who got a 202 has a ticket; who got none asks again with the same key."""
    order = random.Random(_SEED).sample(ROLES, len(ROLES))
    load = asyncio.create_task(_post_with_patience(house, desk, cast, LOAD))
    for service, role in order:
        await _kill(house.role(service, role))
        house.start(service, role)
        await asyncio.sleep(0)
    await asyncio.to_thread(house.wait_ready)
    posted = await load

    await _each_has_one_ticket(house, desk, posted)


def _stop(house: House, service: str, role: str) -> None:
    house.role(service, role).stop()


async def _paused(house: House, service: str, role: str, point: str) -> RunningRole:
    """The role, started so that it stands still at `point`, once it does."""
    running = house.start(service, role, pause=point)
    await asyncio.to_thread(running.wait_paused)
    assert running.pause_file.read_text() == f"{point} {running.pid}"
    return running


async def _kill(running: RunningRole) -> None:
    await asyncio.to_thread(running.kill)
    assert running.exit_code == -9


async def _killed_at(house: House, service: str, role: str, point: str) -> None:
    await _kill(await _paused(house, service, role, point))


async def _each_has_one_ticket(house: House, desk: Desk, posted: list[Posted]) -> None:
    await all_acknowledged(house, desk, posted)
    await balance(house)
    rows = _tickets(house, posted)
    assert len(rows) == len(posted)
    assert len({row["message_id"] for row in rows}) == len(posted)
    for row in rows:
        assert events_of(house, row["id"])["complaint-opened"] == 1
        assert len(notices(house, row["id"])) == 1


async def _each_heard_once(house: House, desk: Desk, posted: list[Posted]) -> None:
    there = [message["to"] for message in in_sandbox(house)]
    assert [there.count(one.person.address) for one in posted] == [1] * len(posted)


async def _all_in_state(
    house: House, service: str, table: str, column: str, posted: list[Posted], condition: str
) -> None:
    query = f"SELECT 1 FROM {table} WHERE {column} = ANY(%(ids)s) AND {condition}"
    reached = f"all of {table} {condition}"
    await asyncio.to_thread(
        eventually, reached, lambda: len(house.rows(service, query, ids=_ids(posted))) == len(posted)
    )


async def _post_with_patience(house: House, desk: Desk, cast: Cast, count: int) -> list[Posted]:
    """Posts one after the other; a request without an answer is made again under its key until there is one."""
    posted = []
    async with httpx.AsyncClient(timeout=10) as client:
        for number in range(count):
            person = cast.with_phone() if number % 2 else cast.with_email()
            body = complaints.report(person, number)
            posted.append(Posted(person, await _post(house, client, body, key=f"kills-{_SEED}-{number}")))
    return posted


async def _post(house: House, client: httpx.AsyncClient, body: dict[str, Any], key: str) -> str:
    headers = {"Authorization": f"Bearer {house.channel_keys[WEB]}", "Idempotency-Key": key}
    for _ in range(600):
        try:
            answer = await client.post(f"{house.layout.api('intake')}/channel-messages", json=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code == httpx.codes.ACCEPTED:
            return str(answer.json()["id"])
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        await asyncio.sleep(0.1)
    raise DemoFailed("no 202 within a minute")


def _ids(posted: list[Posted]) -> list[UUID]:
    return [UUID(one.message_id) for one in posted]


def _tickets(house: House, posted: list[Posted]) -> list[dict[str, Any]]:
    return house.rows("complaints", "SELECT * FROM ticket WHERE message_id = ANY(%(ids)s)", ids=_ids(posted))


def _records(house: House, topic: str) -> int:
    (size,) = control.sizes(house.kafka.bootstrap, [topic])
    return size.records
