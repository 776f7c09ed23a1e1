"""Every error is a problem (RFC 9457) that says what was expected and never what was sent."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends

from shared.kernel.errors import NotFound, Refused
from shared.web.edge import Edge, requires
from shared.web.fields import Email, Instant, LanguageTag, Phone, Zone
from shared.web.problems import MEDIA_TYPE, json_path
from shared.web.schemas import Answer, Request
from tests.support.web import app_of, client_of

router = APIRouter(tags=["tests"])
SECRET = "张三 13812345678"


class _Line(Request):
    note: str


class _Order(Request):
    phone: Phone | None = None
    email: Email | None = None
    zone: Zone | None = None
    at: Instant | None = None
    language: LanguageTag | None = None
    count: int = 1
    lines: tuple[_Line, ...] = ()
    labels: dict[str, int] | None = None


class _Done(Answer):
    order: dict[str, Any]


@router.post("/orders")
async def order(body: _Order) -> _Done:
    return _Done(order=body.model_dump(mode="json", exclude_unset=True))


@router.get("/orders")
async def find(limit: int) -> _Done:
    return _Done(order={"limit": limit})


@router.get("/refused")
async def refused() -> _Done:
    raise Refused("ticket-state", field="command", expected="in state closed: reopen")


@router.get("/missing")
async def missing() -> _Done:
    raise NotFound("ticket")


@router.get("/broken")
async def broken() -> _Done:
    raise RuntimeError(SECRET)


@router.get("/things/{thing_id}")
async def thing(thing_id: UUID, edge: Edge = Depends(requires("tickets.read"))) -> _Done:
    raise AssertionError("nobody may come here")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(router)) as made:
        yield made


def _problem(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:frontdesk:problem:{body['code']}"
    assert body["instance"].startswith("urn:uuid:")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("sent", "code", "field", "expected"),
    [
        ({"phone": "12"}, "invalid-field", "$.phone", "a phone number as E.164, e.g. +8613812345678"),
        ({"phone": "12345"}, "invalid-field", "$.phone", "a phone number as E.164, e.g. +8613812345678"),
        ({"phone": "+44 7700"}, "invalid-field", "$.phone", "a phone number as E.164, e.g. +8613812345678"),
        ({"phone": "tomorrow"}, "invalid-field", "$.phone", "a phone number as E.164, e.g. +8613812345678"),
        ({"phone": "+00 86 138 1234 5678"}, "invalid-field", "$.phone", "a phone number as E.164, e.g. +8613812345678"),
        ({"email": "nobody@"}, "invalid-field", "$.email", "an e-mail address"),
        ({"zone": "Asia/Atlantis"}, "invalid-field", "$.zone", "an IANA time zone, e.g. Asia/Shanghai"),
        (
            {"at": "2027-02-30T10:00:00Z"},
            "invalid-field",
            "$.at",
            "an instant with a zone, e.g. 2027-03-01T09:30:00+08:00",
        ),
        (
            {"at": "2027-02-20T10:00:00"},
            "invalid-field",
            "$.at",
            "an instant with a zone, e.g. 2027-03-01T09:30:00+08:00",
        ),
        ({"at": "9999-12-31T23:59:59Z"}, "invalid-field", "$.at", "an instant between the years 2000 and 2200"),
        ({"language": "?"}, "invalid-field", "$.language", "text that matches ^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"),
        ({"count": "many"}, "invalid-field", "$.count", "a whole number"),
        ({"colour": "red"}, "unknown-field", "$.colour", "no such field"),
        ({SECRET: 1}, "unknown-field", "$[*]", "no such field"),
        ({"labels": {SECRET: "x"}}, "invalid-field", "$.labels[*]", "a whole number"),
        ({"lines": [{"note": "a"}, {}]}, "missing-field", "$.lines[1].note", "a value"),
        ([], "invalid-body", "$", "a JSON object, sent as application/json"),
    ],
)
async def test_given_a_field_that_cannot_be_then_the_problem_names_it_and_what_was_expected(
    client: httpx.AsyncClient, sent: object, code: str, field: str, expected: str
) -> None:
    response = await client.post("/orders", json=sent)
    body = _problem(response)
    assert (response.status_code, body["code"], body["field"], body["expected"]) == (422, code, field, expected)


async def test_what_was_sent_is_never_repeated(client: httpx.AsyncClient) -> None:
    for sent in ({"phone": SECRET}, {"email": SECRET}, {"at": SECRET}, {"count": SECRET}, {SECRET: SECRET}):
        response = await client.post("/orders", json=sent)
        assert response.status_code == 422
        assert "13812345678" not in response.text.replace("+8613812345678", "")
        assert "张三" not in response.text


async def test_given_good_values_then_they_arrive_in_one_form(client: httpx.AsyncClient) -> None:
    sent = {
        "phone": "138 1234 5678",
        "email": "A.B@Example.COM",
        "at": "2027-03-01T09:30:00+08:00",
        "zone": "Asia/Shanghai",
    }
    response = await client.post("/orders", json=sent)
    assert response.json()["order"] == {
        "phone": "+8613812345678",
        "email": "a.b@example.com",
        "at": "2027-03-01T01:30:00Z",
        "zone": "Asia/Shanghai",
    }


async def test_given_a_query_that_fails_then_its_place_is_told(client: httpx.AsyncClient) -> None:
    assert _problem(await client.get("/orders?limit=x"))["field"] == "query.limit"


async def test_given_the_model_forbids_it_then_code_field_and_expectation_are_its_own(
    client: httpx.AsyncClient,
) -> None:
    body = _problem(await client.get("/refused"))
    assert (body["status"], body["code"], body["field"]) == (409, "ticket-state", "$.command")
    assert body["expected"] == "in state closed: reopen"
    assert body["title"] == "This is not possible in the present state."


async def test_given_there_is_no_such_thing_then_404(client: httpx.AsyncClient) -> None:
    assert _problem(await client.get("/missing"))["code"] == "ticket-not-found"


async def test_given_no_such_route_or_method_then_a_problem_too(client: httpx.AsyncClient) -> None:
    assert _problem(await client.get("/nowhere"))["code"] == "no-such-route"
    wrong = await client.delete("/refused")
    assert _problem(wrong)["code"] == "method-not-allowed"
    assert wrong.headers["allow"] == "GET"


async def test_given_the_unforeseen_then_500_with_an_id_and_nothing_of_the_values(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = await client.get("/broken")
    told = _problem(response)
    logged = caplog.text + "".join(capsys.readouterr())
    assert told["code"] == "internal-error"
    assert told["instance"].removeprefix("urn:uuid:") in logged
    assert "RuntimeError" in logged
    assert "13812345678" not in response.text
    assert "13812345678" not in logged
    assert "张三" not in logged


async def test_given_chinese_is_asked_for_then_the_problem_is_chinese() -> None:
    async with client_of(app_of(router), "zh-CN,en;q=0.5") as client:
        response = await client.post("/orders", json={"count": "many"})
    assert response.headers["content-language"] == "zh-CN"
    assert _problem(response)["title"] == "某字段的值不可接受。"
    assert _problem(response)["expected"] == "整数"


async def test_given_no_token_then_401_without_asking_the_database(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/things/{UUID(int=1)}")
    assert _problem(response)["code"] == "token-missing"
    assert response.headers["www-authenticate"] == "Bearer"


async def test_given_the_database_is_away_then_503_and_when_to_come_again(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/things/{UUID(int=1)}", headers={"Authorization": "Bearer aaa.bbb.ccc"})
    assert (response.status_code, _problem(response)["code"]) == (503, "database-away")
    assert int(response.headers["retry-after"]) > 0


async def test_problems_and_keys_are_documented() -> None:
    schema = app_of(router).openapi()
    operation = schema["paths"]["/things/{thing_id}"]["get"]
    assert set(operation["responses"]) == {"200", "401", "403", "default"}
    assert MEDIA_TYPE in operation["responses"]["default"]["content"]
    assert "Problem" in schema["components"]["schemas"]
    assert "HTTPValidationError" not in json.dumps(schema)


def test_a_path_without_a_place_is_the_body() -> None:
    assert json_path(()) == "$"
    assert json_path(("path", "ticket_id")) == "path.ticket_id"
