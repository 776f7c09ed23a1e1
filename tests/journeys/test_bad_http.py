"""Bad requests over the running house: each gets a problem that helps, in two languages, and leaves no trace."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import orjson
import pytest

from deploy.contracts import service_of
from deploy.local.demo.desk import Desk
from deploy.local.layout import SERVICES
from tests.support.bad_requests import (
    BAD_FIELDS,
    CHANNEL,
    COMMANDS,
    FORBIDDEN,
    MESSAGE,
    NOBODY,
    OTHERS_THINGS,
    POWERLESS,
    QUERIES,
    SPOILED,
    VISIT,
    changed,
    command_of,
)
from tests.support.front import Front, Things, knocking, play
from tests.support.house import House
from tests.support.routes import doors_of
from tests.support.stored import picture, wait_still

_JSON = {"Content-Type": "application/json"}
_NO_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture(scope="module")
def things() -> Things:
    """Made by the first test that needs them."""
    return Things()


@pytest.fixture
async def front(house: House, desk: Desk, things: Things) -> AsyncIterator[Front]:
    """The house at rest. The desk comes first: it brings staff and channels."""
    if not things.open:
        await play(house, desk, things)
    wait_still(house)
    async with httpx.AsyncClient(timeout=60) as client:
        yield Front(house, client, await knocking(house), things)


def test_the_table_has_every_command() -> None:
    posts = {
        (door.service, door.path) for name in SERVICES for door in doors_of(service_of(name)) if door.method == "POST"
    }
    assert {(command.service, command.path) for command in COMMANDS} == posts


@pytest.mark.parametrize("service", ["intake", "complaints", "callbacks"])
async def test_given_a_spoiled_body_then_a_problem_and_nothing_stored(front: Front, service: str) -> None:
    for command in COMMANDS:
        for spoiled in SPOILED:
            if command.service != service or (command.body is None and not spoiled.bare):
                continue
            content = spoiled.spoil(command.body or {})
            await front.refused(
                service,
                "POST",
                command.path,
                command.who,
                status=spoiled.status,
                code=spoiled.code,
                where=spoiled.field,
                content=_pieces(content) if spoiled.chunked else content,
                headers={} if spoiled.content_type is None else {"Content-Type": spoiled.content_type},
            )
    front.verdict()


class _pieces(httpx.AsyncByteStream):  # noqa: N801 - reads as a function
    """A body whose length is not told; may be sent again."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 8_192):
            yield self._content[start : start + 8_192]


async def test_given_a_value_that_cannot_be_then_its_field_and_what_was_expected(front: Front) -> None:
    for bad in BAD_FIELDS:
        command = command_of(bad.command)
        status = 409 if bad.code == "visit-revision" else 422
        content = orjson.dumps(changed(command.body or {}, bad.change))
        told = {"status": status, "code": bad.code, "where": bad.field}
        await front.refused(command.service, "POST", bad.command, command.who, content=content, headers=_JSON, **told)
    front.verdict()


async def test_given_a_question_that_cannot_be_then_its_parameter(front: Front) -> None:
    for service, who, path, where in QUERIES:
        await front.refused(service, "GET", path, who, status=422, code="invalid-field", where=where)
    await front.refused("intake", "GET", "/visits?host_id=%00", "host", status=400, code="unusable-character")
    front.verdict()


async def test_given_no_key_a_wrong_key_or_no_power_then_401_or_403(front: Front) -> None:
    for command in COMMANDS:
        request = {"content": orjson.dumps(command.body or {}), "headers": _JSON}
        service, path = command.service, command.path
        if command.who == NOBODY:
            continue
        door = command.who == CHANNEL
        missing, invalid = (
            ("channel-key-missing", "channel-key-invalid") if door else ("token-missing", "token-invalid")
        )
        where = "header.Authorization" if door else None
        await front.refused(service, "POST", path, NOBODY, status=401, code=missing, where=where, **request)
        stranger = "supervisor" if door else CHANNEL
        for who in ("a liar", stranger):
            await front.refused(service, "POST", path, who, status=401, code=invalid, where=where, **request)
    for path, who, code in POWERLESS:
        command = command_of(path)
        content = orjson.dumps(command.body or {})
        await front.refused(command.service, "POST", path, who, status=403, code=code, content=content, headers=_JSON)
    await front.refused("notify", "GET", "/messages", "host", status=403, code="permission-missing")
    front.verdict()


