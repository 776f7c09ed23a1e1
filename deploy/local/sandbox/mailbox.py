"""The mail server of the sandbox: takes every mail, shows it, and writes the delivery reports that were asked for."""

from __future__ import annotations

import asyncio
import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from random import Random
from typing import Any

import aiosmtplib
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.sandbox.faults import Faults, MailFault
from deploy.local.sandbox.inbox import Inbox, Received
from deploy.local.sandbox.reports import report
from services.notify.receiver.quiet import silence
from shared.kernel import clock

log = structlog.get_logger(__name__)
silence("mail.log")

_DSN_MAIL = re.compile(r"\s(?:RET=(?:FULL|HDRS)|ENVID=(?P<envid>\S+))", re.I)
_DSN_RCPT = re.compile(r"\s(?:NOTIFY=(?P<notify>\S+)|ORCPT=\S+)", re.I)
_REPORTS = 50_000
"""Reports that may wait to be delivered at once; beyond, none is written."""


class _DsnSmtp(SMTP):  # type: ignore[misc]
    """Stock aiosmtpd refuses RFC 3461's parameters: they are taken off before it looks, and kept on the envelope."""

    cut: bool = False

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        named = [found["envid"] for found in _DSN_MAIL.finditer(arg or "") if found["envid"]]
        await super().smtp_MAIL(_DSN_MAIL.sub("", arg) if arg else arg)
        self.envelope.envid = named[0] if named else ""

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        wishes = [found["notify"].upper() for found in _DSN_RCPT.finditer(arg or "") if found["notify"]]
        await super().smtp_RCPT(_DSN_RCPT.sub("", arg) if arg else arg)
        self.envelope.notify = wishes[0] if wishes else ""

    async def push(self, status: Any) -> None:
        if self.cut:
            self.transport.abort()
            return
        await super().push(status)


class Mailbox:
    """Listens; shows mails; reports to the port where the return path's mail server is."""

    def __init__(self, inbox: Inbox, faults: Faults, reports_to: tuple[str, int] | None, seed: int) -> None:
        self._inbox = inbox
        self._faults = faults
        self._reports_to = reports_to
        self._random = Random(seed)
        self._reporting: set[asyncio.Task[None]] = set()
        self._connections: set[Any] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens; the port, which matters where 0 was asked for."""
        loop = asyncio.get_running_loop()

        def connection() -> _DsnSmtp:
            made = _DsnSmtp(self, enable_SMTPUTF8=True, hostname="sandbox.example", loop=loop)
            self._connections = {each for each in self._connections if each.transport is not None} | {made}
            return made

        self._server = await loop.create_server(connection, host, port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stops listening, ends dialogues, forgets reports that wait."""
        if self._server is None:
            return
        self._server.close()
        for task in self._reporting:
            task.cancel()
        await asyncio.gather(*self._reporting, return_exceptions=True)
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.abort()
        await self._server.wait_closed()

    async def handle_EHLO(  # noqa: N802
        self, _server: _DsnSmtp, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offers DSN."""
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, _server: _DsnSmtp, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Takes everybody, unless a fault for this recipient says otherwise."""
        envelope.fault = self._faults.next_mail(address)
        refused = _refusal(envelope.fault, "rcpt")
        if refused is not None:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: _DsnSmtp, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Shows the mail and reports on it as asked."""
        fault: MailFault = envelope.fault
        await asyncio.sleep(fault.delay)
        refused = _refusal(fault, "end")
        if refused is not None:
            return refused
        content: Any = envelope.content
        message = BytesParser(_class=EmailMessage, policy=default).parsebytes(content)
        for recipient in envelope.rcpt_tos:
            self._show(message, recipient)
            self._report(envelope, recipient, message, fault)
        server.cut = fault.drop
        return "250 2.0.0 delivered"

    def _show(self, message: EmailMessage, recipient: str) -> None:
        body = message.get_body(preferencelist=("plain", "html"))
        self._inbox.add(
            Received(
                number=self._inbox.next_number(),
                channel="email",
                sender=str(message.get("From", "")),
                recipient=recipient,
                text=str(body.get_content()).replace("\r\n", "\n").rstrip("\n")
                if isinstance(body, EmailMessage)
                else "",
                at=clock.now(),
                reference=str(message.get("Message-ID", "")),
                subject=str(message.get("Subject", "")),
                reply_to=str(message.get("Reply-To", "")),
                in_reply_to=str(message.get("In-Reply-To", "")),
            )
        )

    def _report(self, envelope: Any, recipient: str, message: EmailMessage, fault: MailFault) -> None:
        failed = fault.report == "failed"
        wanted = "FAILURE" if failed else "SUCCESS"
        if self._reports_to is None or fault.report == "none" or wanted not in envelope.notify:
            return
        if not envelope.mail_from or len(self._reporting) >= _REPORTS:
            return
        written = report(to=envelope.mail_from, envid=envelope.envid, recipient=recipient, failed=failed, about=message)
        for _ in range(2 if fault.report == "twice" else 1):
            task = asyncio.create_task(self._deliver(written, envelope.mail_from, self._random.uniform(0.05, 0.5)))
            self._reporting.add(task)
            task.add_done_callback(self._reporting.discard)

    async def _deliver(self, mail: EmailMessage, recipient: str, wait: float) -> None:
        await asyncio.sleep(wait)
        for attempt in range(60):
            if await self.deliver(mail, sender="", recipient=recipient):
                return
            await asyncio.sleep(min(0.2 * 2**attempt, 5.0))
        log.warning("mailbox.gave_up_reporting")

    async def deliver(self, mail: EmailMessage, *, sender: str, recipient: str) -> bool:
        """Sends a mail to the server of the return path, once. True when that took it."""
        if self._reports_to is None:
            return False
        host, port = self._reports_to
        try:
            await aiosmtplib.send(
                mail,
                sender=sender,
                recipients=[recipient],
                hostname=host,
                port=port,
                start_tls=False,
                local_hostname="sandbox.example",
                timeout=30,
            )
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True


def _refusal(fault: MailFault, stage: str) -> str | None:
    if fault.reject is None or fault.stage != stage:
        return None
    return f"{fault.reject} {fault.reject // 100}.7.0 refused by order"
