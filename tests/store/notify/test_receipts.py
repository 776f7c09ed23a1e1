"""Receipts: early, late, twice, in another spelling, and one per segment."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.notify.providers.result import Accepted
from services.notify.receipts import store
from services.notify.receiver.mail import DeliveryReport, ReportState
from shared.kernel import clock
from shared.store.cause import Cause
from tests.store.notify.world import World, email, opened, phone


async def test_a_receipt_delivers_its_message_once(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("0000002A",)))
    for _ in range(2):
        await world.receipt("0000002a")
    assert (await world.message())["state"] == "delivered"
    assert len(await world.told("message-delivered")) == 1


async def test_a_receipt_that_overtakes_the_answer_waits_for_it(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.receipt("a1")
    assert (await world.message())["state"] == "sending"
    await world.answer(call, Accepted(("a1",)))
    assert (await world.message())["state"] == "delivered"
    assert await world.bench.rows("SELECT message_id FROM receipt") == [call.outbound.message_id]
    assert [len(await world.told(name)) for name in ("message-sent", "message-delivered")] == [1, 1]


async def test_a_receipt_may_spell_the_id_in_decimal_where_the_recipient_agrees(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("2a",)))
    await world.receipt("42")
    await world.receipt("42", about="+8613900000999")
    assert (await world.message())["state"] == "submitted"
    await world.receipt("42", about=phone().value)
    assert (await world.message())["state"] == "delivered"


async def test_an_early_receipt_in_another_spelling_finds_its_message_too(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.receipt("42", about=phone().value)
    await world.answer(call, Accepted(("2A",)))
    assert (await world.message())["state"] == "delivered"


async def test_a_long_message_is_delivered_when_every_segment_is(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("a1", "a2")))
    await world.receipt("a2")
    assert (await world.message())["state"] == "submitted"
    await world.receipt("a1")
    assert (await world.message())["state"] == "delivered"


async def test_one_segment_that_fails_fails_the_message(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("a1", "a2")))
    await world.receipt("a1", "failed", "027")
    assert (await world.message())["state"] == "failed_permanent"
    assert (await world.told("message-failed"))[0]["reason"] == "receipt-027"


async def test_delivered_stays_delivered(world: World) -> None:
    await world.tell(opened(await world.party()))
    (call,) = await world.claim()
    await world.answer(call, Accepted(("a1",)))
    await world.receipt("a1")
    await world.receipt("a1", "failed", "027")
    assert (await world.message())["state"] == "delivered"


async def test_a_receipt_that_finds_nothing_is_forgotten_after_its_week(world: World) -> None:
    await world.receipt("stranger")
    for age, left in ((timedelta(days=7), 1), (timedelta(0), 0)):
        async with world.bench.database.transaction(Cause("test")) as uow:
            await store.forget_unmatched(uow, clock.now() - age)
        assert await world.bench.rows("SELECT count(*) FROM receipt") == [left]


@pytest.mark.parametrize(
    ("said", "state"),
    [("delivered", "delivered"), ("relayed", "submitted"), ("delayed", "submitted"), ("failed", "failed_permanent")],
)
async def test_a_mail_servers_report_is_evidence(world: World, said: ReportState, state: str) -> None:
    await world.tell(opened(await world.party(email())))
    (call,) = await world.claim()
    await world.answer(call, Accepted((f"<{call.outbound.message_id}@frontdesk.example>",)))
    kind = await world.mail(report=_report(call.outbound.message_id, said), auto=True)
    assert kind == ("bounce" if said == "failed" else "report")
    assert (await world.message())["state"] == state


async def test_a_report_that_overtakes_the_answer_counts(world: World) -> None:
    await world.tell(opened(await world.party(email())))
    (call,) = await world.claim()
    await world.mail(report=_report(call.outbound.message_id, "delivered"), auto=True)
    assert (await world.message())["state"] == "delivered"
    await world.answer(call, Accepted(("x",)))
    assert (await world.message())["state"] == "delivered"


async def test_a_report_about_nothing_of_ours_changes_nothing(world: World) -> None:
    assert await world.mail(report=_report(uuid4(), "failed"), auto=True) == "bounce"
    assert await world.bench.rows("SELECT count(*) FROM outbox") == [0]


def _report(message_id: UUID, state: ReportState) -> DeliveryReport:
    return DeliveryReport(message_id, state, state == "failed", "5.1.1" if state == "failed" else "", ())
