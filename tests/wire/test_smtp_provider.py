"""Our mail client against the sandbox's mail server, and against servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from deploy.local.sandbox import Sandbox
from deploy.local.sandbox.faults import FaultOrder, MailFault
from services.notify.providers.result import Accepted, Outbound, Rejected, Unknown
from services.notify.providers.smtp import SmtpProvider, SmtpSettings

DOMAIN = "frontdesk.example"
GUEST = "guest@example.com"


def mail(recipient: str = GUEST, **changes: object) -> Outbound:
    values: dict[str, object] = {"text": "您好\n.\n..点\n", "subject": "投诉登记通知"}
    return Outbound(uuid4(), f"reply+Tok3n@{DOMAIN}", recipient, **{**values, **changes})  # type: ignore[arg-type]


def settings(port: int, **changes: object) -> SmtpSettings:
    base = SmtpSettings(
        host="127.0.0.1",
        port=port,
        domain=DOMAIN,
        from_address=f"service@{DOMAIN}",
        from_name="前台",
        connect_timeout=60,
        command_timeout=60,
        data_timeout=60,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def provider(sandbox: Sandbox) -> AsyncIterator[SmtpProvider]:
    made = SmtpProvider(settings(sandbox.smtp_port))
    yield made
    await made.close()


async def test_given_a_notice_when_sent_then_the_mailbox_shows_it_whole(
    sandbox: Sandbox, provider: SmtpProvider
) -> None:
    """NT-01: e-mail in zh-CN, lines of dots included; answers lead back by reply address and Message-ID."""
    message = mail()

    assert await provider.send(message) == Accepted((f"<{message.message_id}@{DOMAIN}>",))

    [received] = sandbox.inbox.newest(after=0, channel="email", recipient=GUEST, limit=10)
    assert (received.subject, received.text) == ("投诉登记通知", "您好\n.\n..点")
    assert received.reply_to == f"reply+Tok3n@{DOMAIN}"
    assert received.reference == f"<{message.message_id}@{DOMAIN}>"
    assert "前台" in received.sender


async def test_given_ascii_lines_of_dots_when_sent_then_none_ends_the_mail_early(
    sandbox: Sandbox, provider: SmtpProvider
) -> None:
    """RFC 5321 §4.5.2; Chinese text is base64 and would not show it."""
    assert isinstance(await provider.send(mail(text="one\n.\n..two\n.three")), Accepted)
    [received] = sandbox.inbox.newest(after=0, channel="email", recipient=GUEST, limit=10)
    assert received.text == "one\n.\n..two\n.three"


async def test_given_many_mails_when_sent_then_one_connection_carries_them(
    sandbox: Sandbox, provider: SmtpProvider
) -> None:
    """A connection per mail would halve the rate."""
    results = await asyncio.gather(*(provider.send(mail()) for _ in range(30)))
    assert all(isinstance(each, Accepted) for each in results)
    assert len(sandbox.mailbox._connections) == 1


@pytest.mark.parametrize("stage", ["rcpt", "end"])
@pytest.mark.parametrize(("reply", "permanent"), [(450, False), (550, True)])
async def test_given_an_error_reply_when_sent_then_it_is_surely_not_taken_and_the_next_goes_through(
    sandbox: Sandbox, provider: SmtpProvider, stage: str, reply: int, permanent: bool
) -> None:
    """4xx: later; 5xx: never. The code holds numbers only."""
    sandbox.faults.add(FaultOrder(mail=MailFault(reject=reply, stage=stage)))  # type: ignore[arg-type]

    assert await provider.send(mail()) == Rejected(f"smtp-{reply}-{reply // 100}.7.0", permanent=permanent)

    assert isinstance(await provider.send(mail()), Accepted)


async def test_given_a_lost_250_when_sent_then_the_result_is_unknown(sandbox: Sandbox, provider: SmtpProvider) -> None:
    """The mail is in the box, and its sender cannot know."""
    sandbox.faults.add(FaultOrder(mail=MailFault(drop=True)))

    assert await provider.send(mail()) == Unknown("link-dropped")

    assert len(sandbox.inbox.newest(after=0, channel="email", recipient=GUEST, limit=10)) == 1
    assert isinstance(await provider.send(mail()), Accepted)


async def test_given_no_answer_to_the_final_dot_when_the_timer_ends_then_the_result_is_unknown(
    sandbox: Sandbox,
) -> None:
    """A server that thinks for too long may still have taken it."""
    provider = SmtpProvider(settings(sandbox.smtp_port, data_timeout=0.2))
    sandbox.faults.add(FaultOrder(mail=MailFault(delay=60)))
    assert await provider.send(mail()) == Unknown("response-timeout")


async def test_given_nobody_listening_when_sent_then_it_is_surely_not_taken() -> None:
    """Connect refused."""
    assert await SmtpProvider(settings(1)).send(mail()) == Rejected("connect-refused", permanent=False)


@pytest.mark.parametrize("recipient", ["no address", "a@b>\r\nRCPT TO:<c@d", "", "a..b@example.com@x"])
async def test_given_an_address_that_does_not_fit_when_sent_then_it_is_refused_for_good(
    provider: SmtpProvider, recipient: str
) -> None:
    """And is in no code."""
    assert await provider.send(mail(recipient)) == Rejected("address-unfit", permanent=True)


async def scripted(answers: dict[str, bytes | None], *, extensions: bytes = b"250 HELP") -> asyncio.Server:
    """A mail server that answers by the command's first word; `.` is the end of the mail; None hangs up."""
    usual: dict[str, bytes | None] = {
        "EHLO": b"250-x\r\n" + extensions,
        "MAIL": b"250 ok",
        "RCPT": b"250 ok",
        "DATA": b"354 go",
        ".": b"250 ok",
        "RSET": b"250 ok",
        "QUIT": b"221 bye",
    }
    usual.update(answers)

    async def serve(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        in_mail = False
        while line := await stream.readline():
            if in_mail and line != b".\r\n":
                continue
            word = "." if in_mail else line.split()[0].decode().upper()
            answer = usual.get(word, b"500 what")
            if answer is None:
                break
            in_mail = word == "DATA" and answer.startswith(b"354")
            writer.write(answer + b"\r\n")
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ({"MAIL": None}, Rejected("smtp-disconnected", permanent=False)),
        ({"RCPT": None}, Rejected("smtp-disconnected", permanent=False)),
        ({"DATA": None}, Rejected("smtp-disconnected", permanent=False)),
        ({".": None}, Unknown("link-dropped")),
        ({".": b"what?"}, Unknown("unreadable-answer")),
        ({"DATA": b"451 4.3.0 not now"}, Rejected("smtp-451-4.3.0", permanent=False)),
        ({"MAIL": b"421 4.3.2 closing"}, Rejected("smtp-421-4.3.2", permanent=False)),
        ({"RCPT": b"550 5.1.1 <guest@example.com> unknown"}, Rejected("smtp-550-5.1.1", permanent=True)),
        ({".": b"554 5.6.0 no"}, Rejected("smtp-554-5.6.0", permanent=True)),
        ({"EHLO": b"554 no", "HELO": b"554 no"}, Rejected("connect-554", permanent=False)),
    ],
)
async def test_given_a_server_that_breaks_off_when_sent_then_doubt_begins_only_with_the_mail_itself(
    answers: dict[str, bytes | None], result: object
) -> None:
    """Unknown from the first byte of the mail to the answer to its end; Rejected everywhere else."""
    server = await scripted(answers)
    provider = SmtpProvider(settings(server.sockets[0].getsockname()[1]))
    assert await provider.send(mail()) == result
    await provider.close()
    server.close()


