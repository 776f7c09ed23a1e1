"""The listener over real SMTP: replies, reports, machines, sizes, and 250 only for what is stored."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from uuid import uuid4

import aiosmtplib
import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local.sandbox import Sandbox, SandboxSettings
from deploy.local.sandbox.faults import FaultOrder, MailFault
from deploy.local.sandbox.people import letter
from services.notify.providers.result import Accepted, Outbound
from services.notify.providers.smtp import SmtpProvider
from services.notify.receiver.listener import MailReceiver, ReceiverSettings
from services.notify.receiver.mail import InboundMail
from tests.wire.conftest import until
from tests.wire.test_smtp_provider import DOMAIN, GUEST, settings

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)


@dataclass
class Stored:
    """What the handler stored; can be told to fail or to take its time."""

    mails: list[InboundMail] = field(default_factory=list)
    failing: bool = False
    slow: float = 0.0

    async def on_mail(self, mail: InboundMail) -> None:
        await asyncio.sleep(self.slow)
        if self.failing:
            raise ConnectionError("the database is away")
        self.mails.append(mail)


def look_up(name: str, timeout: float) -> bytes | None:
    return b"v=DKIM1; k=rsa; p=" + PUBLIC if name.endswith("._domainkey.example.com") else None


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
async def port(stored: Stored) -> AsyncIterator[int]:
    """A listener with small limits; its port."""
    receiver = MailReceiver(
        ReceiverSettings(
            port=0,
            dkim_timeout=60.0,
            domain=DOMAIN,
            max_size=100_000,
            max_recipients=3,
            store_timeout=120.0,
            max_connections=5,
        ),
        stored.on_mail,
        look_up=look_up,
    )
    yield await receiver.start()
    await receiver.stop(drain=1.0)


async def send(port: int, mail: EmailMessage | bytes, *to: str, sender: str = GUEST) -> None:
    octets = mail if isinstance(mail, bytes) else mail.as_bytes()
    await aiosmtplib.send(
        octets,
        sender=sender,
        recipients=list(to) or [f"reply+Tok3n@{DOMAIN}"],
        hostname="127.0.0.1",
        port=port,
        start_tls=False,
        timeout=120,
        local_hostname="t",
    )


def a_letter(text: str = "我要投诉") -> EmailMessage:
    return letter(sender=f"王小明 <{GUEST}>", recipient=f"reply+Tok3n@{DOMAIN}", subject="Re: 回访", text=text)


async def test_given_a_persons_mail_when_it_comes_then_its_values_are_stored_before_250(
    port: int, stored: Stored
) -> None:
    """IN-01: e-mail is a channel."""
    await send(port, a_letter())
    [mail] = stored.mails
    assert (mail.from_address, mail.token, mail.text) == (GUEST, "Tok3n", "我要投诉")
    assert (mail.auto, mail.bulk, mail.report, mail.dkim_aligned) == (False, False, None, False)


async def test_given_a_handler_that_fails_when_mail_comes_then_451_and_it_may_come_again(
    port: int, stored: Stored
) -> None:
    """Nothing acknowledged is lost: the sending server keeps it."""
    stored.failing = True
    with pytest.raises(aiosmtplib.SMTPDataError) as raised:
        await send(port, a_letter())
    assert raised.value.code == 451
    assert "database" not in raised.value.message
    stored.failing = False
    await send(port, a_letter())
    assert len(stored.mails) == 1


async def test_given_a_handler_that_hangs_when_mail_comes_then_451(stored: Stored) -> None:
    """Whatever waits has an end."""
    stored.slow = 3600
    receiver = MailReceiver(ReceiverSettings(port=0, domain=DOMAIN, store_timeout=0.2), stored.on_mail, look_up=look_up)
    port = await receiver.start()
    with pytest.raises(aiosmtplib.SMTPDataError) as raised:
        await send(port, a_letter())
    assert raised.value.code == 451
    await receiver.stop()


async def test_given_another_domain_when_addressed_then_nothing_is_relayed(port: int, stored: Stored) -> None:
    """No open relay; too many recipients wait for another dialogue."""
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(port, a_letter(), "somebody@elsewhere.example")
    assert refused.value.recipients[0].code == 550
    await send(port, a_letter(), *(f"reply+{n}@{DOMAIN}" for n in range(5)))
    assert [each.token for each in stored.mails] == ["0", "1", "2"]


async def test_given_too_large_a_mail_when_it_comes_then_it_is_refused_and_the_next_is_taken(
    port: int, stored: Stored
) -> None:
    """By its announced size, and by its real one."""
    with pytest.raises(aiosmtplib.SMTPResponseException) as announced:
        await send(port, a_letter("x\n" * 100_000))
    assert announced.value.code == 552
    stream, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"EHLO t\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@%s>\r\nDATA\r\n" % DOMAIN.encode())
    writer.write(b"Subject: x\r\n\r\n" + b"xxxxxxxx\r\n" * 20_000 + b".\r\nQUIT\r\n")
    assert b"\r\n552 " in await stream.read()
    writer.close()
    await send(port, a_letter())
    assert len(stored.mails) == 1


async def test_given_a_bomb_of_parts_when_it_comes_then_it_is_refused_for_good(port: int, stored: Stored) -> None:
    """A sender that gets 451 would bring it again for days."""
    bomb = b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n' + b"--x\r\n\r\na\r\n" * 1000
    with pytest.raises(aiosmtplib.SMTPDataError) as raised:
        await send(port, bomb)
    assert raised.value.code == 554


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\n",
        b"\xff\xfe\x00\r\n" * 100,
        b"EHLO\r\nMAIL\r\nRCPT\r\nDATA\r\n",
        b"EHLO t\r\nMAIL FROM:<>\r\nRCPT TO:<@@@>\r\nRCPT TO:<\xff@frontdesk.example>\r\n",
        b"A" * 100_000 + b"\r\n",
        b"EHLO t\r\nAUTH PLAIN AAAA\r\nSTARTTLS\r\nVRFY x\r\nEXPN x\r\n",
    ],
)
async def test_given_garbage_when_it_comes_then_the_next_dialogue_is_served(
    port: int, stored: Stored, octets: bytes
) -> None:
    """Malicious input never crashes the listener."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    writer.write_eof()
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await send(port, a_letter())
    assert len(stored.mails) == 1