async def test_given_something_of_others_or_nothing_at_all_then_404(front: Front) -> None:
    path = "/channel-messages/{message_id}"
    await front.refused("intake", "GET", path, "another channel", status=404, code="channel-message-not-found")
    for service, who, path, code in OTHERS_THINGS:
        await front.refused(service, "GET", path.replace("{}", _NO_ID), who, status=404, code=code)
    for service in SERVICES:
        await front.refused(service, "GET", "/nothing-here", NOBODY, status=404, code="no-such-route")
        await front.refused(service, "POST", "/docs", NOBODY, status=405, code="method-not-allowed")
    for command in COMMANDS:
        told = {"status": 405, "code": "method-not-allowed"}
        await front.refused(command.service, "DELETE", command.path, command.who, **told)
    front.verdict()


async def test_given_a_wrong_password_then_401_and_only_the_attempt_is_counted(front: Front) -> None:
    content = orjson.dumps(command_of("/token").body)
    await front.refused(
        "intake",
        "POST",
        "/token",
        NOBODY,
        status=401,
        code="sign-in",
        content=content,
        headers=_JSON,
        beside=("sign_in_attempt",),
    )
    front.verdict()


async def test_given_a_change_that_the_machine_forbids_then_409_and_what_is_possible(front: Front) -> None:
    for path, who, body, code in FORBIDDEN:
        command = command_of(path)
        address = path.format_map(front.things.ended)
        content = orjson.dumps(command.body if body is None else body) if command.body is not None else b""
        told = {"status": 409, "code": code, "where": "$.command"}
        await front.refused(command.service, "POST", address, who, content=content, headers=_JSON, **told)
    front.verdict()


@pytest.mark.parametrize("path", ["/channel-messages", "/channel-visits", "/visits"])
async def test_given_the_same_key_again_then_the_same_answer_and_one_effect(front: Front, path: str) -> None:
    """Also where all come at once: whoever comes second waits, or is told to."""
    command, key = command_of(path), str(uuid4())
    body = MESSAGE if path == "/channel-messages" else VISIT
    table = "channel_message" if path == "/channel-messages" else "visit"
    before = picture(front.house, "intake").tables[table][0]
    headers = {**front.headers[command.who], "Idempotency-Key": key}
    at_once = await asyncio.gather(*(front.send("intake", "POST", path, json=body, headers=headers) for _ in range(8)))
    again = await front.send("intake", "POST", path, json=body, headers=headers)
    statuses = Counter(answer.status_code for answer in at_once)
    done = [answer for answer in at_once if answer.is_success]
    assert again.is_success
    assert {answer.content for answer in done} == {again.content}
    assert len(done) + statuses[409] == len(at_once)
    assert all(answer.json()["code"] == "idempotency-key-in-use" for answer in at_once if not answer.is_success)
    assert picture(front.house, "intake").tables[table][0] == before + 1
    wait_still(front.house)
    other = orjson.dumps({**body, "short_notice_reason" if table == "visit" else "subject": "another"})
    await front.refused(
        "intake",
        "POST",
        path,
        command.who,
        status=422,
        code="idempotency-key-reused",
        where="header.Idempotency-Key",
        content=other,
        headers={**_JSON, "Idempotency-Key": key},
    )
    front.verdict()


async def test_given_the_same_key_for_a_decision_then_it_is_taken_once(front: Front) -> None:
    path, key = "/tickets/{ticket_id}/judge", str(uuid4())
    headers = {**front.headers["supervisor"], "Idempotency-Key": key}
    first, again = [
        await front.send("complaints", "POST", path, json={"valid": True}, headers=headers) for _ in range(2)
    ]
    assert (first.status_code, first.content) == (200, again.content)
    wait_still(front.house)
    told = {"status": 422, "code": "idempotency-key-reused", "where": "header.Idempotency-Key"}
    spoiled = {"content": b'{"valid":false,"reason":"no"}', "headers": {**_JSON, "Idempotency-Key": key}}
    await front.refused("complaints", "POST", path, "supervisor", **told, **spoiled)
    unusable = {"content": b'{"valid":true}', "headers": {**_JSON, "Idempotency-Key": "two words"}}
    told = {"status": 400, "code": "idempotency-key-invalid", "where": "header.Idempotency-Key"}
    await front.refused("complaints", "POST", path, "supervisor", **told, **unusable)
    front.verdict()