async def test_given_an_idle_connection_that_the_server_closed_when_sent_then_a_fresh_one_takes_the_mail() -> None:
    """Nothing had left, so trying again cannot double anything."""
    left = asyncio.Event()

    async def hangs_up_once(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = not left.is_set()
        left.set()
        mails = 0
        writer.write(b"220 x\r\n")
        while line := await stream.readline():
            if line.startswith(b"MAIL"):
                mails += 1
                if first and mails == 2:
                    break
            if line.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                await stream.readuntil(b"\r\n.\r\n")
            writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(hangs_up_once, "127.0.0.1", 0)
    provider = SmtpProvider(settings(server.sockets[0].getsockname()[1]))
    assert isinstance(await provider.send(mail()), Accepted)
    assert isinstance(await provider.send(mail()), Accepted)
    await provider.close()
    server.close()


async def test_given_no_dsn_offered_when_sent_then_no_parameters_are() -> None:
    """A plain server refuses what it did not offer."""
    seen: list[bytes] = []

    async def plain(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        while line := await stream.readline():
            seen.append(line)
            if line.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                await stream.readuntil(b"\r\n.\r\n")
            writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    provider = SmtpProvider(settings(server.sockets[0].getsockname()[1]))
    message = mail()
    assert isinstance(await provider.send(message), Accepted)
    assert f"MAIL FROM:<bounce+{message.message_id.hex}@{DOMAIN}>\r\n".encode() in seen
    assert f"RCPT TO:<{GUEST}>\r\n".encode() in seen
    await provider.close()
    server.close()
