"""The callbacks' routes over the real app and database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel import clock
from shared.security.tokens import new_signing_key, sign
from shared.web.app import create_app
from tests.store.callbacks.world import EMAIL, PHONE, World, departed, failed, reply, resolved

CARE = UUID(int=7)


class Desk:
    """HTTP as members of staff send it."""

    def __init__(self, world: World, client: httpx.AsyncClient) -> None:
        self.world = world
        self.client = client
        self.key = new_signing_key()

    async def open(self) -> None:
        """Key and department become known."""
        until = clock.now() + timedelta(days=1)
        await self.world.tell(
            SigningKeyPublished(key_id=self.key.key_id, public_key=self.key.public_key, not_after=until),
            DepartmentChanged(department_id=CARE, code="care", name="Customer care"),
        )

    async def hire(self, *roles: str) -> UUID:
        """A new member of staff."""
        staff_id = uuid4()
        await self.world.tell(
            StaffChanged(staff_id=staff_id, name="Wu", email="wu@example.org", department_id=CARE, roles=roles)
        )
        return staff_id

    def headers(self, staff_id: UUID, **more: str) -> dict[str, str]:
        """A token of that member of staff."""
        token = sign(staff_id, self.key, clock.now()).token
        return {"Authorization": f"Bearer {token}", "Accept-Language": "en", **more}

    async def post(self, by: UUID, callback_id: str, command: str, **body: object) -> httpx.Response:
        """A command of that member of staff."""
        path = f"/callbacks/{callback_id}/{command}"
        return await self.client.post(path, json=body, headers=self.headers(by))

    async def get(self, by: UUID, path: str = "", **query: object) -> httpx.Response:
        """What that member of staff sees."""
        return await self.client.get(f"/callbacks{path}", params=query, headers=self.headers(by))

    async def call_due(self, **changes: object) -> tuple[PartyChanged, str]:
        """A major complaint whose call is due: the party and the callback's id."""
        known = await self.world.party(PHONE, EMAIL)
        event = resolved(known, major=True, **changes)
        await self.world.tell(event)
        await self.world.let_time_pass()
        return known, str((await self.world.callback(event.ticket_id))["id"])


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    app = create_app(world.bench.service, world.bench.database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://callbacks") as client:
        made = Desk(world, client)
        await made.open()
        yield made


async def test_a_call_is_made_and_its_answer_recorded(desk: Desk) -> None:
    """CB-02, CB-16."""
    agent = await desk.hire("callback-agent")
    _, callback_id = await desk.call_due()

    shown = (await desk.get(agent, f"/{callback_id}")).json()
    reached = await desk.post(agent, callback_id, "attempt", result="reached")
    done = await desk.post(agent, callback_id, "complete", outcome="neutral", words="还行", contact_wanted=True)

    assert shown["contact"]["phones"] == [PHONE.value]
    assert shown["script"] == "complaint-satisfaction"
    assert (reached.status_code, reached.json()["state"]) == (200, "in_progress")
    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (200, "completed", "neutral")
    (told,) = await desk.world.told("callback-completed")
    assert (told["outcome"], told["contact_wanted"]) == ("neutral", True)
    after = (await desk.get(agent, f"/{callback_id}")).json()
    assert [(one["number"], one["result"], one["by"]) for one in after["attempts"]] == [(1, "asked", str(agent))]
    assert after["contact"] is None
    answers = (await desk.get(agent, f"/{callback_id}/answers")).json()["items"]
    assert [(one["words"], one["channel"], one["by"]) for one in answers] == [("还行", "person", str(agent))]
    assert await desk.world.notes() == ["contact-read", "callback-attempted", "callback-completed", "answers-read"]


async def test_three_calls_that_reach_nobody_end_the_callback(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    _, callback_id = await desk.call_due()
    states = []
    for _ in range(3):
        states.append((await desk.post(agent, callback_id, "attempt", result="unreached")).json()["state"])
        await desk.world.let_time_pass()

    assert states == ["unreached", "unreached", "given_up"]
    assert [told["attempt"] for told in await desk.world.told("callback-due")] == [1, 2, 3]
    assert [told["result"] for told in await desk.world.told("callback-attempted")] == ["unreached"] * 3
    assert [told["reason"] for told in await desk.world.told("callback-given-up")] == ["no-contact"]


async def test_an_unclear_answer_is_found_and_completed_by_a_person(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    known = await desk.world.party()
    event = resolved(known)
    await desk.world.tell(event)
    due = await desk.world.asked(event.ticket_id, known)
    await desk.world.tell(reply(due, known, "师傅说下周再来"))

    waiting = (await desk.get(agent, needs_person=True)).json()["items"]
    done = await desk.post(agent, waiting[0]["callback_id"], "complete", outcome="dissatisfied", words="还没修好")

    assert [one["callback_id"] for one in waiting] == [due["callback_id"]]
    assert done.json()["needs_person"] is False
    assert (await desk.get(agent, needs_person=True)).json()["items"] == []
    assert await desk.world.told("channel-message-received") == []


async def test_a_late_failure_of_the_message_does_not_end_the_call_that_followed_it(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    known = await desk.world.party()
    event = resolved(known)
    await desk.world.tell(event)
    due = await desk.world.asked(event.ticket_id, known)
    (message_id,) = await desk.world.bench.rows("SELECT message_id FROM attempt")
    await desk.world.tell(reply(due, known, "师傅说下周再来"))
    await desk.post(agent, due["callback_id"], "attempt", result="unreached")
    await desk.world.let_time_pass()

    await desk.world.tell(failed(due, known, message_id))

    assert await desk.world.state(event.ticket_id) == "due"
    assert [told["mode"] for told in await desk.world.told("callback-due")] == ["message", "phone"]


async def test_a_dissatisfied_visitor_on_the_phone_becomes_a_complaint_and_must_be_asked_why(desk: Desk) -> None:
    """CB-16, CB-20."""
    agent = await desk.hire("callback-agent")
    known = await desk.world.party()
    event = departed(known)
    await desk.world.tell(event)
    due = await desk.world.asked(event.visit_id, known)

    silent = await desk.post(agent, due["callback_id"], "complete", outcome="dissatisfied")
    done = await desk.post(agent, due["callback_id"], "complete", outcome="dissatisfied", words="等了两个小时")

    assert (silent.status_code, silent.json()["code"], silent.json()["field"]) == (422, "words-missing", "$.words")
    assert done.status_code == 200
    assert [told["text"] for told in await desk.world.told("channel-message-received")] == ["等了两个小时"]


@pytest.mark.parametrize("who", ["handled_by", "accused_ids"])
async def test_who_is_asked_about_neither_calls_nor_sees_whom_to_call(desk: Desk, who: str) -> None:
    """CB-02: the handler; the accused see nothing."""
    person = await desk.hire("callback-agent", "supervisor")
    _, callback_id = await desk.call_due(**{who: person if who == "handled_by" else (person,)})

    for command, body in (
        ("attempt", {"result": "reached"}),
        ("complete", {"outcome": "satisfied"}),
        ("refuse", {}),
        ("give-up", {"reason": "no-contact"}),
    ):
        answer = await desk.post(person, callback_id, command, **body)
        assert (answer.status_code, answer.json()["code"]) == (403, "callback-excluded")
    assert (await desk.get(person, f"/{callback_id}")).json()["contact"] is None
    expected = 200 if who == "handled_by" else 403
    assert (await desk.get(person, f"/{callback_id}/answers")).status_code == expected
    assert (await desk.get(person, f"/{callback_id}")).json()["state"] == "due"


async def test_a_party_that_does_not_want_to_be_asked_is_left_alone(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    _, callback_id = await desk.call_due()

    answer = await desk.post(agent, callback_id, "refuse")

    assert answer.json()["state"] == "refused"
    assert [told["reason"] for told in await desk.world.told("callback-given-up")] == ["refused"]


async def test_a_supervisor_gives_up_and_an_agent_may_not(desk: Desk) -> None:
    agent, supervisor = await desk.hire("callback-agent"), await desk.hire("supervisor")
    _, callback_id = await desk.call_due()

    by_agent = await desk.post(agent, callback_id, "give-up", reason="no-contact")
    by_supervisor = await desk.post(supervisor, callback_id, "give-up", reason="no-contact")

    assert (by_agent.status_code, by_agent.json()["code"]) == (403, "permission-missing")
    assert by_supervisor.json()["state"] == "given_up"


async def test_what_the_machine_forbids_is_a_problem_that_names_what_is_allowed(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    _, callback_id = await desk.call_due()
    await desk.post(agent, callback_id, "complete", outcome="satisfied")

    again = await desk.post(agent, callback_id, "complete", outcome="satisfied")

    assert (again.status_code, again.json()["code"]) == (409, "callback-state")
    assert again.json()["expected"] == "in state completed: answer"
    assert len(await desk.world.told("callback-completed")) == 1


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("attempt", {"result": "asked"}, "$.result"),
        ("attempt", {}, "$.result"),
        ("complete", {"outcome": "happy"}, "$.outcome"),
        ("complete", {"outcome": "neutral", "score": 3}, "$.score"),
        ("give-up", {"reason": "no-answer", "x": 1}, "$.x"),
    ],
)
async def test_a_body_that_does_not_fit_is_a_problem_and_changes_nothing(
    desk: Desk, command: str, body: dict[str, object], field: str
) -> None:
    person = await desk.hire("supervisor")
    _, callback_id = await desk.call_due()

    answer = await desk.post(person, callback_id, command, **body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await desk.get(person, f"/{callback_id}")).json()["state"] == "due"


async def test_callbacks_are_found_by_filters_and_page_by_page(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    known = await desk.world.party()
    tickets = [resolved(known, resolved_at=clock.now() - timedelta(days=n)) for n in (5, 2, 1)]
    visit = departed(known)
    await desk.world.tell(*tickets, visit)

    first = (await desk.get(agent, limit=3)).json()
    second = (await desk.get(agent, limit=3, after=first["next"])).json()

    subjects = [one["subject_id"] for one in first["items"] + second["items"]]
    assert subjects == [str(event.ticket_id) for event in tickets[:2]] + sorted(
        subjects[2:], key=[str(tickets[2].ticket_id), str(visit.visit_id)].index
    )
    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 1, None)
    assert [one["subject_id"] for one in (await desk.get(agent, subject_kind="visit")).json()["items"]] == [
        str(visit.visit_id)
    ]
    assert len((await desk.get(agent, overdue=True)).json()["items"]) == 1
    assert (await desk.get(agent, state="completed")).json() == {"items": [], "next": None}
    assert (await desk.get(agent, limit=201)).status_code == 422
    assert (await desk.get(agent, after=str(uuid4()))).status_code == 404


async def test_nobody_without_token_or_permission_comes_in(desk: Desk) -> None:
    nobody = await desk.hire("reception")
    _, callback_id = await desk.call_due()
    routes = [
        (method, path.replace("{callback_id}", callback_id))
        for path, methods in desk.client._transport.app.openapi()["paths"].items()
        if path.startswith("/callbacks")
        for method in methods
    ]
    assert len(routes) == 7
    for method, path in routes:
        assert (await desk.client.request(method, path, json={})).status_code == 401
        answer = await desk.client.request(method, path, json={}, headers=desk.headers(nobody))
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-missing")


async def test_the_same_idempotency_key_decides_once(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    _, callback_id = await desk.call_due()
    headers = desk.headers(agent, **{"Idempotency-Key": "k-1"})
    path = f"/callbacks/{callback_id}/attempt"

    answers = [await desk.client.post(path, json={"result": "unreached"}, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert len(await desk.world.told("callback-attempted")) == 1


async def test_an_unknown_callback_is_not_found(desk: Desk) -> None:
    agent = await desk.hire("callback-agent")
    unknown = str(uuid4())
    for answer in (
        await desk.get(agent, f"/{unknown}"),
        await desk.get(agent, f"/{unknown}/answers"),
        await desk.post(agent, unknown, "attempt", result="reached"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "callback-not-found")
