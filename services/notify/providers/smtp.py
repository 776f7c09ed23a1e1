"""The SMTP provider: one connection, kept open, with delivery reports asked for (RFC 5321, RFC 3461)."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.errors import MessageError
from typing import Literal

import aiosmtplib
import structlog

from services.notify.providers.composing import fits, message_id, octets, return_path
from services.notify.providers.result import Accepted, Outbound, Rejected, SendResult, Unknown

log = structlog.get_logger(__name__)

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail goes out and as whom; times in seconds."""

    host: str
    port: int
    domain: str
    """Ours: right side of Message-ID, of the return path and of reply addresses."""
    from_address: str
    from_name: str = ""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    encryption: Literal["none", "starttls", "tls"] = "none"
    tls: ssl.SSLContext | None = None
    connect_timeout: float = 10.0
    command_timeout: float = 30.0
    data_timeout: float = 120.0
    """Until the answer to the final dot; servers think long there (RFC 5321 §4.5.3.2.6 says 10 minutes)."""
    local_hostname: str = "localhost"
    idle: float = 30.0
    """A connection unused for longer is checked with NOOP before a mail is trusted to it."""


_LINK_WAS_DEAD = Rejected("smtp-disconnected", permanent=False)


class _Refused(Exception):
    """The server said no, or was not there, before the mail was its own."""

    def __init__(self, code: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.result = Rejected(code, permanent=permanent)


class SmtpProvider:
    """Sends one mail at a time over one connection; make several for more."""

    channel: Literal["email"] = "email"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None
        self._one = asyncio.Lock()
        self._used = 0.0

    async def send(self, message: Outbound) -> SendResult:
        """Accepted with our Message-ID; Unknown only between the first byte of the mail and the answer to its end."""
        if not fits(message.recipient):
            return Rejected("address-unfit", permanent=True)
        try:
            octets = _transparent(self._octets(message))
        except (ValueError, MessageError):
            return Rejected("address-unfit", permanent=True)
        async with self._one:
            reused = self._client is not None
            result = await self._attempt(message, octets)
            if reused and result == _LINK_WAS_DEAD:
                # The server had hung up on an idle connection; nothing left, so a fresh one may try at once.
                result = await self._attempt(message, octets)
            return result

    async def _attempt(self, message: Outbound, octets: bytes) -> SendResult:
        try:
            client = await self._connected()
            await self._envelope(client, message)
            return await self._content(client, octets, message_id(message, self._settings.domain))
        except _Refused as refused:
            return refused.result
        except BaseException:
            # Cancelled in the middle of a dialogue: the next mail needs a fresh one.
            self._drop()
            raise

    def _octets(self, message: Outbound) -> bytes:
        settings = self._settings
        return octets(message, from_name=settings.from_name, from_address=settings.from_address, domain=settings.domain)

    async def close(self) -> None:
        """QUIT, where there is a connection; never raises for what the server does."""
        async with self._one:
            client, self._client = self._client, None
            if client is None or not client.is_connected:
                return
            try:
                await client.quit(timeout=self._settings.connect_timeout)
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        """The open connection, or a new one; the first command of a mail shows whether an old one still lives."""
        loop = asyncio.get_running_loop()
        client = self._client
        if client is not None and client.is_connected:
            if loop.time() - self._used < self._settings.idle:
                return client
            try:
                await client.noop(timeout=self._settings.connect_timeout)
            except (aiosmtplib.SMTPException, OSError):
                client.close()
            else:
                return client
        self._client = await self._connect()
        return self._client

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            use_tls=settings.encryption == "tls",
            start_tls=settings.encryption == "starttls",
            tls_context=settings.tls,
            local_hostname=settings.local_hostname,
            timeout=settings.connect_timeout,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise _Refused(f"auth-{error.code}", permanent=False) from None
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise _Refused(f"connect-{error.code}", permanent=False) from None
        except aiosmtplib.SMTPTimeoutError:
            client.close()
            raise _Refused("connect-timeout", permanent=False) from None
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            raise _Refused("connect-refused", permanent=False) from None
        log.info("smtp.connected", reports=client.supports_extension("dsn"))
        return client

    async def _envelope(self, client: aiosmtplib.SMTP, message: Outbound) -> None:
        sender = return_path(message, self._settings.domain)
        mail_options: list[str] = []
        rcpt_options: list[str] = []
        encoding = "ascii"
        if not message.recipient.isascii():
            if not client.supports_extension("smtputf8"):
                raise _Refused("address-needs-smtputf8", permanent=True)
            mail_options.append("SMTPUTF8")
            encoding = "utf-8"
        if client.supports_extension("dsn"):
            mail_options += ["RET=HDRS", f"ENVID={message.message_id}"]
            rcpt_options.append("NOTIFY=SUCCESS,FAILURE,DELAY")
            if message.recipient.isascii():
                rcpt_options.append(f"ORCPT=rfc822;{_xtext(message.recipient)}")
        timeout = self._settings.command_timeout
        await self._command(client, lambda: client.mail(sender, options=mail_options, timeout=timeout))
        await self._command(
            client, lambda: client.rcpt(message.recipient, options=rcpt_options, encoding=encoding, timeout=timeout)
        )
        started = await self._command(client, lambda: client.execute_command(b"DATA", timeout=timeout))
        if started.code != 354:
            raise await self._no(client, started.code, started.message)

    async def _command(
        self, client: aiosmtplib.SMTP, command: Callable[[], Awaitable[aiosmtplib.SMTPResponse]]
    ) -> aiosmtplib.SMTPResponse:
        """A command before the mail itself: whatever goes wrong, the mail has not left."""
        try:
            return await command()
        except aiosmtplib.SMTPResponseException as error:
            raise await self._no(client, error.code, error.message) from None
        except aiosmtplib.SMTPTimeoutError:
            self._drop()
            raise _Refused("smtp-timeout", permanent=False) from None
        except (aiosmtplib.SMTPException, OSError):
            self._drop()
            raise _Refused("smtp-disconnected", permanent=False) from None

    async def _content(self, client: aiosmtplib.SMTP, octets: bytes, own_id: str) -> SendResult:
        """The mail and its final dot. `data()` of the library cannot tell a link lost before 354 from one after it."""
        protocol = client.protocol
        if protocol is None:
            raise _Refused("smtp-disconnected", permanent=False)
        try:
            protocol.write(octets)
            answer = await protocol.read_response(timeout=self._settings.data_timeout)
        except aiosmtplib.SMTPTimeoutError:
            self._drop()
            return Unknown("response-timeout")
        except aiosmtplib.SMTPResponseException:
            self._drop()
            return Unknown("unreadable-answer")
        except (aiosmtplib.SMTPException, OSError):
            self._drop()
            return Unknown("link-dropped")
        self._used = asyncio.get_running_loop().time()
        if answer.code == 250:
            return Accepted((own_id,))
        if not 400 <= answer.code <= 599:
            self._drop()
            return Unknown("unreadable-answer")
        return Rejected(_code(answer.code, answer.message), permanent=answer.code >= 500)

    async def _no(self, client: aiosmtplib.SMTP, code: int, text: str) -> _Refused:
        """An error answer as a result; the dialogue is put back to its start for the next mail."""
        if code == 421 or not client.is_connected:
            self._drop()
        else:
            try:
                await client.rset(timeout=self._settings.command_timeout)
            except (aiosmtplib.SMTPException, OSError):
                self._drop()
        return _Refused(_code(code, text), permanent=500 <= code <= 599)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _code(code: int, text: str) -> str:
    """`smtp-550-5.1.1`: the reply and enhanced codes, never the server's words, which may repeat the address."""
    enhanced = _ENHANCED.match(text)
    return f"smtp-{code}-{enhanced[1]}" if enhanced else f"smtp-{code}"


def _xtext(text: str) -> str:
    """RFC 3461 §4."""
    return "".join(
        character if "!" <= character <= "~" and character not in "+=" else f"+{ord(character):02X}"
        for character in text
    )


def _transparent(octets: bytes) -> bytes:
    """As it goes over the wire: CRLF line ends, doubled leading dots, the final dot (RFC 5321 §4.5.2)."""
    lines = _LINE_END.sub(b"\r\n", octets)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return _LEADING_DOT.sub(b"..", lines) + b".\r\n"
