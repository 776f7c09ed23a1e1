"""Neither our logs nor the libraries' hold a number, an address, a name or a word of a message."""

from __future__ import annotations

import logging
import logging.config

import pytest

from deploy.local.sandbox import Sandbox
from deploy.local.sandbox.faults import FaultOrder, MailFault, SmsFault
from deploy.local.sandbox.people import letter
from deploy.local.sandbox.sandbox import NUMBERS
from services.notify.providers.smpp.link import LinkSettings
from services.notify.providers.smtp import SmtpProvider
from services.notify.receiver.listener import MailReceiver, ReceiverSettings
from tests.wire.conftest import PHONE, Connect, sms
from tests.wire.test_mail_receiver import PRIVATE, Stored, send
from tests.wire.test_smtp_provider import DOMAIN, GUEST, mail, settings


async def test_given_everything_that_can_go_wrong_when_logged_at_debug_then_no_personal_data_is_in_it(
    sandbox: Sandbox, connect: Connect, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requirement of the order: no personal data in logs and error texts."""
    # As uvicorn does at its start: this switches every logger that exists on again.
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    caplog.set_level(logging.DEBUG)
    results: list[object] = []
    phone, post, stored = (
        await connect(link=LinkSettings(response_timeout=2.0)),
        SmtpProvider(settings(sandbox.smtp_port)),
        Stored(),
    )
    for sms_fault in (SmsFault(), SmsFault(reject=0x0B), SmsFault(drop="taken"), SmsFault(silent=True)):
        sandbox.faults.add(FaultOrder(sms=sms_fault))
        results.append(await phone.send(sms("小秘密", PHONE)))
    results.append(await phone.send(sms("小秘密", f"{PHONE} 王小明")))
    for mail_fault in (MailFault(), MailFault(reject=550, stage="rcpt"), MailFault(drop=True)):
        sandbox.faults.add(FaultOrder(mail=mail_fault))
        results.append(await post.send(mail(text="小秘密")))
    results.append(await post.send(mail(f"王小明 {GUEST}")))
    await sandbox.phone_sends(PHONE, NUMBERS[0], "小秘密")

    def no_names(name: str, timeout: float) -> bytes | None:
        raise OSError(name)

    receiver = MailReceiver(ReceiverSettings(port=0, domain=DOMAIN), stored.on_mail, look_up=no_names)
    port = await receiver.start()
    for failing in (False, True):
        stored.failing = failing
        written = letter(sender=f"王小明 <{GUEST}>", recipient=f"reply+x@{DOMAIN}", subject="小秘密", text="小秘密")
        written["DKIM-Signature"] = f"v=1; a=rsa-sha256; d=example.com; s={GUEST}; h=from; bh=x; b=x"
        try:
            await send(port, written)
        except Exception as error:  # noqa: BLE001 - whatever the client raises, its text is what counts
            results.append(error)
    await receiver.stop()
    await post.close()

    told = caplog.text + "".join(capsys.readouterr()) + repr(results)
    assert "smpp.bound" in told
    assert "receiver.store_failed" in told
    assert "receiver.dkim_unchecked" in told
    for secret in (PHONE, PHONE[1:], GUEST, "王小明", "小秘密", PRIVATE.decode()[:40], "sandbox1"):
        assert secret not in told, "personal data in a log or an error text"
