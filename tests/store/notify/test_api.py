"""Messages and threads over HTTP: addresses masked, texts only for who may read them, and that recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from services.notify.providers.result import Accepted
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.kernel import clock
from shared.security.tokens import new_signing_key, sign
from shared.web.app import create_app
from tests.store.notify.world import World, due, email, opened, phone

CARE = UUID(int=7)


class Desk:
    """HTTP as members of staff send it."""

    def __init__(self, world: World, client: httpx.AsyncClient) -> None:
        self.world = world
        self.client = client
        self.key = new_signing_key()

    async def get(self, path: str, *roles: str, **query: object) -> httpx.Response:
        """What a new member of staff with these roles sees."""
        until = clock.now() + timedelta(days=1)
        if not await self.world.bench.rows("SELECT 1 FROM copy WHERE topic = 'signing-keys'"):
            await self.world.tell(
                SigningKeyPublished(key_id=self.key.key_id, public_key=self.key.public_key, not_after=until),
                DepartmentChanged(department_id=CARE, code="care", name="Customer care"),
            )
        member = await self.world.staff(roles=roles)
        token = sign(member.staff_id, self.key, clock.now()).token
        return await self.client.get(path, params=query, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    app = create_app(world.bench.service, world.bench.database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify") as client:
        yield Desk(world, client)


async def test_a_message_is_shown_without_its_text_and_with_its_address_masked(desk: Desk) -> None:
    party = await desk.world.party()
    complaint = opened(party)
    await desk.world.tell(complaint)
    (call,) = await desk.world.claim()
    await desk.world.answer(call, Accepted(("a1",)))
    listed = await desk.get("/messages", "operator", subject_id=complaint.ticket_id)
    shown = await desk.get(f"/messages/{call.outbound.message_id}", "operator")
    assert (listed.status_code, shown.status_code) == (200, 200)
    (item,) = listed.json()["items"]
    assert (item["purpose"], item["state"], item["address"]) == ("complaint-acknowledged", "submitted", "+86****01")
    assert [attempt["result"] for attempt in shown.json()["tries"]] == ["accepted"]
    assert shown.json()["text"] is None
    for answer in (listed, shown):
        assert phone().value not in answer.text
        assert "李四" not in answer.text


async def test_who_may_read_texts_reads_them_and_that_is_recorded(desk: Desk) -> None:
    await desk.world.tell(opened(await desk.world.party()))
    (message_id,) = await desk.world.bench.rows("SELECT id FROM message")
    shown = await desk.get(f"/messages/{message_id}", "supervisor")
    assert "T-7" in shown.json()["text"]
    assert await desk.world.bench.rows("SELECT action, subject_id FROM audit") == [
        ("message.text-read", str(message_id))
    ]


async def test_messages_are_filtered_and_paged(desk: Desk) -> None:
    for address in (phone(), email(), phone("+8613900000002")):
        await desk.world.tell(opened(await desk.world.party(address)))
    by_sms = await desk.get("/messages", "operator", channel="sms")
    assert {item["channel"] for item in by_sms.json()["items"]} == {"sms"}
    first = (await desk.get("/messages", "operator", limit=2)).json()
    rest = (await desk.get("/messages", "operator", limit=2, before=first["next"])).json()
    assert [len(first["items"]), len(rest["items"])] == [2, 1]
    assert rest["next"] is None
    assert (await desk.get("/messages", "operator", state="nonsense")).status_code == 422


async def test_open_questions_are_shown(desk: Desk) -> None:
    question = due(await desk.world.party())
    await desk.world.tell(question)
    await desk.world.claim()
    (thread,) = (await desk.get("/threads", "operator")).json()["items"]
    assert (thread["subject_kind"], thread["subject_id"]) == ("callback", str(question.callback_id))
    await desk.world.bench.rows("UPDATE thread SET closed_at = now()")
    assert (await desk.get("/threads", "operator")).json()["items"] == []
    assert len((await desk.get("/threads", "operator", open_only=False)).json()["items"]) == 1


async def test_only_who_may_see_messages_sees_them(desk: Desk) -> None:
    for path in ("/messages", f"/messages/{uuid4()}", "/threads"):
        assert (await desk.client.get(path)).status_code == 401
        assert (await desk.get(path, "engineer")).status_code == 403
    assert (await desk.get(f"/messages/{uuid4()}", "operator")).status_code == 404