async def test_given_more_dialogues_than_allowed_when_one_more_begins_then_it_is_told_to_come_later(
    port: int, stored: Stored
) -> None:
    """Memory is bounded; places come free."""
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
    for stream, _ in held:
        assert (await stream.readline()).startswith(b"220")
    stream, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await stream.readline()).startswith(b"421")
    for _, each in [*held, (stream, writer)]:
        each.close()
    async with asyncio.timeout(60):
        while not stored.mails:
            with contextlib.suppress(aiosmtplib.SMTPConnectResponseError):
                await send(port, a_letter())


def signed(mail: EmailMessage, domain: bytes, *, length: bool = False) -> bytes:
    octets = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    signature: bytes = dkim.sign(octets, b"s1", domain, PRIVATE, include_headers=[b"from", b"subject"], length=length)
    return signature + octets


async def test_given_a_signature_of_the_senders_domain_when_it_comes_then_it_is_aligned(
    port: int, stored: Stored
) -> None:
    """An e-mail verifies its address only with aligned DKIM (domain.md §2)."""
    await send(port, signed(a_letter(), b"example.com"))
    assert stored.mails[0].dkim_aligned


@pytest.mark.parametrize("how", ["other-domain", "changed", "unknown-key", "cut-short", "garbage"])
async def test_given_a_signature_that_proves_nothing_when_it_comes_then_it_is_not_aligned(
    port: int, stored: Stored, how: str
) -> None:
    """A stranger's signature, changed words, no key, a signature that leaves the end open, garbage."""
    octets = signed(a_letter(), b"example.com", length=how == "cut-short")
    if how == "other-domain":
        octets = signed(a_letter(), b"sub._domainkey.example.com")
    elif how == "changed":
        octets = octets.replace("回访".encode(), b"x").replace(b"Subject: ", b"Subject: x")
    elif how == "unknown-key":
        octets = octets.replace(b"d=example.com", b"d=example.org").replace(GUEST.encode(), b"guest@example.org")
    elif how == "garbage":
        octets = b"DKIM-Signature: v=1; a=\xff; ;;=\r\n" + octets.partition(b"\r\nFrom:")[2]
    await send(port, octets)
    assert not stored.mails[0].dkim_aligned


