"""The sandbox as people and scripts use it: over HTTP, and as a process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.sandbox import Sandbox, SandboxSettings
from deploy.local.sandbox.inbox import Inbox, Received
from deploy.local.sandbox.sandbox import NUMBERS
from services.notify.providers.result import Accepted, Rejected
from services.notify.providers.smpp.provider import SmppProvider
from services.notify.providers.smtp import SmtpProvider
from shared.kernel import clock
from tests.wire.conftest import PHONE, Heard, smpp_settings, sms, until
from tests.wire.test_smtp_provider import GUEST, mail, settings


@pytest.fixture
async def with_http() -> AsyncIterator[tuple[Sandbox, httpx.AsyncClient]]:
    running = Sandbox(SandboxSettings())
    await running.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.http_port}", timeout=20) as client:
        yield running, client
    await running.stop()


async def test_given_messages_of_both_channels_when_asked_then_the_inbox_shows_them(
    with_http: tuple[Sandbox, httpx.AsyncClient], heard: Heard
) -> None:
    """What phone and mailbox received, newest asked for by number; a phone answers; a fault is ordered."""
    sandbox, client = with_http
    phone = SmppProvider(smpp_settings(sandbox.smsc_port), heard.on_receipt, heard.on_inbound)
    post = SmtpProvider(settings(sandbox.smtp_port))
    await phone.start()
    taken = await phone.send(sms("验证"))
    assert isinstance(taken, Accepted)
    await post.send(mail())

    shown = (await client.get("/messages")).json()
    assert [(each["channel"], each["to"]) for each in shown] == [("sms", PHONE), ("email", GUEST)]
    assert (shown[0]["from"], shown[0]["text"], shown[0]["reference"]) == (NUMBERS[0], "验证", taken.provider_id)
    later = (await client.get("/messages", params={"after": shown[0]["number"], "channel": "email"})).json()
    assert [each["number"] for each in later] == [shown[1]["number"]]
    assert (await client.get("/messages", params={"to": PHONE})).json() == shown[:1]
    assert (await client.get("/health")).json() == {"ready": True, "smpp_binds": 1, "numbers": list(NUMBERS)}

    answered = await client.post("/reply/sms", json={"from": PHONE, "to": NUMBERS[0], "text": "满意"})
    assert answered.json() == {"taken": True}
    assert [each.text for each in heard.inbound] == ["满意"]

    await client.post("/faults", json={"sms": {"reject": 88}})
    assert await phone.send(sms()) == Rejected("smpp-0x00000058", permanent=False)
    await client.post("/faults", json={"sms": {"reject": 88}})
    await client.delete("/faults")
    assert isinstance(await phone.send(sms()), Accepted)
    await client.post("/faults/drop-links")
    await until(lambda: not phone.bound)
    await phone.close()
    await post.close()


async def test_given_messages_when_the_page_is_opened_then_they_are_on_it_as_text_in_the_readers_language(
    with_http: tuple[Sandbox, httpx.AsyncClient], heard: Heard
) -> None:
    """The address that `frontdesk up` prints. What people wrote never becomes part of the page's own code."""
    sandbox, client = with_http
    empty = (await client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"})).raise_for_status()
    phone = SmppProvider(smpp_settings(sandbox.smsc_port), heard.on_receipt, heard.on_inbound)
    await phone.start()
    for words in ("first", "<script>alert(1)</script>"):
        assert isinstance(await phone.send(sms(words)), Accepted)
    await phone.close()

    page = (await client.get("/", params={"to": f" {PHONE}", "lang": "en"})).raise_for_status()
    other = (await client.get("/", params={"to": "+10000000000"})).raise_for_status()

    assert "尚未收到任何消息" in empty.text
    assert page.text.index("&lt;script&gt;alert(1)") < page.text.index("first"), "the newest comes first"
    assert "<script>alert" not in page.text
    assert f'data-to="{PHONE}"' in page.text
    assert PHONE not in other.text
    assert "Nothing was received." in other.text
    assert "://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/reply/sms", {"from": PHONE, "to": "+10000000000", "text": "x"}, 422),
        ("/reply/sms", {"from": "王小明的电话号码是多少呢", "to": NUMBERS[0], "text": "x"}, 422),
        ("/reply/email", {"reference": "<none@x>", "text": "x"}, 404),
        ("/reply/email", {"text": "x"}, 422),
        ("/faults", {"sms": {"unknown": 1}}, 422),
    ],
)
async def test_given_an_order_that_makes_no_sense_when_posted_then_it_is_refused(
    with_http: tuple[Sandbox, httpx.AsyncClient], path: str, body: dict[str, object], status: int
) -> None:
    """People mistype."""
    _, client = with_http
    assert (await client.post(path, json=body)).status_code == status


def test_given_more_messages_than_kept_when_added_then_the_oldest_go() -> None:
    """Memory is bounded."""
    inbox = Inbox(kept=3)
    for number in range(5):
        inbox.add(
            Received(
                number=inbox.next_number(),
                channel="sms",
                sender=NUMBERS[0],
                recipient=PHONE,
                text=str(number),
                at=clock.now(),
                reference=str(number),
            )
        )
    assert [each.text for each in inbox.newest(after=0, channel=None, recipient=None, limit=10)] == ["2", "3", "4"]
    assert [each.text for each in inbox.newest(after=0, channel=None, recipient=None, limit=2)] == ["3", "4"]
    assert [each.text for each in inbox.newest(after=3, channel=None, recipient=None, limit=1)] == ["3"]
    assert inbox.by_reference("0") is None


async def test_given_the_process_when_terminated_then_it_stops_cleanly_and_a_taken_port_is_one_sentence() -> None:
    """`python -m deploy.local.sandbox`."""
    ports = {f"FRONTDESK_SANDBOX_{name}_PORT": "0" for name in ("SMTP", "SMSC", "HTTP")}
    command = [sys.executable, "-m", "deploy.local.sandbox"]
    pipe = asyncio.subprocess.PIPE
    first = await asyncio.create_subprocess_exec(*command, env={**os.environ, **ports}, stdout=pipe, stderr=pipe)
    assert first.stdout is not None
    line = (await asyncio.wait_for(first.stdout.readline(), 60)).decode()
    assert line.startswith("sandbox ready: SMTP ")

    taken = {**ports, "FRONTDESK_SANDBOX_SMTP_PORT": line.split()[3].rstrip(",")}
    second = await asyncio.create_subprocess_exec(*command, env={**os.environ, **taken}, stdout=pipe, stderr=pipe)
    _, told = await asyncio.wait_for(second.communicate(), 60)
    assert second.returncode == 1
    assert told.decode().startswith("the sandbox cannot listen")
    assert told.decode().count("\n") == 1

    first.send_signal(signal.SIGTERM)
    _, told = await asyncio.wait_for(first.communicate(), 60)
    assert (first.returncode, told.decode()) == (0, "")
