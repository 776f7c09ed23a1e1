"""intake's routes over the real app and database: sign-in, channels, visits."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.intake.channels.operator import channel_add
from services.intake.directory import signing
from services.intake.directory.operator import token
from services.intake.settings import settings
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.security import tokens
from tests.store.intake.builders import DEPARTMENTS, STAFF, House, wish

_MESSAGE = {
    "purpose": "complaint",
    "sender": {"name": "Li Na", "phone": "+8613800000001"},
    "text": "the tap drips",
    "language": "zh-CN",
    "zone": "Asia/Shanghai",
}


async def _sign_in(client: httpx.AsyncClient, house: House, name: str) -> dict[str, str]:
    body = {"email": f"{name}@example.com", "password": house.passwords[name]}
    answer = await client.post("/token", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "Bearer"
    assert 590 <= answer.json()["expires_in"] <= 600
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _channel(house: House, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.key}", **more}


def _visit(**changes: Any) -> dict[str, Any]:
    asked = wish()
    return {
        "guest": {"name": "Wang Wei", "phone": "+8613800000009"},
        "host_email": "tom@example.com",
        "arrival": asked.arrival.isoformat(),
        "departure": asked.departure.isoformat(),
        "purpose": "to see the plant",
        **changes,
    }


async def test_a_token_opens_what_the_roles_may_and_nothing_else(client: httpx.AsyncClient, house: House) -> None:
    amy, rita = await _sign_in(client, house, "amy"), await _sign_in(client, house, "rita")
    assert (await client.get("/cases", headers=amy)).status_code == 200
    assert (await client.get("/cases", headers=rita)).status_code == 403
    assert (await client.get("/cases")).status_code == 401


async def test_unknown_wrong_and_left_answer_alike(client: httpx.AsyncClient, house: House) -> None:
    left = STAFF.replace("roles,phone", "roles,phone,active").replace("+8613900000001", "+8613900000001,no")
    cells = left.split("\n")[1].count(",")
    rows = [line + "," * (cells - line.count(",")) if line.strip() else line for line in left.split("\n")]
    await house.hire(DEPARTMENTS, "\n".join(rows))
    answers = [
        await client.post("/token", json={"email": email, "password": password})
        for email, password in (
            ("stranger@example.com", "x"),
            ("amy@example.com", "x"),
            ("tom@example.com", house.passwords["tom"]),
        )
    ]
    assert {answer.status_code for answer in answers} == {401}
    told = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
    assert told[0] == told[1] == told[2]
    assert told[0]["code"] == "sign-in"


async def test_guesses_are_limited_also_at_once_and_a_success_forgives(client: httpx.AsyncClient, house: House) -> None:
    guess = {"email": "amy@example.com", "password": "x"}
    for _ in range(3):
        await client.post("/token", json=guess)
    await _sign_in(client, house, "amy")
    answers = await asyncio.gather(*(client.post("/token", json=guess) for _ in range(12)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [401] * 10 + [429] * 2
    good = {"email": "amy@example.com", "password": house.passwords["amy"]}
    refused = await client.post("/token", json=good)
    assert refused.status_code == 429
    assert refused.json()["expected"].startswith("another attempt in ")
    await _sign_in(client, house, "tom")
    await house.bench.rows("UPDATE attempt SET until = now()")
    await _sign_in(client, house, "amy")


async def test_one_network_cannot_guess_over_many_accounts(client: httpx.AsyncClient, house: House) -> None:
    await house.bench.rows("INSERT INTO attempt VALUES ('network:127.0.0.0/24', 100, now() + interval '1 min')")
    answer = await client.post("/token", json={"email": "amy@example.com", "password": house.passwords["amy"]})
    assert answer.status_code == 429


async def test_a_rotated_key_signs_only_after_its_lead_and_old_tokens_stay_good(
    client: httpx.AsyncClient, house: House
) -> None:
    old = await _sign_in(client, house, "amy")
    await house.bench.rows("UPDATE signing_key SET created_at = now() - interval '30 days'")
    new = await house.do(signing.add_key, settings())
    assert (await house.do(signing.current_key, settings())).key_id != new.key_id
    await house.bench.rows("UPDATE signing_key SET created_at = created_at - interval '1 hour'")
    assert (await house.do(signing.current_key, settings())).key_id == new.key_id
    fresh = await _sign_in(client, house, "amy")
    for headers in (old, fresh):
        assert (await client.get("/cases", headers=headers)).status_code == 200


async def test_private_keys_are_not_readable_in_the_database(house: House) -> None:
    key = await house.do(signing.current_key, settings())
    (stored,) = await house.bench.rows("SELECT private_key FROM signing_key")
    assert key.private_key not in stored
    assert key.private_key not in repr(key)


async def test_the_operators_token_is_the_persons(house: House) -> None:
    signed = await token(house.bench.database, "Amy@example.com")
    assert await house.do(tokens.verify, signed.token) == house.staff["amy"]
    with pytest.raises(Refused) as refused:
        await token(house.bench.database, "nobody@example.com")
    assert refused.value.code == "staff-not-found"


@pytest.mark.parametrize("header", ["Authorization", "X-Channel-Key"])
async def test_a_message_is_taken_and_its_channel_learns_what_became_of_it(
    client: httpx.AsyncClient, house: House, header: str
) -> None:
    """IN-01."""
    headers = {header: f"Bearer {house.key}" if header == "Authorization" else house.key}
    answer = await client.post("/channel-messages", json=_MESSAGE, headers=headers)
    assert answer.status_code == 202
    address = f"/channel-messages/{answer.json()['id']}"
    assert (await client.get(address, headers=headers)).json()["state"] == "received"
    await house.arrive(*await house.published("channel-messages"))
    assert (await client.get(address, headers=headers)).json() == {
        "id": answer.json()["id"],
        "state": "report",
        "ticket_number": None,
    }


async def test_another_channel_may_not_ask_for_it(client: httpx.AsyncClient, house: House) -> None:
    answer = await client.post("/channel-messages", json=_MESSAGE, headers=_channel(house))
    other = await channel_add(house.bench.database, "shop")
    address = f"/channel-messages/{answer.json()['id']}"
    refused = await client.get(address, headers={"X-Channel-Key": other})
    assert (refused.status_code, refused.json()["code"]) == (404, "channel-message-not-found")
    assert (await client.get(address)).status_code == 401


@pytest.mark.parametrize("key", ["", "x", "é"])
async def test_a_wrong_channel_key_gets_nothing(client: httpx.AsyncClient, house: House, key: str) -> None:
    headers = {"X-Channel-Key": key.encode()} if key else {}
    answer = await client.post("/channel-messages", json=_MESSAGE, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await house.told("channel-messages") == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"sender": {"phone": "12"}}, "invalid-field", "$.sender.phone"),
        ({"sender": {"email": "nobody"}}, "invalid-field", "$.sender.email"),
        ({"nickname": "x"}, "unknown-field", "$.nickname"),
        ({"purpose": "unknown"}, "invalid-field", "$.purpose"),
        ({"zone": "Mars/Olympus"}, "invalid-field", "$.zone"),
        ({"language": "Chinese!"}, "invalid-field", "$.language"),
        ({"text": " "}, "invalid-field", "$.text"),
        ({"occurred_at": "2026-02-30T10:00:00Z"}, "invalid-field", "$.occurred_at"),
        ({"occurred_at": "2199-01-01T10:00:00Z"}, "invalid-field", "$.occurred_at"),
        ({"reply_address": "email"}, "invalid-body", "$"),
    ],
)
async def test_a_message_of_the_wrong_shape_is_a_problem_and_stores_nothing(
    client: httpx.AsyncClient, house: House, change: dict[str, Any], code: str, field: str
) -> None:
    answer = await client.post("/channel-messages", json=_MESSAGE | change, headers=_channel(house))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field), answer.text
    assert await house.told("channel-messages") == []


async def test_the_same_idempotency_key_is_one_message(client: httpx.AsyncClient, house: House) -> None:
    headers = _channel(house, **{"Idempotency-Key": "k1"})
    answers = await asyncio.gather(
        *(client.post("/channel-messages", json=_MESSAGE, headers=headers) for _ in range(4))
    )
    answers.append(await client.post("/channel-messages", json=_MESSAGE, headers=headers))
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(202, answers[0].json()["id"])}
    assert await house.told("channel-messages") == ["channel-message-received"]
    other = await client.post("/channel-messages", json=_MESSAGE | {"text": "other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_visit_over_http_from_request_to_departure(client: httpx.AsyncClient, house: House) -> None:
    people = {name: await _sign_in(client, house, name) for name in ("amy", "hana", "tom", "rita")}
    asked = await client.post("/visits", json=_visit(), headers=people["amy"])
    assert asked.status_code == 201, asked.text
    assert asked.json()["state"] == "approving"
    address = f"/visits/{asked.json()['visit_id']}"
    for who, step, body in (
        ("hana", "approve", {"revision": 1}),
        ("tom", "confirm", None),
        ("rita", "arrive", None),
        ("rita", "depart", {}),
    ):
        answer = await client.post(f"{address}/{step}", json=body, headers=people[who])
        assert answer.status_code == 200, answer.text
    detail = (await client.get(address, headers=people["amy"])).json()
    assert detail["visit"]["state"] == "departed"
    assert detail["approvals"][0]["decided_by"] == str(house.staff["hana"])
    listed = (await client.get("/visits", params={"state": "departed"}, headers=people["amy"])).json()
    assert [one["visit_id"] for one in listed["items"]] == [asked.json()["visit_id"]]


async def test_a_guest_asks_through_a_channel(client: httpx.AsyncClient, house: House) -> None:
    headers = _channel(house, **{"Idempotency-Key": "k1"})
    body = _visit()
    answers = [await client.post("/channel-visits", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert await house.bench.rows("SELECT asked_by_guest, requester_id FROM visit") == [(True, None)]
    assert await house.bench.rows("SELECT verified FROM party") == [False]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"departure": "2000-01-01T00:00:00Z"}, "impossible-dates", "$.departure"),
        ({"arrival": "2026-01-01T00:00:00Z", "departure": "2026-01-02T00:00:00Z"}, "impossible-dates", "$.arrival"),
        ({"arrival": "tomorrow"}, "invalid-field", "$.arrival"),
        ({"arrival": "2027-01-01T00:00:00"}, "invalid-field", "$.arrival"),
        ({"head_count": 0}, "invalid-field", "$.head_count"),
        ({"guest": {"name": "Wang Wei"}}, "invalid-field", "$.guest"),
        ({"host_email": "nobody@example.com"}, "host-unknown", "$.host_email"),
        ({"host_email": None}, "invalid-body", "$"),
        ({"kind": "concert"}, "invalid-field", "$.kind"),
    ],
)
async def test_an_impossible_visit_is_a_problem_and_stores_nothing(
    client: httpx.AsyncClient, house: House, change: dict[str, Any], code: str, field: str
) -> None:
    amy = await _sign_in(client, house, "amy")
    answer = await client.post("/visits", json=_visit(**change), headers=amy)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field), answer.text
    assert await house.bench.rows("SELECT count(*) FROM visit") == [0]
    assert await house.bench.rows("SELECT count(*) FROM party") == [0]


async def test_short_notice_needs_a_reason(client: httpx.AsyncClient, house: House) -> None:
    """VR-06."""
    amy = await _sign_in(client, house, "amy")
    soon = clock.now() + timedelta(days=1)
    dates = {"arrival": soon.isoformat(), "departure": (soon + timedelta(hours=1)).isoformat()}
    refused = await client.post("/visits", json=_visit(**dates), headers=amy)
    assert (refused.status_code, refused.json()["code"]) == (422, "short-notice")
    taken = await client.post("/visits", json=_visit(**dates, short_notice_reason="an audit was moved"), headers=amy)
    assert taken.status_code == 201
    assert taken.json()["short_notice_reason"] == "an audit was moved"


async def test_only_the_approver_decides(client: httpx.AsyncClient, house: House) -> None:
    amy, sid = await _sign_in(client, house, "amy"), await _sign_in(client, house, "sid")
    visit_id = (await client.post("/visits", json=_visit(), headers=amy)).json()["visit_id"]
    for who, code in ((amy, "own-request"), (sid, "not-the-approver")):
        refused = await client.post(f"/visits/{visit_id}/approve", json={"revision": 1}, headers=who)
        assert (refused.status_code, refused.json()["code"]) == (403, code)


async def test_a_partys_file_needs_the_permission_and_is_recorded(client: httpx.AsyncClient, house: House) -> None:
    """CF-08."""
    await client.post("/channel-messages", json=_MESSAGE, headers=_channel(house))
    await house.arrive(*await house.published("channel-messages"))
    (party_id,) = await house.bench.rows("SELECT id FROM party")
    rita, amy = await _sign_in(client, house, "rita"), await _sign_in(client, house, "amy")
    assert (await client.get(f"/parties/{party_id}", headers=rita)).status_code == 403
    told = await client.get(f"/parties/{party_id}", headers=amy)
    assert told.json()["addresses"][0]["value"] == "+8613800000001"
    assert await house.bench.rows("SELECT count(*) FROM audit WHERE action = 'read-file'") == [1]
    assert (await client.get(f"/parties/{uuid4()}", headers=amy)).status_code == 404


async def test_cases_are_listed_page_by_page_and_closed(client: httpx.AsyncClient, house: House) -> None:
    for _ in range(3):
        await client.post("/channel-messages", json=_MESSAGE | {"purpose": "enquiry"}, headers=_channel(house))
    await house.arrive(*await house.published("channel-messages"))
    amy = await _sign_in(client, house, "amy")
    first = (await client.get("/cases", params={"limit": 2}, headers=amy)).json()
    rest = (await client.get("/cases", params={"limit": 2, "before": first["next"]}, headers=amy)).json()
    ids = [one["case_id"] for one in first["items"] + rest["items"]]
    assert len(set(ids)) == 3
    assert rest["next"] is None
    assert (await client.post(f"/cases/{ids[0]}/close", headers=amy)).json()["state"] == "closed"
    again = await client.post(f"/cases/{ids[0]}/close", headers=amy)
    assert (again.status_code, again.json()["code"]) == (409, "case-state")
