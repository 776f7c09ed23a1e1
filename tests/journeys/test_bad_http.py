"""Bad requests over the running house: each gets a problem that helps, in two languages, and leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from uuid import uuid4

import httpx
import orjson
import pytest

from deploy.contracts import service_of
from deploy.local.demo.desk import Desk
from deploy.local.layout import SERVICES
from tests.support.bad_requests import (
    BAD_FIELDS,
    FORBIDDEN,
    OTHERS_THINGS,
    POWERLESS,
    QUERIES,
    SPOILED,
    changed,
    command_of,
)
from tests.support.front import JSON, LANGUAGES, Front, Things, Told, knocking, play
from tests.support.good_requests import CHANNEL, COMMANDS, MESSAGE, NOBODY, VISIT
from tests.support.house import House
from tests.support.routes import doors_of
from tests.support.stored import wait_still

_SPARE = {"channel_message": "subject", "visit": "purpose"}
_NO_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


class _Unmeasured(httpx.AsyncByteStream):
    """A body whose length is not told."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 8_192):
            yield self._content[start : start + 8_192]


@pytest.fixture(scope="module")
def things() -> Things:
    """Made by the first test that needs them."""
    return Things()


@pytest.fixture
async def front(house: House, desk: Desk, things: Things) -> AsyncIterator[Front]:
    """The house at rest. The desk comes first: it brings staff and channels."""
    if not things.open:
        await play(house, desk, things)
    headers = await knocking(house)
    before = await asyncio.to_thread(wait_still, house)
    async with httpx.AsyncClient(timeout=60) as client:
        yield Front(house, client, headers, things, before)


def test_the_table_has_every_command() -> None:
    doors = [door for name in SERVICES for door in doors_of(service_of(name)) if door.method != "GET"]
    assert {door.method for door in doors} == {"POST"}
    assert {(command.service, command.path) for command in COMMANDS} == {(door.service, door.path) for door in doors}


async def test_given_a_spoiled_body_then_a_problem_and_nothing_stored(front: Front) -> None:
    """Every third way meets a command and every command a third of the ways: one layer stands before them all."""
    for number, command in enumerate(COMMANDS):
        for turn, spoiled in enumerate(SPOILED[number % 3 :: 3], number):
            if command.body is None and not spoiled.bare:
                continue
            content = spoiled.spoil(command.body or {})
            await front.refused(
                command.service,
                "POST",
                command.path,
                command.who,
                Told(spoiled.status, spoiled.code, spoiled.field),
                content=_Unmeasured(content) if spoiled.chunked else content,
                headers={} if spoiled.content_type is None else {"Content-Type": spoiled.content_type},
                languages=[LANGUAGES[turn % 2]],
            )
    front.verdict()


async def test_given_a_value_that_cannot_be_then_its_field_and_what_was_expected(front: Front) -> None:
    for bad in BAD_FIELDS:
        command = command_of(bad.command)
        told = Told(409 if bad.code == "visit-revision" else 422, bad.code, bad.field)
        content = orjson.dumps(changed(command.body or {}, bad.change))
        await front.refused(command.service, "POST", bad.command, command.who, told, content=content)
    front.verdict()


async def test_given_a_question_that_cannot_be_then_its_parameter(front: Front) -> None:
    for service, who, path, where in QUERIES:
        await front.refused(service, "GET", path, who, Told(422, "invalid-field", where))
    await front.refused("intake", "GET", "/visits?host_id=%00", "host", Told(400, "unusable-character"))
    front.verdict()


async def test_given_no_key_or_a_wrong_one_then_401(front: Front) -> None:
    for command in COMMANDS:
        if command.who == NOBODY:
            continue
        door = command.who == CHANNEL
        kind, where = ("channel-key", "header.Authorization") if door else ("token", None)
        content = orjson.dumps(command.body or {})
        for who, code in (
            (NOBODY, f"{kind}-missing"),
            ("a liar", f"{kind}-invalid"),
            ("supervisor" if door else CHANNEL, f"{kind}-invalid"),
        ):
            await front.refused(command.service, "POST", command.path, who, Told(401, code, where), content=content)
    front.verdict()


