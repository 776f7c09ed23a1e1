"""The tickets' routes over the real app and database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from services.complaints.tickets import commands
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.kernel import clock
from shared.security.tokens import new_signing_key, sign
from shared.web.app import create_app
from tests.store.complaints.builders import Company


class Desk:
    """HTTP as members of staff send it."""

    def __init__(self, company: Company, client: httpx.AsyncClient) -> None:
        self.company = company
        self.client = client
        self.key = new_signing_key()

    async def unlock(self) -> None:
        """The key that checks tokens becomes known."""
        until = clock.now() + timedelta(days=1)
        await self.company.arrive(
            SigningKeyPublished(key_id=self.key.key_id, public_key=self.key.public_key, not_after=until)
        )

    def headers(self, name: str, **more: str) -> dict[str, str]:
        """A token of that member of staff."""
        token = sign(self.company.staff[name], self.key, clock.now()).token
        return {"Authorization": f"Bearer {token}", "Accept-Language": "en", **more}

    async def post(
        self, name: str, ticket_id: UUID, command: str, key: str | None = None, **body: object
    ) -> httpx.Response:
        """A command of that member of staff."""
        more = {} if key is None else {"Idempotency-Key": key}
        return await self.client.post(f"/tickets/{ticket_id}/{command}", json=body, headers=self.headers(name, **more))

    async def get(self, name: str, path: str = "", **query: object) -> httpx.Response:
        """What that member of staff sees."""
        return await self.client.get(f"/tickets{path}", params=query, headers=self.headers(name))


@pytest.fixture
async def desk(company: Company) -> AsyncIterator[Desk]:
    app = create_app(company.bench.service, company.bench.database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://complaints") as client:
        made = Desk(company, client)
        await made.unlock()
        yield made


async def test_a_complaint_is_carried_to_its_resolution_over_http(desk: Desk) -> None:
    """CP-01, CP-02, CP-03, CP-15."""
    ticket_id = await desk.company.complaint()
    for command, body, state in (
        ("judge", {"valid": True, "category": "repair", "severity": "major"}, "valid"),
        ("assign", {}, "assigned"),
        ("investigate", {"findings": "the seal is worn"}, "investigating"),
        ("resolve", {"reason": "replaced the seal"}, "resolved"),
    ):
        answer = await desk.post("chen", ticket_id, command, **body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == state
    shown = (await desk.get("chen", f"/{ticket_id}")).json()
    assert (shown["category"], shown["severity"], shown["resolution_no"]) == ("repair", "major", 1)
    assert [one["action"] for one in shown["history"]] == ["opened", "judged", "assigned", "investigated", "resolved"]
    assert [one["kind"] for one in shown["words"]] == ["complaint", "findings", "resolution"]
    assert shown["contact"]["name"] == "Li Na"
    assert shown["contact"]["addresses"] == [{"kind": "phone", "value": "+8613800000001", "wanted": True}]
    assert shown["commands"] == ["close", "reopen"]


async def test_the_same_idempotency_key_decides_once(desk: Desk) -> None:
    ticket_id = await desk.company.complaint()
    first = await desk.post("chen", ticket_id, "judge", key="k1", valid=True)
    second = await desk.post("chen", ticket_id, "judge", key="k1", valid=True)
    assert (second.status_code, second.json()) == (200, first.json())
    assert (await desk.company.told(ticket_id)).count("complaint-judged") == 1
    other_body = await desk.post("chen", ticket_id, "judge", key="k1", valid=False, reason="no")
    assert other_body.status_code == 422


async def test_a_step_that_the_machine_forbids_is_a_problem_that_names_what_is_allowed(desk: Desk) -> None:
    ticket_id = await desk.company.complaint()
    answer = await desk.post("chen", ticket_id, "resolve", reason="done")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "ticket-state")
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["expected"] == "in state registered: assign, judge"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"valid": "perhaps"}, "$.valid"),
        ({"valid": True, "nonsense": 1}, "$.nonsense"),
        ({"valid": True, "severity": "huge"}, "$.severity"),
        ({}, "$.valid"),
    ],
)
async def test_a_body_that_does_not_fit_is_a_problem_and_nothing_is_stored(desk: Desk, body: dict, field: str) -> None:
    ticket_id = await desk.company.complaint()
    answer = await desk.post("chen", ticket_id, "judge", **body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field
    assert (await desk.company.ticket(ticket_id)).version == 1


async def test_who_is_complained_about_sees_neither_contact_nor_words(desk: Desk) -> None:
    """Separation of duties: in the ticket, in the list, in the answers to commands."""
    ticket_id = await desk.company.complaint(text="Sun was rude to me, Li Na")
    answer = await desk.post("chen", ticket_id, "judge", valid=True, accused_ids=[str(desk.company.staff["sun"])])
    assert answer.status_code == 200
    for response in (await desk.get("sun", f"/{ticket_id}"), await desk.get("sun"), answer):
        for secret in ("Li Na", "rude", "+8613800000001", str(desk.company.party)):
            assert secret not in response.text
    shown = (await desk.get("sun", f"/{ticket_id}")).json()
    assert (shown["withheld"], shown["contact"], shown["words"], shown["accused_ids"]) == (True, None, [], [])
    refused = await desk.post("sun", ticket_id, "assign")
    assert (refused.status_code, refused.json()["code"]) == (403, "ticket-accused")


async def test_seeing_who_complained_is_recorded(desk: Desk) -> None:
    ticket_id = await desk.company.complaint()
    await desk.get("qiu", f"/{ticket_id}")
    rows = await desk.company.bench.rows("SELECT actor FROM audit WHERE action = 'contact-read'")
    assert rows == [str(desk.company.staff["qiu"])]


async def test_tickets_are_found_by_state_handler_and_number_and_page_by_page(desk: Desk) -> None:
    company = desk.company
    ids = [await company.complaint() for _ in range(3)]
    await company.do(commands.judge, ids[0], valid=True, by=company.staff["chen"])
    newest = (await desk.get("chen", limit=2)).json()
    assert [one["id"] for one in newest["tickets"]] == [str(ids[2]), str(ids[1])]
    rest = (await desk.get("chen", limit=2, after=newest["next"])).json()
    assert ([one["id"] for one in rest["tickets"]], rest["next"]) == ([str(ids[0])], None)
    valid = (await desk.get("chen", state="valid")).json()["tickets"]
    assert [one["id"] for one in valid] == [str(ids[0])]
    assert [one["kind"] for one in valid[0]["deadlines"]] == ["first-reply", "solution"]
    by_number = (await desk.get("chen", number=valid[0]["number"])).json()["tickets"]
    assert [one["id"] for one in by_number] == [str(ids[0])]
    assert len((await desk.get("chen", handler=company.staff["chen"])).json()["tickets"]) == 3
    assert (await desk.get("chen", handler=uuid4())).json() == {"tickets": [], "next": None}
    assert (await desk.get("chen", limit=101)).status_code == 422


async def test_nobody_without_token_or_permission_comes_in(desk: Desk) -> None:
    ticket_id = await desk.company.complaint()
    await desk.company.hire("bo", "reception")
    routes = [
        (method, path.replace("{ticket_id}", str(ticket_id)))
        for path, methods in desk.client._transport.app.openapi()["paths"].items()
        if path.startswith("/tickets")
        for method in methods
    ]
    assert len(routes) == 9
    for method, path in routes:
        assert (await desk.client.request(method, path, json={})).status_code == 401
        assert (await desk.client.request(method, path, json={}, headers=desk.headers("bo"))).status_code == 403


async def test_an_unknown_ticket_is_not_found(desk: Desk) -> None:
    for response in (await desk.get("chen", f"/{uuid4()}"), await desk.post("chen", uuid4(), "judge", valid=True)):
        assert (response.status_code, response.json()["code"]) == (404, "ticket-not-found")