async def test_given_a_name_server_that_hangs_when_checking_then_the_mail_is_taken_unaligned(stored: Stored) -> None:
    """The look-up is bounded; unverifiable = not aligned."""
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hangs(name: str, timeout: float) -> bytes | None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        return None

    receiver = MailReceiver(ReceiverSettings(port=0, domain=DOMAIN, dkim_timeout=0.1), stored.on_mail, look_up=hangs)
    await send(await receiver.start(), signed(a_letter(), b"example.com"))
    release.set()
    assert not stored.mails[0].dkim_aligned
    await receiver.stop()


@pytest.fixture
async def with_reports(port: int) -> AsyncIterator[tuple[Sandbox, SmtpProvider]]:
    """A mail server that reports to our listener, and a provider that sends through it."""
    sandbox = Sandbox(SandboxSettings(http_port=None, reports_to=("127.0.0.1", port), seed=3))
    await sandbox.start()
    provider = SmtpProvider(settings(sandbox.smtp_port))
    yield sandbox, provider
    await provider.close()
    await sandbox.stop()


def outbound() -> Outbound:
    return Outbound(uuid4(), f"reply+Tok3n@{DOMAIN}", GUEST, "满意吗？", subject="回访")


@pytest.mark.parametrize(
    ("report", "states"), [("normal", ["delivered"]), ("failed", ["failed"]), ("twice", ["delivered"] * 2)]
)
async def test_given_a_mail_of_ours_when_the_server_reports_then_the_report_names_it(
    with_reports: tuple[Sandbox, SmtpProvider], stored: Stored, report: str, states: list[str]
) -> None:
    """RFC 3461, RFC 3464: e-mails become delivered, or bounce."""
    sandbox, provider = with_reports
    sandbox.faults.add(FaultOrder(mail=MailFault(report=report)))  # type: ignore[arg-type]
    message = outbound()

    assert isinstance(await provider.send(message), Accepted)

    await until(lambda: len(stored.mails) == len(states))
    assert [each.report.state for each in stored.mails if each.report] == states
    for mail in stored.mails:
        assert mail.report is not None
        assert (mail.report.message_id, mail.report.recipients) == (message.message_id, (GUEST,))
        assert mail.auto


@pytest.mark.parametrize("auto", [False, True])
async def test_given_a_mail_of_ours_when_its_reader_answers_then_the_answer_is_matched(
    with_reports: tuple[Sandbox, SmtpProvider], stored: Stored, auto: bool
) -> None:
    """Thread by token and In-Reply-To; quoted history is gone; a machine's answer is marked."""
    sandbox, provider = with_reports
    sandbox.faults.add(FaultOrder(mail=MailFault(report="none")))
    message = outbound()
    await provider.send(message)
    [received] = sandbox.inbox.newest(after=0, channel="email", recipient=GUEST, limit=10)

    assert await sandbox.person_answers(received, "满意", auto=auto)

    [mail] = stored.mails
    assert (mail.token, mail.answered, mail.text, mail.auto) == ("Tok3n", (message.message_id,), "满意", auto)
    assert mail.from_address == GUEST