async def test_given_staff_without_the_power_then_403(front: Front) -> None:
    for path, who, code in POWERLESS:
        command = command_of(path)
        content = orjson.dumps(command.body or {})
        await front.refused(command.service, "POST", path, who, Told(403, code), content=content)
    await front.refused("notify", "GET", "/messages", "host", Told(403, "permission-missing"))
    front.verdict()


async def test_given_something_of_others_or_nothing_at_all_then_404(front: Front) -> None:
    for service, who, path, code in OTHERS_THINGS:
        await front.refused(service, "GET", path.replace("{}", _NO_ID), who, Told(404, code))
    others = Told(404, "channel-message-not-found")
    await front.refused("intake", "GET", "/channel-messages/{message_id}", "another channel", others)
    for service in SERVICES:
        await front.refused(service, "GET", "/nothing-here", NOBODY, Told(404, "no-such-route"))
    front.verdict()


async def test_given_a_wrong_method_then_405(front: Front) -> None:
    for command in COMMANDS:
        await front.refused(command.service, "DELETE", command.path, command.who, Told(405, "method-not-allowed"))
    for service in SERVICES:
        await front.refused(service, "POST", "/docs", NOBODY, Told(405, "method-not-allowed"))
    front.verdict()


async def test_given_a_wrong_password_then_401_and_only_the_attempt_is_counted(front: Front) -> None:
    content = orjson.dumps(command_of("/token").body)
    await front.refused("intake", "POST", "/token", NOBODY, Told(401, "sign-in"), content=content)
    front.verdict(beside=("attempt",))


async def test_given_a_change_that_the_machine_forbids_then_409_and_what_is_possible(front: Front) -> None:
    for path, who, code in FORBIDDEN:
        command = command_of(path)
        address = path.format_map(front.things.ended)
        content = b"" if command.body is None else orjson.dumps(command.body)
        await front.refused(command.service, "POST", address, who, Told(409, code, "$.command"), content=content)
    front.verdict()


@pytest.mark.parametrize("path", ["/channel-messages", "/channel-visits", "/visits"])
async def test_given_the_same_key_again_then_the_same_answer_and_one_effect(front: Front, path: str) -> None:
    """Also where all come at once: whoever is not first waits for the answer, or is told to."""
    command, key = command_of(path), str(uuid4())
    body, table = (MESSAGE, "channel_message") if path == "/channel-messages" else (VISIT, "visit")
    headers = {**front.headers[command.who], "Idempotency-Key": key}

    def same() -> Awaitable[httpx.Response]:
        return front.send("intake", "POST", path, json=body, headers=headers)

    at_once = await asyncio.gather(*(same() for _ in range(8)))
    again = await same()
    told = [answer.json() for answer in at_once]
    assert again.is_success
    assert all(each.get("code") == "idempotency-key-in-use" or each == again.json() for each in told)
    assert again.json() in told
    rows = front.before["intake"].tables[table][0]
    front.before = await asyncio.to_thread(wait_still, front.house)
    assert front.before["intake"].tables[table][0] == rows + 1
    await _refused_with_key(front, path, key, orjson.dumps({**body, _SPARE[table]: "another"}))
    front.verdict()


async def test_given_the_same_key_for_a_decision_then_it_is_taken_once(front: Front) -> None:
    path, key = "/tickets/{ticket_id}/judge", str(uuid4())
    headers = {**front.headers["supervisor"], "Idempotency-Key": key}
    first = await front.send("complaints", "POST", path, json={"valid": True}, headers=headers)
    front.before = await asyncio.to_thread(wait_still, front.house)
    again = await front.send("complaints", "POST", path, json={"valid": True}, headers=headers)
    assert (first.status_code, first.json()) == (200, again.json())
    await _refused_with_key(front, path, key, b'{"valid":false,"reason":"no"}')
    unusable = Told(400, "idempotency-key-invalid", "header.Idempotency-Key")
    two_words = {**JSON, "Idempotency-Key": "two words"}
    await front.refused(
        "complaints", "POST", path, "supervisor", unusable, content=b'{"valid":true}', headers=two_words
    )
    front.verdict()


async def _refused_with_key(front: Front, path: str, key: str, content: bytes) -> None:
    """The key stands for another request."""
    command, told = command_of(path), Told(422, "idempotency-key-reused", "header.Idempotency-Key")
    headers = {**JSON, "Idempotency-Key": key}
    await front.refused(command.service, "POST", path, command.who, told, content=content, headers=headers)
