"""The edge: one transaction a command, the same request once, nothing half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import func, select, text, update
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from shared.kernel.errors import Refused
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.tables import audit, idempotency
from shared.store.unit_of_work import UnitOfWork
from shared.web.contention import TRIES
from shared.web.edge import Edge, requires
from shared.web.idempotency import KEPT
from shared.web.schemas import Answer, Request
from tests.store.web.staff import Desk, seat
from tests.support.web import app_of, client_of


class _Note(Request):
    word: str


class _Noted(Answer):
    number: int
    by: UUID


@dataclass
class Office:
    """An app with one command, and what a test may do to it while it runs."""

    app: FastAPI
    client: httpx.AsyncClient
    desk: Desk
    database: Database
    tries: int = 0
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def note(self, word: str = "a", key: str | None = None, path: str = "/notes") -> httpx.Response:
        headers = self.desk.headers if key is None else {**self.desk.headers, "Idempotency-Key": key}
        return await self.client.post(path, json={"word": word}, headers=headers)

    async def notes(self) -> int:
        async with self.database.transaction(Cause.of_person()) as uow:
            count = select(func.count()).select_from(audit).where(audit.c.action == "note")
            return int((await uow.execute(count)).scalar_one())


def _router(office: Callable[[], Office]) -> APIRouter:
    router = APIRouter(tags=["notes"])

    @router.post("/notes", response_model=_Noted)
    @router.post("/other-notes", response_model=_Noted)
    async def note(body: _Note, edge: Edge = Depends(requires("tickets.judge"))) -> Response:
        async def run(uow: UnitOfWork) -> _Noted:
            here = office()
            here.tries += 1
            uow.audit(edge.caller.staff_id, "note", "note", body.word)
            number = (await uow.execute(select(func.count()).select_from(audit))).scalar_one()
            if body.word == "refuse":
                raise Refused("note-state", expected="another word")
            if body.word == "wait":
                here.entered.set()
                await here.go_on.wait()
            if body.word.startswith("raise "):
                state, times = body.word.split()[1:]
                if here.tries <= int(times):
                    await uow.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"))
            return _Noted(number=number, by=edge.caller.staff_id)

        return await edge.command(run, status=201)

    @router.get("/notes")
    async def read(request: HTTPRequest, edge: Edge = Depends(requires("tickets.read"))) -> dict[str, str]:
        return await edge.query(lambda uow: _correlation(uow))

    return router


async def _correlation(uow: UnitOfWork) -> dict[str, str]:
    return {"correlation": uow.cause.correlation_id, "hops": str(uow.cause.hops)}


@pytest.fixture
async def office(database_of: Callable[[str], str]) -> AsyncIterator[Office]:
    made: list[Office] = []
    app = app_of(_router(lambda: made[0]), database_of("complaints"))
    database: Database = app.state.database
    async with client_of(app) as client:
        made.append(Office(app, client, await seat(database, "complaint-handler"), database))
        yield made[0]


async def test_given_a_command_then_it_is_committed_and_answered(office: Office) -> None:
    answer = await office.note()
    assert (answer.status_code, answer.json()) == (201, {"number": 1, "by": str(office.desk.staff_id)})
    assert answer.headers["cache-control"] == "no-store"
    assert await office.notes() == 1


async def test_given_a_refusal_then_nothing_is_stored(office: Office) -> None:
    refused = await office.note("refuse", key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "note-state")
    assert await office.notes() == 0
    assert (await office.note("a", key="k")).status_code == 201


async def test_given_the_same_key_and_body_then_the_same_answer_and_done_once(office: Office) -> None:
    first, again = await office.note(key="k"), await office.note(key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert await office.notes() == 1


async def test_given_the_same_key_and_another_body_then_422(office: Office) -> None:
    await office.note("a", key="k")
    other = await office.note("b", key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await office.notes() == 1


async def test_given_the_same_key_elsewhere_or_by_another_then_it_is_another_request(office: Office) -> None:
    await office.note(key="k")
    assert (await office.note("b", key="k", path="/other-notes")).status_code == 201
    office.desk = await seat(office.database, "complaint-handler")
    assert (await office.note("c", key="k")).status_code == 201
    assert await office.notes() == 3


async def test_given_a_repeat_while_the_first_is_in_work_then_409_and_afterwards_its_answer(office: Office) -> None:
    first = asyncio.ensure_future(office.note("wait", key="k"))
    await office.entered.wait()
    during = await office.note("wait", key="k")
    office.go_on.set()
    done = await first
    after = await office.note("wait", key="k")
    assert (during.status_code, during.json()["code"]) == (409, "idempotency-key-in-use")
    assert after.json() == done.json()
    assert await office.notes() == 1


async def test_given_24_hours_have_passed_then_the_key_is_new(office: Office) -> None:
    await office.note("a", key="k")
    async with office.database.transaction(Cause.of_person()) as uow:
        await uow.execute(update(idempotency).values(created_at=uow.now - KEPT - timedelta(seconds=1)))
    assert (await office.note("b", key="k")).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
async def test_given_a_key_that_cannot_be_then_400(office: Office, key: str) -> None:
    headers = {**office.desk.headers, "Idempotency-Key": key.encode()}
    refused = await office.client.post("/notes", json={"word": "a"}, headers=headers)  # type: ignore[arg-type]
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-invalid")
    assert refused.json()["field"] == "header.Idempotency-Key"


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
async def test_given_others_in_the_way_then_it_is_tried_again_and_done_once(office: Office, state: str) -> None:
    answer = await office.note(f"raise {state} {TRIES - 1}", key="k")
    assert (answer.status_code, office.tries) == (201, TRIES)
    assert await office.notes() == 1


async def test_given_others_stay_in_the_way_then_503_and_nothing_stored(office: Office) -> None:
    answer = await office.note("raise 40P01 99")
    assert (answer.status_code, answer.json()["code"], office.tries) == (503, "busy", TRIES)
    assert "retry-after" in answer.headers
    assert await office.notes() == 0


async def test_given_any_other_database_error_then_500_at_once_without_its_text(office: Office) -> None:
    answer = await office.note("raise 23514 99")
    assert (answer.status_code, office.tries) == (500, 1)
    assert answer.json()["code"] == "internal-error"


async def test_given_the_caller_hangs_up_then_the_command_is_finished(office: Office) -> None:
    hanging = asyncio.ensure_future(office.note("wait", key="k"))
    await office.entered.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    office.go_on.set()
    await asyncio.wait(set(office.app.state.in_flight))
    assert await office.notes() == 1
    assert (await office.note("wait", key="k")).json()["number"] == 1


async def test_given_no_permission_then_403_naming_it(office: Office) -> None:
    office.desk = await seat(office.database, "engineer")
    refused = await office.note()
    assert (refused.status_code, refused.json()["expected"]) == (403, "the permission tickets.judge")
    assert await office.notes() == 0


async def test_given_somebody_has_left_then_401_on_the_next_request(office: Office) -> None:
    assert (await office.note()).status_code == 201
    left = await seat(office.database, "complaint-handler", active=False)
    refused = await office.client.post("/notes", json={"word": "a"}, headers=left.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "account-inactive")


async def test_given_a_caller_s_own_language_then_problems_speak_it_unless_another_is_asked_for(office: Office) -> None:
    engineer = await seat(office.database, "engineer", language="en")
    del office.client.headers["accept-language"]
    own = await office.client.post("/notes", json={"word": "a"}, headers=engineer.headers)
    asked = await office.client.post(
        "/notes", json={"word": "a"}, headers={**engineer.headers, "Accept-Language": "zh"}
    )
    assert own.json()["title"] == "Your roles do not allow this."
    assert asked.headers["content-language"] == "zh-CN"


async def test_given_a_request_then_its_correlation_is_the_transaction_s(office: Office) -> None:
    read = await office.client.get("/notes", headers=office.desk.headers)
    assert UUID(read.json()["correlation"])
    assert read.json()["hops"] == "0"
