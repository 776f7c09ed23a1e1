"""The SMPP provider: keeps one bind alive, submits, and passes on receipts and inbound messages."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import structlog

from services.notify.providers.result import Accepted, OnInbound, OnReceipt, Outbound, Rejected, SendResult, Unknown
from services.notify.providers.segments import split
from services.notify.providers.smpp import status
from services.notify.providers.smpp.assembly import Assembly
from services.notify.providers.smpp.errors import NoAnswer, NotSent
from services.notify.providers.smpp.incoming import Incoming
from services.notify.providers.smpp.link import Link, LinkSettings
from services.notify.providers.smpp.pdu import (
    Bind,
    BindReceiver,
    BindResp,
    BindTransceiver,
    BindTransmitter,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from services.notify.providers.smpp.submission import MAX_SEGMENTS, submissions
from shared.kernel import clock

log = structlog.get_logger(__name__)

Mode = Literal["transceiver", "transmitter", "receiver"]

_BINDS: Mapping[Mode, type[Bind]] = {
    "transceiver": BindTransceiver,
    "transmitter": BindTransmitter,
    "receiver": BindReceiver,
}


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """Where and how to bind; times in seconds."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    mode: Mode = "transceiver"
    tls: ssl.SSLContext | None = None
    link: LinkSettings = field(default_factory=LinkSettings)
    connect_timeout: float = 10.0
    bind_wait: float = 5.0
    """How long a send waits for a bind that is being made, before it is `Rejected("not-bound")`."""
    backoff_first: float = 1.0
    backoff_last: float = 30.0
    throttle_tries: int = 5
    """How often a later segment is tried again while the centre throttles, half a second apart and growing."""
    hold: float = 3.0
    """How long an inbound piece waits for the rest of its message before the centre is asked to bring it again."""


class SmppProvider:
    """One bind to one message centre. `start`, then `send` from any number of tasks, then `close`."""

    channel: Literal["sms"] = "sms"

    def __init__(self, settings: SmppSettings, on_receipt: OnReceipt, on_inbound: OnInbound) -> None:
        self._settings = settings
        self._incoming = Incoming(on_receipt, on_inbound, Assembly(hold=settings.hold))
        self._link: Link | None = None
        self._bound = asyncio.Event()
        self._references = itertools.count(secrets.randbelow(256))
        self._keeping: asyncio.Task[None] | None = None
        self.problem: str | None = "starting"
        """Why there is no bind, as a stable code; None while bound. For readiness and logs."""

    @property
    def bound(self) -> bool:
        """Whether a message could leave now."""
        return self._bound.is_set()

    async def start(self) -> None:
        """Begins to bind and to keep the bind; returns at once. Calling it again changes nothing."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_bound())

    async def send(self, message: Outbound) -> SendResult:
        """Submits all segments. Nothing accepted and an error: Rejected; some accepted and not all: Unknown."""
        segmented = split(f"【{message.signature}】{message.text}" if message.signature else message.text)
        if len(segmented.parts) > MAX_SEGMENTS:
            return Rejected("too-long", permanent=True)
        try:
            pdus = submissions(message, segmented, next(self._references))
        except ValueError:
            return Rejected("address-unfit", permanent=True)
        taken: list[str] = []
        for pdu in pdus:
            result = await self._submit(pdu, patient=bool(taken))
            if isinstance(result, Unknown):
                return Unknown(result.reason, tuple(taken))
            if isinstance(result, Rejected):
                return Unknown("partly-accepted", tuple(taken)) if taken else result
            taken.append(result.provider_id)
        return Accepted(tuple(taken))

    async def close(self) -> None:
        """Unbinds, ends the connection and stops binding again."""
        keeping, self._keeping = self._keeping, None
        link = self._link
        if link is not None and not link.closed.is_set():
            try:
                await link.ask(Unbind())
            except (NotSent, NoAnswer):
                log.info("smpp.unbind_unanswered")
            link.close()
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _submit(self, pdu: SubmitSm, *, patient: bool) -> SendResult:
        """One segment. A patient submit waits out throttling, since the message's first segments have left."""
        for attempt in range(1, self._settings.throttle_tries + 1):
            result = await self._submit_once(pdu)
            throttled = isinstance(result, Rejected) and not result.permanent
            if not (patient and throttled) or attempt == self._settings.throttle_tries:
                break
            await asyncio.sleep(0.5 * attempt)
        return result

    async def _submit_once(self, pdu: SubmitSm) -> SendResult:
        link = await self._usable_link()
        if link is None:
            return Rejected(self.problem or "not-bound", permanent=False)
        try:
            answer = await link.ask(pdu)
        except NotSent as error:
            return Rejected(error.code, permanent=False)
        except NoAnswer as error:
            return Unknown(error.reason)
        if answer.status != status.OK or not isinstance(answer, SubmitSmResp):
            return Rejected(status.code(answer.status), permanent=answer.status in status.PERMANENT)
        if not answer.message_id:
            # Taken, but nameless: no receipt can ever find it.
            return Unknown("no-message-id")
        return Accepted((answer.message_id,))

    async def _usable_link(self) -> Link | None:
        """The bound link, waiting a little for one that is being made."""
        try:
            async with asyncio.timeout(self._settings.bind_wait):
                while True:
                    await self._bound.wait()
                    if self._link is not None and not self._link.closed.is_set():
                        return self._link
                    # Just closed, and its keeper has not noticed yet.
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return None

    async def _keep_bound(self) -> None:
        delay = self._settings.backoff_first
        while True:
            started = clock.monotonic()
            try:
                await self._one_bind()
            except TimeoutError:
                self._lost("connect-timeout")
            except OSError:
                self._lost("connect-refused")
            if clock.monotonic() - started > self._settings.backoff_last:
                delay = self._settings.backoff_first
            log.warning("smpp.not_bound", problem=self.problem, again_in_seconds=delay)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, self._settings.backoff_last)

    async def _one_bind(self) -> None:
        """Connects, binds, and returns when the link has ended."""
        settings = self._settings
        async with asyncio.timeout(settings.connect_timeout):
            stream, writer = await asyncio.open_connection(settings.host, settings.port, ssl=settings.tls)
        link = self._link = Link(stream, writer, self._incoming.answer, settings.link)
        running = asyncio.create_task(link.run())
        try:
            problem = await self._bind(link)
            if problem is not None:
                self._lost(problem)
                return
            self.problem = None
            self._bound.set()
            log.info("smpp.bound", mode=settings.mode)
            await running
            self._lost("link-dropped")
        finally:
            self._bound.clear()
            link.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _bind(self, link: Link) -> str | None:
        """Asks for the bind; the problem where it is not given."""
        settings = self._settings
        request = _BINDS[settings.mode](
            system_id=settings.system_id, password=settings.password, system_type=settings.system_type
        )
        try:
            answer = await link.ask(request)
        except NotSent as error:
            return error.code
        except NoAnswer as error:
            return f"bind-{error.reason}"
        if answer.status != status.OK or not isinstance(answer, BindResp):
            return f"bind-0x{answer.status:08x}"
        return None

    def _lost(self, problem: str) -> None:
        self._bound.clear()
        self.problem = problem
