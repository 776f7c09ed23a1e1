"""The sender and the receiver against a real SMSC and a real mail server."""

from __future__ import annotations

from uuid import uuid4

import pytest

from deploy.local.sandbox.faults import FaultOrder, MailFault, SmsFault
from services.notify.settings import settings
from shared.contracts.events.complaint_assigned import ComplaintAssigned
from tests.store.notify.world import due, email, opened, phone
from tests.wire.notify.world import WiredWorld, until


async def test_a_complaint_is_acknowledged_by_sms_up_to_the_phones_receipt(wired: WiredWorld) -> None:
    """NT-12: the whole way, from the event to delivered."""
    async with wired.running("sender"):
        await wired.tell(opened(await wired.party()))
        await wired.until_states(delivered=1)
    (arrived,) = wired.inbox("sms")
    assert arrived.recipient == phone().value
    assert arrived.text.startswith("【Frontdesk】尊敬的李四，您的投诉已受理，编号T-7")
    assert [len(await wired.told(name)) for name in ("message-sent", "message-delivered")] == [1, 1]
    assert await wired.bench.rows("SELECT count(*) FROM sender_process") == [0]


async def test_a_handler_is_told_by_mail_up_to_the_servers_report(wired: WiredWorld) -> None:
    async with wired.running("sender", "receiver"):
        handler = await wired.staff()
        await wired.tell(
            ComplaintAssigned(ticket_id=uuid4(), number="T-7", handler_id=handler.staff_id, department_id=uuid4())
        )
        await wired.until_states(delivered=1)
    (arrived,) = wired.inbox("email")
    assert arrived.recipient == handler.email
    assert "T-7" in arrived.subject
    assert await wired.bench.rows("SELECT kind FROM inbound") == ["report"]


async def test_a_phone_answers_the_question_it_was_asked(wired: WiredWorld) -> None:
    """NT-21, CB-19."""
    async with wired.running("sender"):
        question = due(await wired.party())
        await wired.tell(question)
        await wired.until_states(delivered=1)
        (asked,) = wired.inbox("sms")
        assert await wired.sandbox.phone_sends(phone().value, asked.sender, "1")
        (reply,) = await wired.told("reply-received")
    assert (reply["subject_id"], reply["text"]) == (str(question.callback_id), "1")


async def test_a_mail_reader_answers_the_question_and_its_answering_machine_is_not_heard(wired: WiredWorld) -> None:
    async with wired.running("sender", "receiver"):
        question = due(await wired.party(email()))
        await wired.tell(question)
        await wired.until_states(delivered=1)
        (asked,) = wired.inbox("email")
        assert await wired.sandbox.person_answers(asked, "Out of office", auto=True)
        assert await wired.told("reply-received") == []
        assert await wired.sandbox.person_answers(asked, "3, too slow")
        (reply,) = await wired.told("reply-received")
    assert reply["subject_id"] == str(question.callback_id)
    assert reply["text"].startswith("3, too slow")


async def test_a_letter_out_of_the_blue_is_taken_in(wired: WiredWorld) -> None:
    async with wired.running("receiver"):
        assert await wired.sandbox.person_writes("new@example.org", "frontdesk@frontdesk.example", "Lifts", "Hello")
    (message,) = await wired.told("channel-message-received")
    assert (message["sender"]["email"], message["subject"], message["address_verified"]) == (
        "new@example.org",
        "Lifts",
        False,
    )


async def test_a_receipt_that_overtakes_the_answer_and_one_that_comes_twice_deliver_once(wired: WiredWorld) -> None:
    wired.sandbox.faults.add(FaultOrder(sms=SmsFault(receipt="early", times=3)))
    wired.sandbox.faults.add(FaultOrder(sms=SmsFault(receipt="twice", receipt_id="decimal", times=3)))
    async with wired.running("sender"):
        for number in ("+8613900000011", "+8613900000012", "+8613900000013"):
            await wired.tell(opened(await wired.party(phone(number))))
        await wired.until_states(delivered=3)
    assert len(await wired.told("message-delivered")) == 3


async def test_an_answer_that_the_smsc_never_acknowledged_is_repeated_once_and_no_more(
    wired: WiredWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_REPEAT_AFTER", "0.2")
    settings.cache_clear()
    wired.sandbox.faults.add(FaultOrder(sms=SmsFault(drop="taken", receipt="none")))
    async with wired.running("sender"):
        await wired.tell(opened(await wired.party(language="en")))
        await wired.until_states(delivered=1)
    rows = await wired.bench.rows("SELECT number, repeat, result FROM attempt ORDER BY number")
    assert rows[0] == (1, False, "unknown")
    assert [row for row in rows if row[1]] == [(rows[-1][0], True, "accepted")]


async def test_a_mail_that_is_refused_for_now_goes_out_later_and_one_refused_for_good_fails(
    wired: WiredWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_RETRY_FIRST", "0.1")
    settings.cache_clear()
    wired.sandbox.faults.add(FaultOrder(mail=MailFault(reject=451, stage="rcpt", recipient="li@example.org")))
    wired.sandbox.faults.add(FaultOrder(mail=MailFault(reject=550, stage="rcpt", recipient="no@example.org")))
    async with wired.running("sender", "receiver"):
        await wired.tell(opened(await wired.party(email())), opened(await wired.party(email("no@example.org"))))
        await wired.until_states(delivered=1, failed_permanent=1)
    assert [mail.recipient for mail in wired.inbox("email")] == ["li@example.org"]


async def test_two_senders_share_the_queue_and_send_nothing_twice(wired: WiredWorld) -> None:
    for number in range(40):
        await wired.tell(opened(await wired.party(phone(f"+86139000010{number:02}"))))
    async with wired.running("sender"), wired.running("sender"):
        await wired.until_states(delivered=40)
    assert len({sms.recipient for sms in wired.inbox("sms")}) == len(wired.inbox("sms")) == 40
    assert len(await wired.bench.rows("SELECT DISTINCT started_by FROM attempt")) == 2


async def test_without_an_smsc_mail_still_goes_and_the_sender_says_why_it_is_not_ready(wired: WiredWorld) -> None:
    async with wired.running("sender", "receiver") as healths:
        await wired.sandbox.smsc.stop()
        await wired.tell(opened(await wired.party(email())))
        await wired.until_states(delivered=1)

        async def unready() -> bool:
            return str(healths["sender"].not_ready).startswith("smsc")

        await until(unready)
