"""The SMTP listener: takes mail for our domain, and says 250 only after the handler has stored it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notify.receiver.alignment import Alignment, LookUp, look_up_dns
from services.notify.receiver.mail import OnMail
from services.notify.receiver.parsing import TooComplex, parse, read
from services.notify.receiver.quiet import silence
from shared.kernel import clock

log = structlog.get_logger(__name__)

silence("mail.log")
silence("mail.debug")


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Where to listen and what to take; times in seconds, sizes in octets."""

    port: int
    domain: str
    """Ours; mail for any other is refused, so that nobody relays through us."""
    host: str = "127.0.0.1"
    max_size: int = 10 * 1024 * 1024
    max_recipients: int = 10
    max_connections: int = 100
    idle_timeout: float = 60.0
    store_timeout: float = 30.0
    tls: ssl.SSLContext | None = None
    """Offers STARTTLS where given."""
    dkim_timeout: float = 5.0


class _Smtp(SMTP):  # type: ignore[misc]
    line_length_limit = 8192
    """More than RFC 5321 asks for: some senders do not fold, and a person's words should not be lost for it."""

    open: set[_Smtp]

    def connection_lost(self, error: Exception | None) -> None:
        self.open.discard(self)
        super().connection_lost(error)


class _Busy(asyncio.Protocol):
    """Tells one caller too many to come back later."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 too many connections\r\n")
            transport.close()


class MailReceiver:
    """`start`, then mail comes to the handler, then `stop`."""

    def __init__(self, settings: ReceiverSettings, on_mail: OnMail, *, look_up: LookUp = look_up_dns) -> None:
        self._settings = settings
        self._on_mail = on_mail
        self._alignment = Alignment(look_up, timeout=settings.dkim_timeout)
        self._server: asyncio.Server | None = None
        self._connections: set[_Smtp] = set()
        self._storing = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> int:
        """Listens; the port, which matters where 0 was asked for. Raises OSError when the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, self._settings.host, self._settings.port
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self, *, drain: float = 10.0) -> None:
        """Stops listening, lets what is being stored finish for up to `drain` seconds, then ends every dialogue."""
        if self._server is None:
            return
        self._server.close()
        try:
            async with asyncio.timeout(drain):
                await self._idle.wait()
        except TimeoutError:
            log.warning("receiver.drain_timeout", storing=self._storing)
        for connection in list(self._connections):
            if connection.transport is not None:
                connection.transport.close()
        await self._server.wait_closed()

    def _connection(self) -> _Smtp | _Busy:
        settings = self._settings
        if len(self._connections) >= settings.max_connections:
            return _Busy()
        connection = _Smtp(
            self,
            data_size_limit=settings.max_size,
            enable_SMTPUTF8=True,
            hostname=settings.domain,
            ident="Frontdesk",
            timeout=settings.idle_timeout,
            tls_context=settings.tls,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        connection.open = self._connections
        self._connections.add(connection)
        return connection

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, _server: _Smtp, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only our own domain, and few at once."""
        if address.rpartition("@")[2].lower() != self._settings.domain.lower():
            return "550 5.7.1 not our domain"
        if len(envelope.rcpt_tos) >= self._settings.max_recipients:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: _Smtp, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """250 after every recipient's copy is stored; 451 after any failure, and the sender brings it again."""
        self._storing += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(self._settings.store_timeout):
                return await self._take(envelope)
        except TimeoutError:
            log.warning("receiver.store_timeout")
            return "451 4.3.0 try again later"
        except Exception as error:  # noqa: BLE001 - the sender keeps the mail, so nothing is lost; no values in the log
            log.warning("receiver.store_failed", error=type(error).__name__)
            return "451 4.3.0 try again later"
        finally:
            self._storing -= 1
            if self._storing == 0:
                self._idle.set()

    async def handle_exception(self, error: Exception) -> str:
        """What the protocol itself trips over, without its text, which may hold addresses."""
        log.warning("receiver.protocol_error", error=type(error).__name__)
        return "451 4.3.0 local error"

    async def _take(self, envelope: Envelope) -> str:
        octets: Any = envelope.content
        sender = "" if envelope.mail_from in (None, "<>") else envelope.mail_from
        try:
            # In a thread: ten hostile megabytes must not hold up everybody else's mail.
            message = await asyncio.to_thread(read, octets)
            aligned = await self._alignment.aligned(octets, message)
            mails = [
                await asyncio.to_thread(parse, message, sender, recipient, clock.now(), dkim_aligned=aligned)
                for recipient in envelope.rcpt_tos
            ]
        except TooComplex:
            return "554 5.6.0 cannot be read"
        for mail in mails:
            await self._on_mail(mail)
        return "250 2.0.0 stored"
