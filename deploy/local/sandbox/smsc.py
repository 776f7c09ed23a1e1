"""The message centre: takes binds, submits and receipts' answers over SMPP 3.4, and brings messages from phones."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Coroutine
from random import Random
from typing import Any

import structlog

from deploy.local.sandbox.faults import Faults, SmsFault
from deploy.local.sandbox.phones import Phones
from deploy.local.sandbox.smsc_pdus import phone_message, receipt_for
from deploy.local.sandbox.smsc_session import SmscSession
from services.notify.providers.smpp import status
from services.notify.providers.smpp.addresses import readable
from services.notify.providers.smpp.errors import NoAnswer, NotSent, PduError
from services.notify.providers.smpp.link import LinkSettings
from services.notify.providers.smpp.pdu import DeliverSm, SubmitSm, SubmitSmResp

log = structlog.get_logger(__name__)

_BRINGING = 50_000
"""Receipts and phone messages that may wait for a client at once; beyond, submits are told that the queue is full."""

_BRING_TRIES = 120


class Smsc:
    """One message centre for one account. Receipts go to the bind that submitted, else to any that can take them."""

    def __init__(self, account: tuple[str, str], numbers: frozenset[str], phones: Phones, faults: Faults, seed: int):
        self._account = account
        self._numbers = numbers
        self._phones = phones
        self._faults = faults
        self._random = Random(seed)
        self._sessions: list[SmscSession] = []
        self._bringing: set[asyncio.Task[bool]] = set()
        self._references = itertools.count(1)
        self._serving: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens; the port, which matters where 0 was asked for."""
        self._serving = await asyncio.start_server(self._connected, host, port)
        taken: int = self._serving.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stops listening, cuts every link, forgets what it still wanted to bring."""
        if self._serving is not None:
            self._serving.close()
        for task in self._bringing:
            task.cancel()
        await asyncio.gather(*self._bringing, return_exceptions=True)
        for session in list(self._sessions):
            session.link.close()
        if self._serving is not None:
            await self._serving.wait_closed()

    def drop_links(self) -> None:
        """Cuts every link at once."""
        for session in list(self._sessions):
            session.link.close()

    @property
    def bound(self) -> int:
        """How many clients are bound now."""
        return sum(1 for session in self._sessions if session.mode is not None)

    async def phone_sends(self, sender: str, recipient: str, text: str) -> bool:
        """A phone sends a text to one of our numbers. True once the client has acknowledged every part."""
        parts = phone_message(sender, recipient, text, next(self._references))
        return all(await asyncio.gather(*(self._spawn(self._bring(part, None)) for part in parts)))

    async def _connected(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = SmscSession(stream, writer, self._account, self._submitted, LinkSettings(window=50))
        self._sessions.append(session)
        try:
            await session.run()
        finally:
            self._sessions.remove(session)

    async def _submitted(self, session: SmscSession, pdu: SubmitSm) -> SubmitSmResp | None:
        recipient = readable(pdu.destination, pdu.destination_ton)
        if readable(pdu.source, pdu.source_ton) not in self._numbers:
            return SubmitSmResp(status=status.INVALID_SOURCE)
        if len(self._bringing) >= _BRINGING:
            return SubmitSmResp(status=status.QUEUE_FULL)
        fault = self._faults.next_sms(recipient)
        await asyncio.sleep(fault.delay)
        if fault.reject is not None:
            return SubmitSmResp(status=fault.reject)
        if fault.drop == "lost":
            session.link.close()
            return None
        # Not from the seed: a repeated id would meet the messages that a client remembers of an earlier run.
        provider_id = secrets.token_hex(8)
        try:
            self._phones.receive(pdu, provider_id)
        except PduError:
            return SubmitSmResp(status=status.INVALID_MESSAGE_LENGTH)
        await self._report(session, pdu, provider_id, fault)
        if fault.drop == "taken":
            session.link.close()
            return None
        return None if fault.silent else SubmitSmResp(message_id=provider_id)

    async def _report(self, session: SmscSession, pdu: SubmitSm, provider_id: str, fault: SmsFault) -> None:
        if not pdu.registered_delivery & 1 or fault.receipt == "none":
            return
        receipt = receipt_for(pdu, provider_id, fault)
        if fault.receipt == "early":
            await self._bring(receipt, session)
            return
        wait = self._random.uniform(0.05, 0.5) if fault.receipt_after is None else fault.receipt_after
        for _ in range(2 if fault.receipt == "twice" else 1):
            self._spawn(self._bring(receipt, session, wait))

    async def _bring(self, pdu: DeliverSm, session: SmscSession | None, wait: float = 0.0) -> bool:
        """Brings a PDU to a client until one acknowledges it; False when nobody did for minutes or it was refused."""
        await asyncio.sleep(wait)
        for attempt in range(_BRING_TRIES):
            target = self._receiver(session)
            if target is not None:
                with contextlib.suppress(NotSent, NoAnswer):
                    answer = await target.link.ask(pdu)
                    if answer.status in (status.OK, status.RECEIVER_PERMANENT):
                        return answer.status == status.OK
            await asyncio.sleep(min(0.1 * 2 ** min(attempt, 5), 2.0))
        log.warning("smsc.gave_up_bringing")
        return False

    def _receiver(self, preferred: SmscSession | None) -> SmscSession | None:
        able = [session for session in self._sessions if session.mode in ("transceiver", "receiver")]
        return preferred if preferred in able else next(iter(able), None)

    def _spawn(self, work: Coroutine[Any, Any, bool]) -> asyncio.Task[bool]:
        task = asyncio.create_task(work)
        self._bringing.add(task)
        task.add_done_callback(self._bringing.discard)
        return task
